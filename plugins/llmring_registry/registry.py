"""The registry of this process: one copy, replaced as a whole and refreshed in the background."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec

from llmring_registry.composed.snapshot import Snapshot, compose
from llmring_registry.history import PriceHistory
from llmring_registry.models import MANIFEST, Copy
from llmring_registry.settings import RegistrySettings
from llmring_registry.storage.last_valid import LastValidCopy
from llmring_registry.upstream.client import Upstream
from llmring_registry.upstream.refresh import Refresh
from llmring_server.contracts import Price

log = logging.getLogger("llmring_server.registry")

POLL_SECONDS = 60.0
FIRST_RETRY_SECONDS = 1.0
FIRST_BACKGROUND_SECONDS = 5.0
JITTER = 0.2


class NoRegistry(Exception):
    """There is no registry copy, neither stored nor from upstream; the message has the reason."""


class Registry:
    """The current copy and its snapshot; also the `PriceList` of other features.

    Requests read `snapshot`, which is immutable: a change builds a new one and assigns it.
    """

    def __init__(self, settings: RegistrySettings, upstream: Upstream, last_valid: LastValidCopy) -> None:
        self._settings = settings
        self._upstream = upstream
        self._last_valid = last_valid
        self.copy = Copy(files={})
        self.history = PriceHistory()
        self.snapshot: Snapshot | None = None
        self._fetched_at = 0.0
        self._incomplete = False
        self._last_attempt = -settings.retry_seconds
        self._due_at = 0.0
        self._refresh_task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._random = random.SystemRandom()

    @property
    def loaded(self) -> bool:
        """Whether there is a copy."""
        return self.snapshot is not None

    def on_change(self, function: Callable[[], None]) -> None:
        """Call a function whenever the current copy or its history changes."""
        self.history.listeners.append(function)

    def find(self, provider: str, model: str, at: datetime | None = None) -> Price | None:
        """Return the price that was in force at a time, by default now; None for an unknown model or without a copy.

        A file whose date is ahead of this server's clock is in force.
        """
        snapshot = self.snapshot
        price = snapshot.prices.find(provider, model) if snapshot else None
        current = self.history.since(provider)
        if at is None or current is None or current <= at or current > datetime.now(UTC):
            return price if price is None or at is None or current is None or current <= at else _undated(price)
        return self.history.find(provider, model, at)

    async def load_history(self, since: datetime) -> None:
        """Load the versions that were in force since a time, as far as the store and upstream's archive have them."""
        for provider in self.copy.providers:
            current = self.history.since(provider)
            if current is not None and current > since:
                await self.history.load(provider, since)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load the stored copy, or wait briefly for a first one; then refresh it until the server stops."""
        self._switch_to(await self._last_valid.load())
        if self.snapshot is None:
            await asyncio.wait({self._start_refresh()}, timeout=self._settings.start_wait_seconds)
        periodic = asyncio.create_task(self._refresh_periodically(), name="llmring registry")
        try:
            yield
        finally:
            for task in (periodic, self._refresh_task):
                if task is not None:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task

    async def ready(self) -> Snapshot:
        """Return the snapshot; without a copy, wait a limited time for the shared fetch.

        Raises:
            NoRegistry: there is still no copy.
        """
        if self.snapshot is None and (self._is_refreshing() or self._may_retry()):
            await asyncio.wait({self._start_refresh()}, timeout=self._settings.first_wait_seconds)
        if self.snapshot is None:
            reason = "; ".join(f"{path}: {reason}" for path, reason in sorted(self.copy.failed.items()))
            raise NoRegistry(reason or "no response from upstream yet")
        return self.snapshot

    def current(self) -> Snapshot | None:
        """Return the current snapshot, and start a background refresh if it is due."""
        if self._due_at <= time.monotonic():
            self._wake.set()
        return self.snapshot

    def stale_age(self, path: str | None = None) -> int | None:
        """Return the age in seconds of the copy, or of one file, if it is stale; None if it is fresh.

        Stale: the last refresh did not get it, or it is older than a refresh interval plus a retry.
        """
        if path is None:
            failed, fetched_at = self._incomplete, self._fetched_at
        else:
            failed, fetched_at = path in self.copy.failed, self.copy.files[path].fetched_at.timestamp()
        age = time.time() - fetched_at
        limit = self._settings.refresh_seconds + self._settings.retry_seconds + self._settings.timeout_seconds
        return max(0, int(age)) if failed or age > limit else None

    @property
    def age(self) -> float | None:
        """Seconds since upstream last confirmed the complete copy; None without a copy."""
        return None if self.snapshot is None else max(0.0, self._age())

    @property
    def model_count(self) -> int:
        """The number of models in the copy."""
        return 0 if self.snapshot is None else self.snapshot.model_count

    async def check(self) -> None:
        """Raise NoRegistry if there is no copy."""
        if self.snapshot is None:
            raise NoRegistry("no copy of the registry")

    async def refresh(self) -> None:
        """Fetch from upstream now, even if the copy is fresh; files that fail stay as they are."""
        if self._refresh_task is not None and not self._refresh_task.done():
            await asyncio.wait({self._refresh_task})
        self._refresh_task = asyncio.create_task(self._run_refresh(forced=True), name="llmring registry refresh")
        await asyncio.wait({self._refresh_task})

    def _start_refresh(self) -> "asyncio.Task[None]":
        """Return the running refresh, or start one."""
        if self._refresh_task is None or self._refresh_task.done():
            self._refresh_task = asyncio.create_task(self._run_refresh(), name="llmring registry refresh")
        return self._refresh_task

    def _is_refreshing(self) -> bool:
        return self._refresh_task is not None and not self._refresh_task.done()

    def _may_retry(self) -> bool:
        return time.monotonic() - self._last_attempt >= min(FIRST_RETRY_SECONDS, self._settings.retry_seconds)

    async def _refresh_periodically(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._seconds_to_next_check()):
                    await self._wake.wait()
            await asyncio.wait({self._start_refresh()})
            self._wake.clear()

    def _seconds_to_next_check(self) -> float:
        """Return the seconds until the next check; the store is polled for newer copies every minute."""
        due = max(0.05, self._due_at - time.monotonic())
        return min(due, POLL_SECONDS) * self._random.uniform(1, 1 + JITTER)

    async def _run_refresh(self, *, forced: bool = False) -> None:
        """Load a newer copy of another process; fetch from upstream only if that is too old as well, or if `forced`."""
        try:
            newer = await self._last_valid.load_newer(self.copy)
            if newer is not None:
                self._switch_to(newer)
            if forced or self._is_due():
                await self._fetch_upstream()
        except Exception:
            log.exception("registry: the refresh failed; the last valid copy is served")
        finally:
            self._due_at = time.monotonic() + self._seconds_to_refresh()

    async def _fetch_upstream(self) -> None:
        last, settings = self.copy, self._settings
        refresh = Refresh(self._upstream, settings.providers, last, settings.timeout_seconds)
        try:
            copy = await refresh.run()
        finally:
            self._last_attempt = time.monotonic()
        self._switch_to(copy)
        _log_failures(last, copy)
        if refresh.succeeded and self.snapshot is not None and not copy.borrowed:
            await self._last_valid.save(copy, self.snapshot)

    def _switch_to(self, copy: Copy) -> None:
        """Switch to a copy; a new snapshot is composed only if the providers' bytes or order changed."""
        providers = copy.providers
        before = [(name, file.sha256) for name, file in self.copy.providers.items()]
        if providers and before != [(name, file.sha256) for name, file in providers.items()]:
            snapshot = compose(providers)
            log.info("registry: serving %s", snapshot.version)
            self.snapshot = snapshot
            self.history.switch_to(snapshot.providers, snapshot.prices)
        fetched_at = copy.fetched_at
        self.copy = copy
        self._fetched_at = fetched_at.timestamp() if fetched_at else 0.0
        self._incomplete = any(path in copy.failed for path in copy.files if path != MANIFEST)

    def _is_due(self) -> bool:
        if self.snapshot is None:
            return True
        fresh = 0 <= self._age() < self._settings.refresh_seconds and not self.copy.failed
        return not fresh and self._retry_allowed()

    def _retry_allowed(self) -> bool:
        """Whether the pause after the last attempt is over."""
        return not self.copy.failed or time.monotonic() - self._last_attempt >= self._retry_pause()

    def _retry_pause(self) -> float:
        return min(self._settings.retry_seconds, self._settings.refresh_seconds)

    def _seconds_to_refresh(self) -> float:
        if self.snapshot is None:
            return min(FIRST_BACKGROUND_SECONDS, self._settings.retry_seconds)
        if self.copy.failed:
            return max(0.0, self._last_attempt + self._retry_pause() - time.monotonic())
        return max(0.0, self._settings.refresh_seconds - self._age())

    def _age(self) -> float:
        return datetime.now(UTC).timestamp() - self._fetched_at


def _undated(price: Price) -> Price:
    return msgspec.structs.replace(price, since=None)


def _log_failures(last: Copy, copy: Copy) -> None:
    """Log the files that a refresh did not get, once per change."""
    if copy.failed and dict(copy.failed) != dict(last.failed):
        named = "; ".join(f"{path}: {reason}" for path, reason in sorted(copy.failed.items()))
        log.warning("registry: not refreshed: %s; the last valid copy, if any, is served", named)
    elif last.failed and not copy.failed:
        log.info("registry: completely refreshed again")
