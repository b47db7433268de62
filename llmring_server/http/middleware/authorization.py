"""Authorization: the project key, scope and limits that the matched route requires of a request."""

from collections.abc import Callable, Mapping

import falcon.asgi
import msgspec

from llmring_server.contracts import Authenticator, Identity, Scope
from llmring_server.contracts.serving import RecentKeys
from llmring_server.http.codec import Limits
from llmring_server.http.errors import NO_ANSWER, Problem, Unavailable
from llmring_server.http.middleware.authentication import CHALLENGE, read_key
from llmring_server.http.operations import get_operation
from llmring_server.http.routing import Route, RouteTable
from llmring_server.http.security_headers import NO_STORE
from llmring_server.plugins.manager import CORE
from llmring_server.settings import Settings

SAFE = ("GET", "HEAD")


class RoutePolicy(msgspec.Struct, frozen=True):
    """The requirements of a route: a scope for each method, none on a public route, and the limits of a body.

    With `during_outage` it serves requests while the database is down, as the host's own routes do.
    """

    scopes: Mapping[str, Scope]
    limits: Limits
    during_outage: bool = False


class AuthorizationMiddleware:
    """Middleware: authorizes a request and stores the policy of its route and its identity in its context.

    `limits` and `scope` are set for every route, `scope` to None for a public one; `project_id`, `key_id` and
    `unconfirmed` for all others.

    Raises:
        Problem: 401 without a key or for an unknown one, 400 for a malformed one or for two headers that differ, 403
            for a key without the required scope, 503 until the database has answered and the start is finished.
    """

    def __init__(
        self,
        settings: Settings,
        projects: Authenticator,
        routes: RouteTable,
        recent_keys: RecentKeys | None,
        is_waiting: Callable[[], bool],
    ) -> None:
        self._projects = projects
        self._recent_keys = recent_keys
        self._is_waiting = is_waiting
        self._policies = {route.path: policy_for(route, settings, owner) for owner, route in routes.items()}

    async def process_resource(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, params: dict[str, str]
    ) -> None:
        """Set the limits, and identify the project, except on public routes and preflights."""
        policy, context = self._policies[req.uri_template or ""], req.context
        context.limits = policy.limits
        if not policy.during_outage and self._is_waiting():
            raise Unavailable(NO_ANSWER)
        needed = context.scope = policy.scopes.get(req.method)
        if needed is None:
            return
        if req.method in SAFE:  # other responses are not cached unless they have an explicit lifetime (RFC 9110 §9.3)
            resp.set_header("Cache-Control", NO_STORE)
        recent = self._recent_keys if policy.during_outage else None
        key = read_key(req)
        identity = await (self._projects.identify(key) if recent is None else recent.identify_recent(key))
        if identity is None:
            raise Problem(401, "The project key is unknown, expired or revoked.", headers=CHALLENGE)
        if needed not in identity.scopes and not identity.may(needed):
            raise Problem(403, f"This needs a key with the scope {needed!r}; yours has {_format_scopes(identity)}.")
        context.project_id = identity.project_id
        context.key_id = identity.key_id
        context.unconfirmed = identity.unconfirmed


def policy_for(route: Route, settings: Settings, owner: str) -> RoutePolicy:
    """Return the requirements of a route of the host or a plugin."""
    size = route.max_body or (settings.max_batch_bytes if route.batch else settings.max_body_bytes)
    limits = Limits(size, settings.max_body_depth, settings.max_item_bytes)
    return RoutePolicy(_scopes(route), limits, route.during_outage or owner == CORE)


def _scopes(route: Route) -> dict[str, Scope]:
    """Return the scope that each method requires: its operation's, else `read` for GET and `admin` for the others."""
    if route.public:
        return {}
    found: dict[str, Scope] = {}
    for method, responder in route.responders().items():
        found[method] = get_operation(responder).scope or ("read" if method in SAFE else "admin")
    return {"HEAD": found["GET"], **found} if "GET" in found else found


def _format_scopes(identity: Identity) -> str:
    return ", ".join(sorted(identity.scopes)) or "none"
