"""Token buckets by name: in this process, or in Redis for all processes."""

import contextlib
import time
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from llmring_ratelimit.models import Decision, Limit
from llmring_server.runtime.redis import PREFIX, RedisUnavailable, SharedRedis, wait_for_response
from llmring_server.runtime.request_batcher import RequestBatcher

MAX_BUCKETS = 10_000
MAX_BATCH = 500
PAUSE_SECONDS = 5.0
MAX_WAIT_SECONDS = 0.045  # for the batch before a request's own, and its own

# An empty bucket is not written, so that its fractions of a token add up; a full one expires.
TAKE_SCRIPT = """
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
    """A store of token buckets."""

    async def take(self, name: str, limit: Limit) -> Decision:
        """Take a token from the bucket of this name, if there is one."""
        ...

    async def open(self) -> None:
        """Connect before the first request."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class ProcessBuckets:
    """Buckets in this process; the least recently used one is evicted for a new one."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[float, float]] = {}

    async def take(self, name: str, limit: Limit) -> Decision:
        """Take a token, if there is one."""
        return self.take_now(name, limit)

    def take_now(self, name: str, limit: Limit) -> Decision:
        """Take a token, if there is one, without waiting."""
        now = time.monotonic()
        tokens, at = self._buckets.get(name, (float(limit.burst), now))
        tokens = limit.refill(tokens, now - at)
        if tokens < 1:
            return Decision(allowed=False, tokens=tokens)
        self.set_tokens(name, tokens - 1)
        return Decision(allowed=True, tokens=tokens - 1)

    def set_tokens(self, name: str, tokens: float) -> None:
        """Set the tokens of a bucket."""
        self._buckets.pop(name, None)
        self._buckets[name] = (tokens, time.monotonic())
        if len(self._buckets) > MAX_BUCKETS:
            del self._buckets[next(iter(self._buckets))]

    async def open(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Delete all buckets."""
        self._buckets.clear()


class TokenRequest(NamedTuple):
    """A request for a token."""

    name: str
    limit: Limit


class RedisBuckets:
    """Buckets in Redis, by its clock; during an outage those of this process, starting from the last state in Redis.

    A request needs one run of a script. Requests that arrive during a run share the next one, so that a worker needs
    one connection and a burst of requests needs few round trips.
    """

    def __init__(self, url: str) -> None:
        self._redis = SharedRedis(url, "each process counts its own requests until it does", PAUSE_SECONDS)
        self._script = self._redis.client.register_script(TAKE_SCRIPT)
        self._local = ProcessBuckets()
        self._batcher = RequestBatcher(self._take, most=MAX_BATCH, name="llmring rate limits")

    async def take(self, name: str, limit: Limit) -> Decision:
        """Take a token, if there is one."""
        if self._redis.paused:
            return self._local.take_now(name, limit)
        decision = self._batcher.submit(TokenRequest(name, limit))  # Redis counts it also when it answers too late
        await wait_for_response(decision, MAX_WAIT_SECONDS)
        return decision.result() if decision.done() else self._local.take_now(name, limit)

    async def open(self) -> None:
        """Connect if Redis is available."""
        with contextlib.suppress(RedisUnavailable):
            await self._redis.call(self._redis.client.ping)

    async def close(self) -> None:
        """Close the connection."""
        await self._batcher.close()
        await self._redis.close()

    async def _take(self, requests: Sequence[TokenRequest]) -> list[Decision]:
        keys = [f"{PREFIX}limit:{request.name}" for request in requests]
        args = [number for request in requests for number in (request.limit.rate, request.limit.burst)]
        try:
            found: list[bytes] = await self._redis.call(lambda: self._script(keys=keys, args=args))
        except RedisUnavailable:
            return [self._local.take_now(request.name, request.limit) for request in requests]
        decisions = [_parse_decision(line) for line in found]
        for request, decision in zip(requests, decisions, strict=True):
            self._local.set_tokens(request.name, decision.tokens)
        return decisions


def _parse_decision(line: bytes) -> Decision:
    allowed, _, tokens = line.partition(b" ")
    return Decision(allowed == b"1", float(tokens))


def create_buckets(redis_url: str | None) -> Buckets:
    """Return the buckets for the settings, not connected yet."""
    return RedisBuckets(redis_url) if redis_url else ProcessBuckets()
