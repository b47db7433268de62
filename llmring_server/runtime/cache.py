"""A small cache of bytes and counters with a lifetime: in this process, or shared through Redis if configured.

A cache may lose entries at any time and never raises: while Redis is unavailable, each process has its own.
"""

import contextlib
import time
from collections import OrderedDict
from typing import Any, Protocol, cast

from llmring_server.runtime.redis import PREFIX, RedisUnavailable, SharedRedis

MAX_ENTRIES = 10_000
MAX_BYTES = 64 * 1024 * 1024
REDIS_PAUSE_SECONDS = 5.0


class Cache(Protocol):
    """The interface for features: get, set and delete bytes by key, and count; `ttl` is in seconds."""

    async def get(self, key: str) -> bytes | None:
        """Return the cached value, or None."""
        ...

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Cache `value` for `ttl` seconds, by default `LLMRING_CACHE_TTL`."""
        ...

    async def delete(self, key: str) -> None:
        """Remove a key."""
        ...

    async def count(self, key: str, ttl: float) -> int:
        """Increment a counter and return it; it starts over `ttl` seconds after its first increment."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class ProcessCache:
    """A cache within this process, at most `MAX_ENTRIES` and `MAX_BYTES`: the least recently set entry is evicted."""

    def __init__(self, ttl: float) -> None:
        self._ttl = ttl
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._bytes = 0

    async def get(self, key: str) -> bytes | None:
        """Return a value that has not expired, or None."""
        expires, value = self._entries.get(key, (0.0, b""))
        return value if expires > time.monotonic() else None

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Cache a value."""
        await self.delete(key)
        self._entries[key] = (time.monotonic() + (ttl or self._ttl), value)
        self._bytes += len(value)
        while len(self._entries) > MAX_ENTRIES or self._bytes > MAX_BYTES:
            _, (_, evicted) = self._entries.popitem(last=False)
            self._bytes -= len(evicted)

    async def delete(self, key: str) -> None:
        """Remove a key."""
        _, value = self._entries.pop(key, (0.0, b""))
        self._bytes -= len(value)

    async def count(self, key: str, ttl: float) -> int:
        """Increment a counter; counters and entries are evicted separately."""
        now = time.monotonic()
        ends, so_far = self._counts.get(key, (0.0, 0))
        if ends <= now:
            self._counts.pop(key, None)
            ends, so_far = now + ttl, 0
        self._counts[key] = ends, so_far + 1
        while len(self._counts) > MAX_ENTRIES:
            self._counts.popitem(last=False)
        return so_far + 1

    async def close(self) -> None:
        """Remove everything."""
        self._entries.clear()
        self._counts.clear()
        self._bytes = 0


class RedisCache:
    """A cache in Redis, with a fallback in this process for when Redis is unavailable."""

    def __init__(self, url: str, ttl: float) -> None:
        self._ttl = ttl
        self._local = ProcessCache(ttl)
        self._shared = SharedRedis(url, "each process uses its own cache meanwhile", REDIS_PAUSE_SECONDS)
        self._redis = self._shared.client

    async def get(self, key: str) -> bytes | None:
        """Return the value set by any process, or by this one while Redis is unavailable."""
        try:
            return cast("bytes | None", await self._shared.call(lambda: self._redis.get(PREFIX + key)))
        except RedisUnavailable:
            return await self._local.get(key)

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Cache a value here and in Redis."""
        await self._local.set(key, value, ttl)
        milliseconds = max(1, int((ttl or self._ttl) * 1000))
        with contextlib.suppress(RedisUnavailable):
            await self._shared.call(lambda: self._redis.set(PREFIX + key, value, px=milliseconds))

    async def delete(self, key: str) -> None:
        """Remove a key here and in Redis."""
        await self._local.delete(key)
        with contextlib.suppress(RedisUnavailable):
            await self._shared.call(lambda: self._redis.delete(PREFIX + key))

    async def count(self, key: str, ttl: float) -> int:
        """Increment here and in Redis, and return the higher value, so that an outage of Redis resets no counter."""
        here = await self._local.count(key, ttl)
        name = f"{PREFIX}count:{key}"
        commands: Any = self._redis.pipeline()
        commands.set(name, 0, px=max(1, int(ttl * 1000)), nx=True).incr(name)
        try:
            return max(here, int((await self._shared.call(commands.execute))[-1]))
        except RedisUnavailable:
            return here

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._local.close()
        await self._shared.close()


def open_cache(redis_url: str | None, ttl: float) -> Cache:
    """Return the configured cache; no connection is opened yet."""
    return RedisCache(redis_url, ttl) if redis_url else ProcessCache(ttl)
