"""The queue of one listener: bounded, in order, with a time limit for each call."""

import asyncio
import contextvars
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from llmring_server.runtime.listener_limit import in_listener
from llmring_server.settings import Settings

log = logging.getLogger(__name__)

CALL_ENTRIES = 1000
LOG_SECONDS = 60.0


class QueueLimits(msgspec.Struct, frozen=True):
    """The bounds of each listener's queue, and the seconds that a call of a listener may take."""

    entries: int
    bytes: int
    seconds: float

    @classmethod
    def from_settings(cls, settings: Settings) -> "QueueLimits":
        """Return the limits of a server."""
        return cls(settings.event_queue_entries, settings.event_queue_bytes, settings.event_timeout)


class ListenerQueue:
    """The entries of one event for one listener of a plugin, delivered in order, one call after the other.

    What arrives during a call is delivered by the next one, at most `CALL_ENTRIES` at once. Entries beyond the bounds
    are `dropped`; those of a call that raised, was cancelled or took too long are `failed`. Both are counted, and
    logged once per minute. A listener that ignores its cancellation is called again only when it has ended.
    """

    def __init__(
        self, plugin: str, event: str, call: Callable[[Sequence[Any]], Awaitable[None]], limits: QueueLimits
    ) -> None:
        self.plugin, self.event = plugin, event
        self.delivered = self.failed = self.dropped = 0
        self._call = call
        self._limits = limits
        self._waiting: deque[tuple[Any, int]] = deque()
        self._bytes = self._delivering = 0
        self._task: asyncio.Task[None] | None = None
        self._current: asyncio.Task[None] | None = None
        self._logged_at = float("-inf")
        self._logged = 0

    def put(self, sized: Sequence[tuple[Any, int]]) -> None:
        """Append entries, given with their sizes in bytes; those beyond the bounds are dropped."""
        for position, (entry, size) in enumerate(sized):
            if len(self._waiting) >= self._limits.entries or self._bytes + size > self._limits.bytes:
                self.dropped += len(sized) - position
                self._report("its queue is full")
                break
            self._waiting.append((entry, size))
            self._bytes += size
        if self._waiting and self._task is None:
            self._task = asyncio.create_task(self._run(), name=self._name, context=contextvars.Context())

    @property
    def waiting(self) -> int:
        """The number of entries that wait for the listener."""
        return len(self._waiting)

    @property
    def busy(self) -> bool:
        """Whether entries wait or are being delivered."""
        return self._task is not None

    async def wait_idle(self) -> None:
        """Return when all entries are delivered."""
        while self._task is not None:
            await asyncio.wait({self._task})

    def stop(self) -> None:
        """Stop the delivery; entries that wait or are being delivered are dropped, which is logged."""
        for task in (self._task, self._current):
            if task is not None:
                task.cancel()
        self.dropped += len(self._waiting) + self._delivering
        self._waiting.clear()
        self._bytes = self._delivering = 0
        if self.dropped + self.failed > self._logged:
            self._logged_at = float("-inf")
            self._report("the server stops")

    @property
    def _name(self) -> str:
        return f"{self.event} of plugin {self.plugin!r}"

    async def _run(self) -> None:
        in_listener.set(True)
        try:
            while self._waiting:
                await self._deliver(self._take())
        finally:
            self._task = None

    def _take(self) -> list[Any]:
        taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), CALL_ENTRIES))]
        self._bytes -= sum(size for _, size in taken)
        return [entry for entry, _ in taken]

    async def _deliver(self, entries: Sequence[Any]) -> None:
        """Call the listener in a task of its own, so that it cannot cancel or outlive the queue's."""
        self._delivering = len(entries)
        self._current = call = asyncio.create_task(self._await_call(entries), name=self._name)
        try:
            _, late = await asyncio.wait({call}, timeout=self._limits.seconds)
            if late:
                call.cancel()
                self._delivering = 0
                self._fail(entries, f"it took longer than {self._limits.seconds:g} s")
                await asyncio.wait({call})
            elif call.cancelled():
                self._fail(entries, "it was cancelled")
            elif (error := call.exception()) is not None:
                self._fail(entries, f"{type(error).__name__}: {error}", error)
            else:
                self.delivered += len(entries)
        finally:
            self._current = None
            self._delivering = 0

    async def _await_call(self, entries: Sequence[Any]) -> None:
        await self._call(entries)

    def _fail(self, entries: Sequence[Any], reason: str, error: BaseException | None = None) -> None:
        self.failed += len(entries)
        self._report(reason, error)

    def _report(self, reason: str, error: BaseException | None = None) -> None:
        """Log what was lost, at most once per `LOG_SECONDS`."""
        now = time.monotonic()
        if now - self._logged_at < LOG_SECONDS:
            return
        self._logged_at, self._logged = now, self.failed + self.dropped
        log.error(
            "plugin %r failed in %s: %s (entries so far: %d failed, %d dropped)",
            self.plugin, self.event, reason, self.failed, self.dropped, exc_info=error,
        )  # fmt: skip
