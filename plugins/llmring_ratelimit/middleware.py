"""The limits over HTTP: 429 with Retry-After, and RateLimit headers on every answer that is limited."""

from collections.abc import Mapping

import falcon.asgi

from llmring_ratelimit.buckets import Buckets
from llmring_ratelimit.models import Limit, RouteClass, Verdict
from llmring_server.clients import network
from llmring_server.errors import Problem

# An orchestrator that is told 429 would take the server for dead.
PROBES = frozenset({"/health", "/health/live", "/health/ready"})


class RateLimits:
    """Middleware: takes a token of the key, or on public routes of the client's address, for each request.

    Headers are those of draft-ietf-httpapi-ratelimit-headers-10: in `RateLimit-Policy` q is the bucket's size and w the
    seconds in which it fills; in `RateLimit` r is what is left and t the seconds until the bucket is full.

    Raises:
        Problem: 429 when the bucket is empty.
    """

    statuses = (429,)

    def __init__(self, limits: Mapping[RouteClass, Limit], buckets: Buckets) -> None:
        self._limits = limits
        self._buckets = buckets
        self._policies = {kind: _policy(kind, limit) for kind, limit in limits.items()}

    async def process_resource(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, params: dict[str, str]
    ) -> None:
        """Take a token, except for preflights and health probes."""
        scope = req.context.scope
        kind: RouteClass = "public" if scope is None else scope
        limit = self._limits.get(kind)
        if limit is None or req.method == "OPTIONS" or req.uri_template in PROBES:
            return
        who = network(req.remote_addr) if scope is None else req.context.key_id
        verdict = await self._buckets.take(f"{kind}:{who}", limit)
        resp.set_header("RateLimit-Policy", self._policies[kind])
        resp.set_header("RateLimit", f'"{kind}";r={int(verdict.tokens)};t={verdict.full(limit)}')
        if not verdict.allowed:
            raise _refusal(kind, limit, verdict)


def _policy(kind: RouteClass, limit: Limit) -> str:
    return f'"{kind}";q={limit.burst};w={Verdict(allowed=False, tokens=0.0).full(limit)}'


def _refusal(kind: RouteClass, limit: Limit, verdict: Verdict) -> Problem:
    wait = verdict.wait(limit)
    who = "this address" if kind == "public" else "this key"
    detail = f"{who} has used up its {limit.said} of the class {kind!r}; try again in {wait} s"
    return Problem(429, detail, headers={"Retry-After": str(wait)})
