"""The layout of all pages: the visitor's session and permissions, and how pages and problems are rendered."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import falcon
import falcon.asgi
import msgspec

from llmring_dashboard.ranges import zone_names
from llmring_dashboard.sessions import COOKIE, PATH, Session, Sessions, drop_cookie, new_session
from llmring_dashboard.templates import Templates
from llmring_server import __version__
from llmring_server.contracts import Identity, Scope, Standing
from llmring_server.errors import Document
from llmring_server.headers import header

THEME = "llmring_theme"
THEMES = ("light", "dark")


class Entry(msgspec.Struct, frozen=True):
    """An entry of the navigation."""

    name: str
    title: str
    path: str


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A request with the visitor's session, and their identity if the key is valid; `ended` if it no longer is."""

    req: falcon.asgi.Request
    resp: falcon.asgi.Response
    session: Session
    identity: Identity | None = None
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
        chosen: str = self.req.cookies.get(THEME, "")
        return chosen if chosen in THEMES else ""

    @property
    def nonce(self) -> str:
        """The nonce by which the content security policy allows the page's stylesheet."""
        return str(self.req.context.nonce)

    @property
    def address(self) -> str:
        """The path and query of this request."""
        return f"{self.req.path}?{self.req.query_string}" if self.req.query_string else str(self.req.path)

    @property
    def crosses_sites(self) -> bool:
        """Whether a link on another site led here, in which case the browser does not send the session cookie."""
        return header(self.req, b"sec-fetch-site") == "cross-site"

    @property
    def reads_content(self) -> bool:
        """Whether the response has a body: HEAD has none, and a stream would never be consumed."""
        return bool(self.req.method != "HEAD")

    def is_within(self, path: str) -> bool:
        """Whether this request is for a path or below it."""
        return bool(self.req.path == path or self.req.path.startswith(path + "/"))


class Frame:
    """Shared by the resources of all pages; `file` returns the URL of a file in `static/`."""

    def __init__(
        self, sessions: Sessions, standing: Standing, navigation: Sequence[Entry], file: Callable[[str], str]
    ) -> None:
        self.sessions = sessions
        self.navigation = navigation
        self._standing = standing
        self._templates = Templates(
            navigation=navigation, version=__version__, home=PATH, token=sessions.token, file=file
        )

    @cached_property
    def zones(self) -> list[str]:
        """The time zones to choose from, read from the system's files on first use."""
        return zone_names()

    async def visit(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> Visit:
        """Load the session and check its key, on every request."""
        session = self.sessions.read(req)
        if session is None or not session.signed_in:
            return Visit(req=req, resp=resp, session=session or new_session())
        identity = await self._standing.standing(session.project_id, session.key_id)
        if identity is None or not identity.may("read"):
            drop_cookie(req, resp, COOKIE)
            return Visit(req=req, resp=resp, session=new_session(), ended=True)
        req.context.project_id, req.context.key_id = identity.project_id, identity.key_id
        return Visit(req=req, resp=resp, session=session, identity=identity)

    def show(self, visit: Visit, template: str, values: Mapping[str, Any]) -> None:
        """Respond with a page, and with the message stored for it."""
        said = self.sessions.said(visit.req, visit.resp)
        visit.resp.content_type = falcon.MEDIA_HTML
        visit.resp.data = self._templates.render(template, {"visit": visit, "said": said, **values})

    def show_problem(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, problem: Document) -> None:
        """Respond with a problem as a page."""
        visit: Visit | None = getattr(req.context, "visit", None)
        visit = visit or Visit(req=req, resp=resp, session=new_session())
        resp.content_type = falcon.MEDIA_HTML
        resp.data = self._templates.render("problem.html", {"visit": visit, "said": None, "problem": problem})


class Framed:
    """Base class of the resources of pages."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
