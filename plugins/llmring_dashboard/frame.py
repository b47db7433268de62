"""The frame of every page: who visits, what they may see, and how a page or a problem is shown to them."""

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

THEME = "llmring_theme"
THEMES = ("light", "dark")


class Entry(msgspec.Struct, frozen=True):
    """One line of the navigation."""

    name: str
    title: str
    path: str


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request of one visitor: their session, and who they are while its key is good; `ended` when it was."""

    req: falcon.asgi.Request
    resp: falcon.asgi.Response
    session: Session
    identity: Identity | None = None
    ended: bool = False

    @property
    def project_id(self) -> str:
        """The project whose data this visitor sees; '' for one who has not signed in."""
        return self.identity.project_id if self.identity else ""

    def may(self, scope: Scope) -> bool:
        """Whether this visitor's key has a scope."""
        return self.identity is not None and self.identity.may(scope)

    @property
    def theme(self) -> str:
        """`light` or `dark` as chosen; '' for whatever the browser prefers."""
        chosen: str = self.req.cookies.get(THEME, "")
        return chosen if chosen in THEMES else ""

    @property
    def nonce(self) -> str:
        """What the page's own stylesheet carries, so that the page's policy lets it in."""
        return str(self.req.context.nonce)

    @property
    def address(self) -> str:
        """Path and query of this request."""
        return f"{self.req.path}?{self.req.query_string}" if self.req.query_string else str(self.req.path)

    @property
    def crosses_sites(self) -> bool:
        """Whether a link of another site led here, so that the browser holds back the session it may have."""
        return self.req.get_header("Sec-Fetch-Site") == "cross-site"

    @property
    def reads_content(self) -> bool:
        """Whether the answer's content is sent too: to HEAD its headers are all, and a stream would never be run."""
        return bool(self.req.method != "HEAD")

    def is_within(self, path: str) -> bool:
        """Whether this request is for a page, or for something below it."""
        return bool(self.req.path == path or self.req.path.startswith(path + "/"))


class Frame:
    """What the resources of every page are built with; `file` gives the address of a file in `static/`."""

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
        """The time zones that pages offer, read from the system's files for the first page that does."""
        return zone_names()

    async def visit(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> Visit:
        """Return the visit that a request is; the standing of the session's key is asked for each time."""
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
        """Answer with a page, and with the message that was left for it."""
        said = self.sessions.said(visit.req, visit.resp)
        visit.resp.content_type = falcon.MEDIA_HTML
        visit.resp.data = self._templates.render(template, {"visit": visit, "said": said, **values})

    def show_problem(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, problem: Document) -> None:
        """Answer with the page of a problem."""
        visit: Visit | None = getattr(req.context, "visit", None)
        visit = visit or Visit(req=req, resp=resp, session=new_session())
        resp.content_type = falcon.MEDIA_HTML
        resp.data = self._templates.render("problem.html", {"visit": visit, "said": None, "problem": problem})


class Framed:
    """A resource whose responders are views of a frame."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
