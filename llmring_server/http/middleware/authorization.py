"""Authorization: the project key, scope and limits that the matched route requires of a request."""

from collections.abc import Mapping

import falcon.asgi
import msgspec

from llmring_server.contracts import Authenticator, Identity, Scope
from llmring_server.http.codec import Limits
from llmring_server.http.errors import Problem
from llmring_server.http.middleware.authentication import CHALLENGE, read_key
from llmring_server.http.operations import get_operation
from llmring_server.http.routing import Route, RouteTable
from llmring_server.http.security_headers import NO_STORE
from llmring_server.settings import Settings

SAFE = ("GET", "HEAD")


class RoutePolicy(msgspec.Struct, frozen=True):
    """The requirements of a route: a scope for each method, none on a public route, and the limits of a body."""

    scopes: Mapping[str, Scope]
    limits: Limits


class AuthorizationMiddleware:
    """Middleware: authorizes a request and stores the policy of its route and its identity in its context.

    `limits` and `scope` are set for every route, `scope` to None for a public one; `project_id` and `key_id` for all
    others.

    Raises:
        Problem: 401 without a key or for an unknown one, 400 for a malformed one or for two headers that differ, 403
            for a key without the required scope.
    """

    def __init__(self, settings: Settings, projects: Authenticator, routes: RouteTable) -> None:
        self._projects = projects
        self._policies = {template: policy_for(route, settings) for template, route in routes.by_template.items()}

    async def process_resource(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, params: dict[str, str]
    ) -> None:
        """Set the limits, and identify the project, except on public routes and preflights."""
        policy, context = self._policies[req.uri_template or ""], req.context
        context.limits = policy.limits
        needed = context.scope = policy.scopes.get(req.method)
        if needed is None:
            return
        if req.method in SAFE:  # other responses are not cached unless they have an explicit lifetime (RFC 9110 §9.3)
            resp.set_header("Cache-Control", NO_STORE)
        identity = await self._projects.identify(read_key(req))
        if identity is None:
            raise Problem(401, "The project key is unknown, expired or revoked.", headers=CHALLENGE)
        if needed not in identity.scopes and not identity.may(needed):
            raise Problem(403, f"This needs a key with the scope {needed!r}; yours has {_format_scopes(identity)}.")
        context.project_id = identity.project_id
        context.key_id = identity.key_id


def policy_for(route: Route, settings: Settings) -> RoutePolicy:
    """Return the requirements of a route."""
    size = route.max_body or (settings.max_batch_bytes if route.batch else settings.max_body_bytes)
    return RoutePolicy(_scopes(route), Limits(size, settings.max_body_depth, settings.max_item_bytes))


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
