"""From the project key in a request's headers to the project id; the key itself goes no further than this room."""

import base64
import functools
import hmac
import re

import falcon.asgi

from llmring_server.contracts import Identity, Projects, Scope
from llmring_server.errors import Problem
from llmring_server.operations import form_of
from llmring_server.routing import Route, RouteTable
from llmring_server.security import PRIVATE

KEY_HEADERS = {b"x-project-key": "X-Project-Key", b"x-api-key": "X-API-Key", b"authorization": "Authorization"}
MAX_KEY_LENGTH = 255
ID_LENGTH = 26
MAX_REMEMBERED = 10_000
SAFE = ("GET", "HEAD")
CHALLENGE = {"WWW-Authenticate": "Bearer"}
NOT_IN_A_KEY = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")


class PlainKeys:
    """The default of the contract `Projects`: any well-formed key names a project of its own and may do everything."""

    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper
        self._known: dict[str, Identity] = {}

    async def identify(self, key: str) -> Identity:
        """Return the project that a key names; those seen lately are remembered."""
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            project = project_id(key, self._pepper)
            found = self._known[key] = Identity(project, project)
        return found


class ProjectKeys:
    """Middleware: sets `project_id` and `key_id` on the context of every request whose route is not public.

    `scope`, on the context of all of them, is what the operation asks for; None for a public one.

    Raises:
        Problem: 401 without a key or for an unknown one, 400 for a malformed one or for two headers that differ, 403
            for a key without the scope that the operation asks for.
    """

    def __init__(self, projects: Projects, routes: RouteTable) -> None:
        self._projects = projects
        self._scopes = {template: scopes_of(route) for template, route in routes.by_template.items()}

    async def process_resource(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, params: dict[str, str]
    ) -> None:
        """Identify the project, except on public routes and preflights."""
        needed = req.context.scope = self._scopes[req.uri_template or ""].get(req.method)
        if needed is None:
            return
        resp.set_header("Cache-Control", PRIVATE)
        identity = await self._projects.identify(read_key(req))
        if identity is None:
            raise Problem(401, "the project key is unknown, expired or revoked", headers=CHALLENGE)
        if not identity.may(needed):
            raise Problem(403, f"this needs a key with the scope {needed!r}; yours has {_listed(identity)}")
        req.context.project_id = identity.project_id
        req.context.key_id = identity.key_id


def scopes_of(route: Route) -> dict[str, Scope]:
    """Return the scope that each method of a route asks for; a public route asks for none.

    An operation that names no scope asks for `read` where it answers GET or HEAD, else for `admin`.
    """
    if route.public:
        return {}
    found: dict[str, Scope] = {}
    for method, responder in route.responders().items():
        found[method] = form_of(responder).scope or ("read" if method in SAFE else "admin")
    return {"HEAD": found["GET"], **found} if "GET" in found else found


def _listed(identity: Identity) -> str:
    return ", ".join(sorted(identity.scopes)) or "none"


def project_id(key: str, pepper: bytes) -> str:
    """Return `prj_` + 26 base32 characters of HMAC-SHA256(pepper, key)."""
    digest = hmac.digest(pepper, key.encode("latin-1", "replace"), "sha256")
    return "prj_" + base64.b32encode(digest)[:ID_LENGTH].decode().lower()


def read_key(req: falcon.asgi.Request) -> str:
    """Return the project key that a request carries.

    Raises:
        Problem: 401 or 400; the key is never part of the message.
    """
    found = [_read(name, value) for name, value in req.scope["headers"] if name in KEY_HEADERS]
    if len(found) == 1 and found[0] is not None:
        return found[0]
    keys = {key for key in found if key is not None}
    if not keys:
        raise Problem(
            401,
            "no project key; send one as X-Project-Key, X-API-Key or Authorization: Bearer",
            headers=CHALLENGE,
        )
    if len(keys) > 1:
        raise Problem(400, "two headers carry different project keys; send one key")
    return keys.pop()


@functools.lru_cache(maxsize=MAX_REMEMBERED)
def _read(name: bytes, value: bytes) -> str | None:
    """Return the key in one of the key headers, or None in another scheme's Authorization, which is a proxy's."""
    header = KEY_HEADERS[name]
    key = value.decode("latin-1")
    if header == "Authorization":
        scheme, _, key = key.partition(" ")
        if scheme.lower() != "bearer":
            return None
    fault = key_fault(key)
    if fault:
        raise Problem(400, f"{header} {fault}")
    return key


def key_fault(key: str) -> str | None:
    """Say why a text cannot be a project key, in words that follow its name, or None when it can."""
    if not key:
        return "is empty; it must carry a project key"
    if len(key) > MAX_KEY_LENGTH:
        return f"is longer than {MAX_KEY_LENGTH} characters"
    if NOT_IN_A_KEY.search(key):
        return "has whitespace or control characters; a project key has none"
    return None
