"""A limit on sign-in attempts per client address, counted in the cache: shared by all processes with Redis."""

from llmring_server.http.client_address import rate_limit_key
from llmring_server.http.errors import Problem
from llmring_server.runtime.cache import Cache

WINDOW_SECONDS = 300


class LoginThrottle:
    """Counts all attempts, including successful ones: any well-formed key is valid where keys are not managed."""

    def __init__(self, cache: Cache, limit: int) -> None:
        self._cache = cache
        self._limit = limit

    async def count(self, address: str) -> None:
        """Count an attempt.

        Raises:
            Problem: 429 for too many attempts from this address.
        """
        if await self._cache.count(f"dashboard sign-in {rate_limit_key(address)}", WINDOW_SECONDS) > self._limit:
            raise Problem(
                429,
                f"Too many sign-in attempts. Try again in {WINDOW_SECONDS // 60} minutes.",
                headers={"Retry-After": str(WINDOW_SECONDS)},
            )
