"""Rate limits over HTTP: 429 with Retry-After, and RateLimit headers on every limited response."""

from collections.abc import Mapping

import falcon.asgi

from llmring_ratelimit.buckets import Buckets
from llmring_ratelimit.models import Decision, Limit, RouteClass
from llmring_server.http.client_address import rate_limit_key
from llmring_server.http.errors import Problem

# An orchestrator that gets 429 would consider the server dead.
PROBES = frozenset({"/health", "/health/live", "/health/ready"})


class RateLimitMiddleware:
    """Middleware that takes one token per request, by key or, on public routes, by client address.

    The headers follow draft-ietf-httpapi-ratelimit-headers-10: in `RateLimit-Policy` q is the size of the bucket and w
    the seconds in which it fills; in `RateLimit` r is the remaining tokens and t the seconds until the bucket is full.

    Raises:
        Problem: 429 if the bucket is empty.
    """

    statuses = (429,)

    def __init__(self, limits: Mapping[RouteClass, Limit], buckets: Buckets) -> None:
        self._limits = limits
        self._buckets = buckets
        self._policies = {kind: _format_policy(kind, limit) for kind, limit in limits.items()}

    async def process_resource(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, params: dict[str, str]
    ) -> None:
        """Take a token, except for preflights and health probes."""
        scope = req.context.scope
        kind: RouteClass = "public" if scope is None else scope
        limit = self._limits.get(kind)
        if limit is None or req.method == "OPTIONS" or req.uri_template in PROBES:
            return
        client = rate_limit_key(req.remote_addr) if scope is None else req.context.key_id
        decision = await self._buckets.take(f"{kind}:{client}", limit)
        resp.set_header("RateLimit-Policy", self._policies[kind])
        resp.set_header("RateLimit", f'"{kind}";r={int(decision.tokens)};t={decision.seconds_until_full(limit)}')
        if not decision.allowed:
            raise _limit_exceeded(kind, limit, decision)


def _format_policy(kind: RouteClass, limit: Limit) -> str:
    return f'"{kind}";q={limit.burst};w={Decision(allowed=False, tokens=0.0).seconds_until_full(limit)}'


def _limit_exceeded(kind: RouteClass, limit: Limit, decision: Decision) -> Problem:
    wait = decision.seconds_until_allowed(limit)
    client = "This address" if kind == "public" else "This key"
    detail = f"{client} has reached its limit of {limit.description} for the class {kind!r}. Try again in {wait} s."
    return Problem(429, detail, headers={"Retry-After": str(wait)})
