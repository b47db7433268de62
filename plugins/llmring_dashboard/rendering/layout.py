"""The layout of all pages: the visitor's session, and the rendering of pages, redirects and problems."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from zoneinfo import available_timezones

import falcon
import falcon.asgi
import msgspec

from llmring_dashboard.extensions.collected import Extensions
from llmring_dashboard.extensions.panels import Panels
from llmring_dashboard.rendering.security_headers import build_page_headers
from llmring_dashboard.rendering.templates import Templates
from llmring_dashboard.session.sessions import SESSION_COOKIE, Session, Sessions, create_session, delete_cookie
from llmring_server import __version__
from llmring_server.contracts.projects import ProjectNames
from llmring_server.contracts.serving import KeyStatus
from llmring_server.http.codec import prefers_html
from llmring_server.http.errors import Problem, ProblemDetails
from llmring_server.http.middleware.authentication import CHALLENGE
from llmring_server.http.middleware.authorization import SAFE
from llmring_server.plugins.pages.visit import PATH, Redirect, TemplateResponse, Visit

SIGN_IN = f"{PATH}/sign-in"
# Reloads its own URL: the browser sends the session cookie with a link on our page, but not on another site.
CROSS_SITE_RELOAD = TemplateResponse("cross_site_reload.html")


class NavigationEntry(msgspec.Struct, frozen=True):
    """An entry of the navigation; `is_filtered` if its page takes the filters of calls."""

    name: str
    title: str
    path: str
    is_filtered: bool = False


class Layout:
    """The frame of all pages (`Frame`); `file` returns the URL of a file in `static/`."""

    def __init__(
        self,
        sessions: Sessions,
        standing: KeyStatus,
        projects: ProjectNames | None,
        navigation: Sequence[NavigationEntry],
        file: Callable[[str], str],
        extensions: Extensions,
    ) -> None:
        self.sessions = sessions
        self.navigation = navigation
        self.panels = Panels(extensions.panels, self.render_part)
        self._standing = standing
        self._projects = projects
        self._templates = Templates(
            extensions.templates,
            navigation=navigation,
            version=__version__,
            home=PATH,
            csrf_token=self._create_csrf_token,
            file=file,
            links=extensions.links,
        )

    @cached_property
    def zones(self) -> list[str]:
        """The time zones to choose from, read from the system's files on first use."""
        return list_zone_names()

    async def begin_visit(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> Visit:
        """Load the session and check its key, on every request, and set the headers of a page."""
        if prefers_html(req):
            req.context.show_problem = self.render_problem
        req.context.nonce = secrets.token_urlsafe(16)
        resp.set_headers(build_page_headers(req.context.nonce))
        req.context.visit = visit = await self._load_visit(req, resp)
        return visit

    async def _load_visit(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> Visit:
        session, req.context.session_ended = self.sessions.load(req), False
        if session is None or not session.signed_in:
            req.context.session = session or create_session()
            return Visit(req=req, resp=resp)
        identity = await self._standing.current_identity(session.project_id, session.key_id)
        if identity is None or not identity.may("read"):
            delete_cookie(req, resp, SESSION_COOKIE)
            req.context.session, req.context.session_ended = create_session(), True
            return Visit(req=req, resp=resp)
        req.context.session = session
        req.context.project_id, req.context.key_id = identity.project_id, identity.key_id
        name = (await self._projects.find(identity.project_id)).name if self._projects else None
        return Visit(req=req, resp=resp, identity=identity, project_name=name)

    def is_valid_csrf_token(self, visit: Visit, token: str) -> bool:
        """Whether the token of a form belongs to the session of a visit."""
        return self.sessions.is_valid_csrf_token(session_of(visit), token)

    def redirect_to_sign_in(self, visit: Visit) -> None:
        """Redirect to the sign-in form, and from there back to this page.

        Raises:
            Problem: 401 for a client that is not a browser.
        """
        if not prefers_html(visit.req):
            raise Problem(401, f"Sign in with a project key at {SIGN_IN}.", headers=CHALLENGE)
        if visit.req.method not in SAFE:
            self.respond(visit, Redirect(SIGN_IN, "Sign in first; nothing was changed."))
        elif visit.is_cross_site:
            self.respond(visit, CROSS_SITE_RELOAD)
        else:
            is_ended = visit.req.context.session_ended
            ended = "Your session has ended: its key was revoked or has expired." if is_ended else None
            self.respond(visit, Redirect(f"{SIGN_IN}?{urlencode({'next': visit.url})}", ended))

    def respond(self, visit: Visit, result: TemplateResponse | Redirect | None) -> None:
        """Respond with the result of a view; None means that it has set the response itself."""
        if isinstance(result, TemplateResponse):
            visit.resp.status = falcon.code_to_http_status(result.status)
            self._render(visit, result.template, result.values)
        elif isinstance(result, Redirect):
            if result.message is not None:
                self.sessions.set_message(visit.req, visit.resp, result.message)
            visit.resp.status = falcon.HTTP_303
            visit.resp.location = result.to
            visit.resp.content_type = falcon.MEDIA_HTML

    def render_part(self, visit: Visit, template: str, values: Mapping[str, Any]) -> str:
        """Return a part of a page as HTML."""
        return self._templates.render(template, {"visit": visit, **values})

    def render_problem(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, problem: ProblemDetails) -> None:
        """Respond with a problem as a page."""
        visit: Visit | None = getattr(req.context, "visit", None)
        if visit is None:
            req.context.session = create_session()
            visit = Visit(req=req, resp=resp)
        self._send(visit, "problem.html", {"message": None, "problem": problem})

    def _render(self, visit: Visit, template: str, values: Mapping[str, Any]) -> None:
        """Respond with a page, and with the message stored for it."""
        self._send(visit, template, {"message": self.sessions.pop_message(visit.req, visit.resp), **values})

    def _send(self, visit: Visit, template: str, values: Mapping[str, Any]) -> None:
        """Respond with a page; `kept` are the filters that the navigation keeps."""
        visit.resp.content_type = falcon.MEDIA_HTML
        visit.resp.data = self._templates.render(template, {"visit": visit, "kept": "", **values}).encode()

    def _create_csrf_token(self, visit: Visit) -> str:
        return self.sessions.create_csrf_token(session_of(visit))


def session_of(visit: Visit) -> Session:
    """Return the session of a visit."""
    session: Session = visit.req.context.session
    return session


def list_zone_names() -> list[str]:
    """Return the time zones to choose from: those named after places, and UTC."""
    return sorted(name for name in available_timezones() if "/" in name or name == "UTC")
