"""A small cache of bytes, and counts, with an age: in this process, or shared through Redis when that is configured.

A cache may forget at any time and never fails its caller: with Redis away, each process remembers for itself.
"""

import contextlib
import time
from collections import OrderedDict
from typing import Any, Protocol, cast

from llmring_server.runtime.redis import PREFIX, Away, SharedRedis

MAX_ENTRIES = 10_000
REDIS_PAUSE_SECONDS = 5.0


class Cache(Protocol):
    """What features see: get, set and delete of bytes by a text key, and counting; `ttl` in seconds."""

    async def get(self, key: str) -> bytes | None:
        """Return what was set, or None."""
        ...

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Remember `value` for `ttl` seconds, or for the deployment's `LLMRING_CACHE_TTL`."""
        ...

    async def delete(self, key: str) -> None:
        """Forget a key."""
        ...

    async def count(self, key: str, ttl: float) -> int:
        """Add one to a count and return it; it begins anew `ttl` seconds after its first."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class ProcessCache:
    """A cache within this process: the least recently set entry makes room for a new one."""

    def __init__(self, ttl: float) -> None:
        self._ttl = ttl
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

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

    async def count(self, key: str, ttl: float) -> int:
        """Add one; counts make room for one another, never for entries."""
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
        """Forget everything."""
        self._entries.clear()
        self._counts.clear()


class RedisCache:
    """A cache in Redis, with this process's own beside it for when Redis is away."""

    def __init__(self, url: str, ttl: float) -> None:
        self._ttl = ttl
        self._local = ProcessCache(ttl)
        self._shared = SharedRedis(url, "each process caches for itself meanwhile", REDIS_PAUSE_SECONDS)
        self._redis = self._shared.client

    async def get(self, key: str) -> bytes | None:
        """Return what any process set, or with Redis away what this one did."""
        try:
            return cast("bytes | None", await self._shared.ask(lambda: self._redis.get(PREFIX + key)))
        except Away:
            return await self._local.get(key)

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Remember a value here and in Redis."""
        await self._local.set(key, value, ttl)
        milliseconds = max(1, int((ttl or self._ttl) * 1000))
        with contextlib.suppress(Away):
            await self._shared.ask(lambda: self._redis.set(PREFIX + key, value, px=milliseconds))

    async def delete(self, key: str) -> None:
        """Forget a key here and in Redis."""
        await self._local.delete(key)
        with contextlib.suppress(Away):
            await self._shared.ask(lambda: self._redis.delete(PREFIX + key))

    async def count(self, key: str, ttl: float) -> int:
        """Add one here and in Redis, and return the higher of both: an outage of Redis begins no count anew."""
        here = await self._local.count(key, ttl)
        name = f"{PREFIX}count:{key}"
        commands: Any = self._redis.pipeline()
        commands.set(name, 0, px=max(1, int(ttl * 1000)), nx=True).incr(name)
        try:
            return max(here, int((await self._shared.ask(commands.execute))[-1]))
        except Away:
            return here

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._local.close()
        await self._shared.close()


def open_cache(redis_url: str | None, ttl: float) -> Cache:
    """Return the cache that the settings ask for; no connection is opened yet."""
    return RedisCache(redis_url, ttl) if redis_url else ProcessCache(ttl)
