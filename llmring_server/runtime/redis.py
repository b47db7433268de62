"""Redis as this server uses it: never waited for long, left alone while it is away, missed in the log once."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.04
GIVE_UP_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 0.25
QUIET_SECONDS = 30.0
PASSES = 5
PREFIX = "llmring:"
T = TypeVar("T")


class Away(Exception):
    """Redis does not answer, or is left alone for a while because it did not."""


class SharedRedis:
    """One client of a Redis that may be away.

    A failing or hung Redis costs those who wait for it just then `TIMEOUT_SECONDS`; after that it is left alone for
    a pause, which doubles up to `pause` seconds, and tried again by one caller. One that was only slow is back as soon
    as its answer comes; that it comes and goes is logged every `QUIET_SECONDS` at most. `meanwhile` is the log's word
    for what happens without it.
    """

    def __init__(self, url: str, meanwhile: str, pause: float) -> None:
        import redis.asyncio  # a tenth of what a start takes to import, which one without a Redis is spared

        self.client = redis.asyncio.Redis.from_url(
            url, socket_timeout=GIVE_UP_SECONDS, socket_connect_timeout=GIVE_UP_SECONDS, retry=None, protocol=2
        )
        self._failures = (redis.RedisError, OSError, TimeoutError)
        self._meanwhile = meanwhile
        self._longest = pause
        self._pause = 0.0
        self._left_at = 0.0
        self._next_try = 0.0
        self._quiet_until = 0.0
        self._complained = False
        self._late: set[asyncio.Future[Any]] = set()

    @property
    def resting(self) -> bool:
        """Whether Redis is left alone at this moment."""
        return time.monotonic() < self._next_try

    async def ask(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what `call()` gives.

        Raises:
            Away: it fails, takes too long, or is not tried now.
        """
        began = time.monotonic()
        if began < self._next_try:
            raise Away
        if self._pause:
            self._next_try = began + 2 * TIMEOUT_SECONDS
        answer = asyncio.ensure_future(call())
        try:
            await _wait(answer)
            if not answer.done():
                self._late.add(answer)
                answer.add_done_callback(self._came_late)
                raise TimeoutError
            found = answer.result()
        except self._failures as error:
            self._leave(error, began)
            raise Away from error
        except asyncio.CancelledError:
            answer.cancel()
            raise
        self._back()
        return found

    async def close(self) -> None:
        """Close the connections."""
        for answer in self._late:
            answer.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        await self.client.aclose()

    def _leave(self, error: Exception, began: float) -> None:
        now = time.monotonic()
        if self._pause and began < self._left_at:
            return
        if not self._pause and now >= self._quiet_until:
            self._quiet_until = now + QUIET_SECONDS
            self._complained = True
            log.warning("Redis does not answer (%s); %s", type(error).__name__, self._meanwhile)
        self._pause = min(self._pause * 2 or FIRST_PAUSE_SECONDS, self._longest)
        self._left_at, self._next_try = now, now + self._pause

    def _came_late(self, answer: "asyncio.Future[Any]") -> None:
        self._late.discard(answer)
        if not answer.cancelled() and answer.exception() is None:
            self._back()

    def _back(self) -> None:
        if self._complained:
            self._complained = False
            log.warning("Redis answers again")
        self._pause = self._next_try = 0.0


async def _wait(answer: "asyncio.Future[Any]") -> None:
    """Wait `TIMEOUT_SECONDS` for an answer.

    When the time is up, what has arrived meanwhile is read first: it may be this process that was held up.
    """
    await asyncio.wait({answer}, timeout=TIMEOUT_SECONDS)
    for _ in range(PASSES):
        if not answer.done():
            await asyncio.sleep(0)
