"""The layout of all pages: the visitor's session and permissions, and the rendering of pages and problems."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any
from zoneinfo import available_timezones

import falcon
import falcon.asgi
import msgspec

from llmring_dashboard.rendering.templates import Templates
from llmring_dashboard.session.sessions import PATH, SESSION_COOKIE, Session, Sessions, create_session, delete_cookie
from llmring_server import __version__
from llmring_server.contracts import Identity, Scope
from llmring_server.contracts.projects import ProjectNames
from llmring_server.contracts.serving import KeyStatus
from llmring_server.http.errors import ProblemDetails

THEME = "llmring_theme"
THEMES = ("light", "dark")


class NavigationEntry(msgspec.Struct, frozen=True):
    """An entry of the navigation; `is_filtered` if its page takes the filters of calls."""

    name: str
    title: str
    path: str
    is_filtered: bool = False


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A request with the visitor's session, and their identity if the key is valid; `ended` if it no longer is.

    `project_name` is None if the project has no name.
    """

    req: falcon.asgi.Request
    resp: falcon.asgi.Response
    session: Session
    identity: Identity | None = None
    project_name: str | None = None
    ended: bool = False

    @property
    def project_id(self) -> str:
        """The visitor's project; '' if not signed in."""
        return self.identity.project_id if self.identity else ""

    def may(self, scope: Scope) -> bool:
        """Whether the visitor's key has a scope."""
        return self.identity is not None and self.identity.may(scope)

    @property
    def theme(self) -> str:
        """`light` or `dark` if selected; '' for the system theme."""
        theme: str = self.req.cookies.get(THEME, "")
        return theme if theme in THEMES else ""

    @property
    def nonce(self) -> str:
        """The nonce by which the content security policy allows the page's stylesheet."""
        return str(self.req.context.nonce)

    @property
    def url(self) -> str:
        """The path and query of this request."""
        return f"{self.req.path}?{self.req.query_string}" if self.req.query_string else str(self.req.path)

    @property
    def is_cross_site(self) -> bool:
        """Whether a link on another site led here, in which case the browser does not send the session cookie."""
        return self.req.get_header("Sec-Fetch-Site") == "cross-site"

    @property
    def has_body(self) -> bool:
        """Whether the response has a body: HEAD has none, and a stream would never be consumed."""
        return bool(self.req.method != "HEAD")

    def is_within(self, path: str) -> bool:
        """Whether this request is for a path or below it."""
        return bool(self.req.path == path or self.req.path.startswith(path + "/"))


class Layout:
    """Shared by the resources of all pages; `file` returns the URL of a file in `static/`."""

    def __init__(
        self,
        sessions: Sessions,
        standing: KeyStatus,
        projects: ProjectNames | None,
        navigation: Sequence[NavigationEntry],
        file: Callable[[str], str],
    ) -> None:
        self.sessions = sessions
        self.navigation = navigation
        self._standing = standing
        self._projects = projects
        self._templates = Templates(
            navigation=navigation, version=__version__, home=PATH, csrf_token=sessions.create_csrf_token, file=file
        )

    @cached_property
    def zones(self) -> list[str]:
        """The time zones to choose from, read from the system's files on first use."""
        return list_zone_names()

    async def load_visit(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> Visit:
        """Load the session and check its key, on every request."""
        session = self.sessions.load(req)
        if session is None or not session.signed_in:
            return Visit(req=req, resp=resp, session=session or create_session())
        identity = await self._standing.current_identity(session.project_id, session.key_id)
        if identity is None or not identity.may("read"):
            delete_cookie(req, resp, SESSION_COOKIE)
            return Visit(req=req, resp=resp, session=create_session(), ended=True)
        req.context.project_id, req.context.key_id = identity.project_id, identity.key_id
        name = (await self._projects.find(identity.project_id)).name if self._projects else None
        return Visit(req=req, resp=resp, session=session, identity=identity, project_name=name)

    def render(self, visit: Visit, template: str, values: Mapping[str, Any]) -> None:
        """Respond with a page, and with the message stored for it; `kept` are the filters that the navigation keeps."""
        message = self.sessions.pop_message(visit.req, visit.resp)
        visit.resp.content_type = falcon.MEDIA_HTML
        visit.resp.data = self._templates.render(template, {"visit": visit, "message": message, "kept": "", **values})

    def render_problem(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, problem: ProblemDetails) -> None:
        """Respond with a problem as a page."""
        visit: Visit | None = getattr(req.context, "visit", None)
        visit = visit or Visit(req=req, resp=resp, session=create_session())
        resp.content_type = falcon.MEDIA_HTML
        resp.data = self._templates.render(
            "problem.html", {"visit": visit, "message": None, "kept": "", "problem": problem}
        )


class PageResource:
    """Base class of the resources of pages."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout


def list_zone_names() -> list[str]:
    """Return the time zones to choose from: those named after places, and UTC."""
    return sorted(name for name in available_timezones() if "/" in name or name == "UTC")
