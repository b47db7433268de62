"""From the project key in a request's headers to the project id; the key itself goes no further than this room."""

import base64
import hmac
import re

import falcon.asgi

from llmring_server.errors import Problem
from llmring_server.routing import RouteTable

KEY_HEADERS = {b"x-project-key": "X-Project-Key", b"x-api-key": "X-API-Key", b"authorization": "Authorization"}
MAX_KEY_LENGTH = 255
ID_LENGTH = 26
MAX_REMEMBERED = 10_000
NOT_IN_A_KEY = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")


class ProjectKeys:
    """Middleware: sets `req.context.project_id` on every route that is not public.

    Raises:
        Problem: 401 without a key, 400 for a malformed one or for two headers that differ.
    """

    def __init__(self, pepper: bytes, routes: RouteTable) -> None:
        self._pepper = pepper
        self._routes = routes.by_template
        self._known: dict[str, str] = {}

    async def process_resource(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, params: dict[str, str]
    ) -> None:
        """Identify the project, except on public routes and preflights."""
        if req.method == "OPTIONS" or self._routes[req.uri_template or ""].public:
            return
        req.context.project_id = self._identify(read_key(req))

    def _identify(self, key: str) -> str:
        """Return the project that a key names; those seen lately are remembered."""
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            found = self._known[key] = project_id(key, self._pepper)
        return found


def project_id(key: str, pepper: bytes) -> str:
    """Return `prj_` + 26 base32 characters of HMAC-SHA256(pepper, key)."""
    digest = hmac.digest(pepper, key.encode("latin-1", "replace"), "sha256")
    return "prj_" + base64.b32encode(digest)[:ID_LENGTH].decode().lower()


def read_key(req: falcon.asgi.Request) -> str:
    """Return the project key that a request carries.

    Raises:
        Problem: 401 or 400; the key is never part of the message.
    """
    found = {key for name, value in req.scope["headers"] if (key := _read(name, value)) is not None}
    if not found:
        raise Problem(
            401,
            "no project key; send one as X-Project-Key, X-API-Key or Authorization: Bearer",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if len(found) > 1:
        raise Problem(400, "two headers carry different project keys; send one key")
    return found.pop()


def _read(name: bytes, value: bytes) -> str | None:
    """Return the key in a header, or None when it is not one for a key; another scheme's Authorization is a proxy's."""
    header = KEY_HEADERS.get(name)
    if header is None:
        return None
    key = value.decode("latin-1")
    if header == "Authorization":
        scheme, _, key = key.partition(" ")
        if scheme.lower() != "bearer":
            return None
    if not key:
        raise Problem(400, f"{header} is empty; it must carry a project key")
    if len(key) > MAX_KEY_LENGTH:
        raise Problem(400, f"{header} is longer than {MAX_KEY_LENGTH} characters")
    if NOT_IN_A_KEY.search(key):
        raise Problem(400, f"{header} has whitespace or control characters; a project key has none")
    return key
