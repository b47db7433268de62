"""Token buckets by name: in this process, or in Redis for all of them."""

import contextlib
import time
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from llmring_ratelimit.models import Limit, Verdict
from llmring_server.flights import Flights
from llmring_server.shared_redis import PREFIX, Away, SharedRedis

MAX_BUCKETS = 10_000
MAX_BATCH = 500
PAUSE_SECONDS = 5.0
LONGEST_SECONDS = 0.045  # for the flight before a request's own, and its own

# A bucket that refuses is left as it is, so that its fractions of a token add up; one that is full again is forgotten.
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local found = {}
for i, key in ipairs(KEYS) do
    local rate, tokens = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local burst = tokens
    local kept = redis.call('GET', key)
    if kept then
        local had, at = string.match(kept, '(%S+) (%S+)')
        tokens = math.min(burst, had + math.max(0, now - at) * rate / 1000000)
    end
    if tokens >= 1 then
        tokens = tokens - 1
        local life = math.ceil((burst - tokens) / rate * 1000)
        redis.call('SET', key, string.format('%.6f %.0f', tokens, now), 'PX', string.format('%.0f', life))
        found[i] = string.format('1 %.6f', tokens)
    else
        found[i] = string.format('0 %.6f', tokens)
    end
end
return found
"""


class Buckets(Protocol):
    """Where tokens are taken from."""

    async def take(self, name: str, limit: Limit) -> Verdict:
        """Take a token from the bucket of this name, if it holds one."""
        ...

    async def open(self) -> None:
        """Connect, so that the first request need not."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class ProcessBuckets:
    """Buckets of this process; the one that was taken from least lately makes room for a new one."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, float]] = {}

    async def take(self, name: str, limit: Limit) -> Verdict:
        """Take a token, if there is one."""
        return self.take_now(name, limit)

    def take_now(self, name: str, limit: Limit) -> Verdict:
        """Take a token, if there is one, without waiting for anything."""
        now = time.monotonic()
        tokens, at = self._kept.get(name, (float(limit.burst), now))
        tokens = limit.gained(tokens, now - at)
        if tokens < 1:
            return Verdict(allowed=False, tokens=tokens)
        self.note(name, tokens - 1)
        return Verdict(allowed=True, tokens=tokens - 1)

    def note(self, name: str, tokens: float) -> None:
        """Have a bucket hold so many tokens now."""
        self._kept.pop(name, None)
        self._kept[name] = (tokens, time.monotonic())
        if len(self._kept) > MAX_BUCKETS:
            del self._kept[next(iter(self._kept))]

    async def open(self) -> None:
        """Need nothing."""

    async def close(self) -> None:
        """Forget every bucket."""
        self._kept.clear()


class Ask(NamedTuple):
    """A request for a token."""

    name: str
    limit: Limit


class RedisBuckets:
    """Buckets in Redis, by its clock; with Redis away, those of this process, which go on from what Redis said last.

    A request takes one run of a script; requests that come in while one is under way share the next, so that a worker
    holds one connection and a rush of requests takes few round trips.
    """

    def __init__(self, url: str) -> None:
        self._redis = SharedRedis(url, "each process counts its requests by itself meanwhile", PAUSE_SECONDS)
        self._script = self._redis.client.register_script(TAKE)
        self._local = ProcessBuckets()
        self._flights = Flights(self._take, most=MAX_BATCH, name="llmring rate limits")

    async def take(self, name: str, limit: Limit) -> Verdict:
        """Take a token, if there is one."""
        if self._redis.resting:
            return self._local.take_now(name, limit)
        try:
            return await self._flights.ask(Ask(name, limit), LONGEST_SECONDS)
        except TimeoutError:
            return self._local.take_now(name, limit)

    async def open(self) -> None:
        """Connect, when Redis is there."""
        with contextlib.suppress(Away):
            await self._redis.ask(self._redis.client.ping)

    async def close(self) -> None:
        """Close the connection."""
        await self._flights.close()
        await self._redis.close()

    async def _take(self, asked: Sequence[Ask]) -> list[Verdict]:
        keys = [f"{PREFIX}limit:{ask.name}" for ask in asked]
        args = [number for ask in asked for number in (ask.limit.rate, ask.limit.burst)]
        try:
            found: list[bytes] = await self._redis.ask(lambda: self._script(keys=keys, args=args))
        except Away:
            return [self._local.take_now(ask.name, ask.limit) for ask in asked]
        verdicts = [_verdict(line) for line in found]
        for ask, verdict in zip(asked, verdicts, strict=True):
            self._local.note(ask.name, verdict.tokens)
        return verdicts


def _verdict(line: bytes) -> Verdict:
    allowed, _, tokens = line.partition(b" ")
    return Verdict(allowed == b"1", float(tokens))


def open_buckets(redis_url: str | None) -> Buckets:
    """Return the buckets that the settings ask for; no connection is opened yet."""
    return RedisBuckets(redis_url) if redis_url else ProcessBuckets()
