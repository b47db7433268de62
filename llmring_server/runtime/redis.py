"""The Redis client, with short timeouts and a pause between attempts while Redis is unavailable."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from llmring_server.errors import StartupError

log = logging.getLogger(__name__)

INVALID_URL = (
    "LLMRING_REDIS_URL is not a Redis URL; give redis://[user:password@]host[:port][/database], rediss:// or unix://"
)
TIMEOUT_SECONDS = 0.04
GIVE_UP_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 0.25
QUIET_SECONDS = 30.0
PASSES = 5
PREFIX = "llmring:"
T = TypeVar("T")


class RedisUnavailable(Exception):
    """Redis does not answer, or is not called during the pause after a failure."""


class SharedRedis:
    """A client of a Redis that may be unavailable.

    When Redis fails or hangs, calls in progress wait at most `TIMEOUT_SECONDS`. Then it is not called during a pause,
    which doubles up to `pause` seconds, and one call tries again. When it was only slow, calls resume with its late
    response. Changes are logged at most every `QUIET_SECONDS`; `meanwhile` describes in the log what happens without
    Redis.

    Raises:
        StartupError: `url` is not a Redis URL; the message omits it, as it may have a password.
    """

    def __init__(self, url: str, meanwhile: str, pause: float) -> None:
        import redis.asyncio  # a tenth of the start-up time, not needed without Redis

        try:
            self.client = redis.asyncio.Redis.from_url(
                url, socket_timeout=GIVE_UP_SECONDS, socket_connect_timeout=GIVE_UP_SECONDS, retry=None, protocol=2
            )
            self.client.connection_pool.make_connection()  # type: ignore[no-untyped-call]  # checks options
        except (ValueError, TypeError):  # their messages have parts of the URL, which may have a password
            raise StartupError(INVALID_URL) from None
        self._failures = (redis.RedisError, OSError, TimeoutError)
        self._meanwhile = meanwhile
        self._longest = pause
        self._pause = 0.0
        self._failed_at = 0.0
        self._next_try = 0.0
        self._quiet_until = 0.0
        self._warned = False
        self._late: set[asyncio.Future[Any]] = set()

    @property
    def paused(self) -> bool:
        """Whether Redis is not called at this moment."""
        return time.monotonic() < self._next_try

    async def call(self, command: Callable[[], Awaitable[T]]) -> T:
        """Return the result of `command()`.

        Raises:
            RedisUnavailable: it fails, takes too long, or is not tried during a pause.
        """
        began = time.monotonic()
        if began < self._next_try:
            raise RedisUnavailable
        if self._pause:
            self._next_try = began + 2 * TIMEOUT_SECONDS
        response = asyncio.ensure_future(command())
        try:
            await wait_for_response(response, TIMEOUT_SECONDS)
            if not response.done():
                self._late.add(response)
                response.add_done_callback(self._on_late_response)
                raise TimeoutError
            found = response.result()
        except self._failures as error:
            self._on_failure(error, began)
            raise RedisUnavailable from error
        except asyncio.CancelledError:
            response.cancel()
            raise
        self._on_success()
        return found

    async def close(self) -> None:
        """Close the connections."""
        for response in self._late:
            response.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        await self.client.aclose()

    def _on_failure(self, error: Exception, began: float) -> None:
        now = time.monotonic()
        if self._pause and began < self._failed_at:
            return
        if not self._pause and now >= self._quiet_until:
            self._quiet_until = now + QUIET_SECONDS
            self._warned = True
            log.warning("Redis does not answer (%s); %s", type(error).__name__, self._meanwhile)
        self._pause = min(self._pause * 2 or FIRST_PAUSE_SECONDS, self._longest)
        self._failed_at, self._next_try = now, now + self._pause

    def _on_late_response(self, response: "asyncio.Future[Any]") -> None:
        self._late.discard(response)
        if not response.cancelled() and response.exception() is None:
            self._on_success()

    def _on_success(self) -> None:
        if self._warned:
            self._warned = False
            log.warning("Redis answers again")
        self._pause = self._next_try = 0.0


async def wait_for_response(response: "asyncio.Future[Any]", seconds: float) -> None:
    """Wait a limited time for a response, which may be pending afterwards.

    After the timeout, data that has already arrived is read first, since this process may have been delayed.
    """
    await asyncio.wait({response}, timeout=seconds)
    for _ in range(PASSES):
        if not response.done():
            await asyncio.sleep(0)
