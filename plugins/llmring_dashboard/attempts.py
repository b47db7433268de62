"""How often an address may try to sign in: counted in the cache, by all processes together where there is Redis."""

from llmring_server.cache import Cache
from llmring_server.clients import network
from llmring_server.errors import Problem

WINDOW_SECONDS = 300


class Attempts:
    """Counts every attempt, also those that succeed: any well-formed text is a key where keys are not managed."""

    def __init__(self, cache: Cache, most: int) -> None:
        self._cache = cache
        self._most = most

    async def note(self, address: str) -> None:
        """Count an attempt before it is made.

        Raises:
            Problem: 429 when this address has made too many.
        """
        if await self._cache.count(f"dashboard sign-in {network(address)}", WINDOW_SECONDS) > self._most:
            raise Problem(
                429,
                f"this address has tried to sign in {self._most} times; try again in {WINDOW_SECONDS // 60} minutes",
                headers={"Retry-After": str(WINDOW_SECONDS)},
            )
