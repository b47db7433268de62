"""Rate limits: token buckets per key and route class, shared through Redis if configured."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from llmring_ratelimit.buckets import Buckets, create_buckets
from llmring_ratelimit.middleware import RateLimitMiddleware
from llmring_ratelimit.settings import RateLimitSettings
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.server import Server


@hookimpl
def llmring_settings() -> type[RateLimitSettings]:
    """Read `[ratelimit]`."""
    return RateLimitSettings


@hookimpl
def llmring_services(server: Server) -> Mapping[type, object]:
    """Provide the token buckets for the middleware."""
    url = server.settings.redis_url
    return {Buckets: create_buckets(url.get_secret_value() if url else None)}


@hookimpl
def llmring_middleware(server: Server) -> Iterable[object]:
    """Limit every request after authentication."""
    return [RateLimitMiddleware(server.plugin_settings(RateLimitSettings).limits, server.service(Buckets))]


@hookimpl
@asynccontextmanager
async def llmring_lifespan(server: Server) -> AsyncIterator[None]:
    """Connect to Redis while the server runs."""
    buckets = server.service(Buckets)
    await buckets.open()
    try:
        yield
    finally:
        await buckets.close()
