"""The visit of a page: the request with its visitor, and the frame around all pages."""

from collections.abc import Mapping
from typing import Any, Protocol

import falcon.asgi
import msgspec

from llmring_server.contracts import Identity, Scope

PATH = "/ui"
THEME = "llmring_theme"
THEMES = ("light", "dark")


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A request with the visitor's identity, which is None without a valid key.

    `project_name` is None if the project has no name.
    """

    req: falcon.asgi.Request
    resp: falcon.asgi.Response
    identity: Identity | None = None
    project_name: str | None = None

    @property
    def project_id(self) -> str:
        """The visitor's project; '' if not signed in."""
        return self.identity.project_id if self.identity else ""

    @property
    def key_id(self) -> str:
        """The public id of the visitor's key; '' if not signed in."""
        return self.identity.key_id if self.identity else ""

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


class TemplateResponse(msgspec.Struct, frozen=True):
    """A response: a template with its values, and a status."""

    template: str
    values: Mapping[str, Any] = {}
    status: int = 200


class Redirect(msgspec.Struct, frozen=True):
    """A redirect to another page, which shows the message."""

    to: str
    message: str | None = None


class Frame(Protocol):
    """The frame around all pages: session, navigation and templates. The dashboard provides it."""

    @property
    def zones(self) -> list[str]:
        """The names of the time zones to choose from."""
        ...

    async def begin_visit(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> Visit:
        """Load the session and check its key, and set the headers of a page."""
        ...

    def is_valid_csrf_token(self, visit: Visit, token: str) -> bool:
        """Whether the token of a form belongs to the session of a visit."""
        ...

    def redirect_to_sign_in(self, visit: Visit) -> None:
        """Redirect to the sign-in form, and from there back to this page.

        Raises:
            Problem: 401 for a client that is not a browser.
        """
        ...

    def respond(self, visit: Visit, result: TemplateResponse | Redirect | None) -> None:
        """Respond with the result of a view; None means that it has set the response itself."""
        ...


class PageResource:
    """Base class of the resources of pages."""

    def __init__(self, layout: Frame) -> None:
        self.layout = layout
