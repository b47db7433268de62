"""From the project key in a request's headers to the project id; the key itself goes no further than this room."""

import base64
import hmac
import re

import falcon.asgi

from llmring_server.errors import Problem
from llmring_server.routing import RouteTable

KEY_HEADERS = ("X-Project-Key", "X-API-Key", "Authorization")
MAX_KEY_LENGTH = 255
ID_LENGTH = 26
NOT_IN_A_KEY = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")


class ProjectKeys:
    """Middleware: sets `req.context.project_id` on every route that is not public.

    Raises:
        Problem: 401 without a key, 400 for a malformed one or for two headers that differ.
    """

    def __init__(self, pepper: bytes, routes: RouteTable) -> None:
        self._pepper = pepper
        self._routes = routes.by_template

    async def process_resource(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, params: dict[str, str]
    ) -> None:
        """Identify the project, except on public routes and preflights."""
        if req.method == "OPTIONS" or self._routes[req.uri_template or ""].public:
            return
        req.context.project_id = project_id(read_key(req), self._pepper)


def project_id(key: str, pepper: bytes) -> str:
    """Return `prj_` + 26 base32 characters of HMAC-SHA256(pepper, key)."""
    digest = hmac.digest(pepper, key.encode("latin-1", "replace"), "sha256")
    return "prj_" + base64.b32encode(digest)[:ID_LENGTH].decode().lower()


def read_key(req: falcon.asgi.Request) -> str:
    """Return the project key that a request carries.

    Raises:
        Problem: 401 or 400; the key is never part of the message.
    """
    found = {key for header in KEY_HEADERS if (key := _read_header(req, header)) is not None}
    if not found:
        raise Problem(
            401,
            "no project key; send one as X-Project-Key, X-API-Key or Authorization: Bearer",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if len(found) > 1:
        raise Problem(400, "two headers carry different project keys; send one key")
    return found.pop()


def _read_header(req: falcon.asgi.Request, header: str) -> str | None:
    value = req.get_header(header)
    if header == "Authorization" and value is not None:
        scheme, _, value = value.partition(" ")
        if scheme.lower() != "bearer":
            raise Problem(401, "Authorization must be `Bearer <project key>`", headers={"WWW-Authenticate": "Bearer"})
    if value is not None:
        _check(value, header)
    return value


def _check(key: str, header: str) -> None:
    if not key:
        raise Problem(400, f"{header} is empty; it must carry a project key")
    if len(key) > MAX_KEY_LENGTH:
        raise Problem(400, f"{header} is longer than {MAX_KEY_LENGTH} characters")
    if NOT_IN_A_KEY.search(key):
        raise Problem(400, f"{header} has whitespace or control characters; a project key has none")
