"""A small cache of bytes with an age: in this process, or shared through Redis when that is configured.

A cache may forget at any time and never fails its caller: with Redis away, each process remembers for itself.
"""

import logging
import time
from collections import OrderedDict
from typing import Protocol, cast

import redis.asyncio
import redis.exceptions

log = logging.getLogger(__name__)

MAX_ENTRIES = 10_000
REDIS_TIMEOUT_SECONDS = 0.05
REDIS_PAUSE_SECONDS = 5.0
PREFIX = "llmring:"


class Cache(Protocol):
    """What features see: get, set and delete of bytes by a text key; `ttl` in seconds."""

    async def get(self, key: str) -> bytes | None:
        """Return what was set, or None."""
        ...

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Remember `value` for `ttl` seconds, or for the deployment's `LLMRING_CACHE_TTL`."""
        ...

    async def delete(self, key: str) -> None:
        """Forget a key."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class ProcessCache:
    """A cache within this process: the least recently set entry makes room for a new one."""

    def __init__(self, ttl: float) -> None:
        self._ttl = ttl
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        """Return what was set and has not expired."""
        expires, value = self._entries.get(key, (0.0, b""))
        return value if expires > time.monotonic() else None

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Remember a value."""
        self._entries.pop(key, None)
        self._entries[key] = (time.monotonic() + (ttl or self._ttl), value)
        while len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)

    async def delete(self, key: str) -> None:
        """Forget a key."""
        self._entries.pop(key, None)

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()


class RedisCache:
    """A cache in Redis, with this process's own beside it for when Redis is away.

    A failing or slow Redis costs one caller `REDIS_TIMEOUT_SECONDS`; after that it is left alone for
    `REDIS_PAUSE_SECONDS` and then tried again.
    """

    def __init__(self, url: str, ttl: float) -> None:
        self._ttl = ttl
        self._local = ProcessCache(ttl)
        self._away_until = 0.0
        self._redis = redis.asyncio.Redis.from_url(
            url,
            socket_timeout=REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
            retry=None,
            protocol=2,
        )

    async def get(self, key: str) -> bytes | None:
        """Return what any process set, or with Redis away what this one did."""
        if self._usable():
            try:
                return cast("bytes | None", await self._redis.get(PREFIX + key))
            except (redis.exceptions.RedisError, OSError, TimeoutError) as error:
                self._leave(error)
        return await self._local.get(key)

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Remember a value here and in Redis."""
        await self._local.set(key, value, ttl)
        if self._usable():
            try:
                await self._redis.set(PREFIX + key, value, px=max(1, int((ttl or self._ttl) * 1000)))
            except (redis.exceptions.RedisError, OSError, TimeoutError) as error:
                self._leave(error)

    async def delete(self, key: str) -> None:
        """Forget a key here and in Redis."""
        await self._local.delete(key)
        if self._usable():
            try:
                await self._redis.delete(PREFIX + key)
            except (redis.exceptions.RedisError, OSError, TimeoutError) as error:
                self._leave(error)

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._local.close()
        await self._redis.aclose()

    def _usable(self) -> bool:
        return time.monotonic() >= self._away_until

    def _leave(self, error: Exception) -> None:
        self._away_until = time.monotonic() + REDIS_PAUSE_SECONDS
        log.warning("Redis does not answer (%s); each process caches for itself meanwhile", type(error).__name__)


def open_cache(redis_url: str | None, ttl: float) -> Cache:
    """Return the cache that the settings ask for; no connection is opened yet."""
    return RedisCache(redis_url, ttl) if redis_url else ProcessCache(ttl)
