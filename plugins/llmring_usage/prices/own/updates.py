"""Keeps own prices current in this process: from the table when it changes, and from the file when that changes."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg

from llmring_server.database import Notifications
from llmring_server.errors import StartupError
from llmring_server.runtime.background import beside
from llmring_usage.prices.book import PriceBook
from llmring_usage.prices.own.models import DEPLOYMENT, OwnPrice
from llmring_usage.prices.own.price_file import PriceFileError, read_price_file
from llmring_usage.prices.own.store import TOPIC, OverrideStore

log = logging.getLogger(__name__)

CHECK_SECONDS = 1.0
Changed = Callable[[str | None], None]


class PriceUpdates:
    """Loads own prices at start, and again when a notification arrives or the file changes.

    `on_change` is called with the project whose prices changed, None for all projects.
    """

    def __init__(self, book: PriceBook, store: OverrideStore, notifications: Notifications, path: Path | None) -> None:
        self._book = book
        self._store = store
        self._path = path
        self._file_prices: Sequence[OwnPrice] = ()
        self._file_state: tuple[int, int] | None = None
        self._stale: set[str | None] = set()
        self._wake = asyncio.Event()
        self.on_change: Changed = lambda project: None
        notifications.listen(TOPIC, self._mark_stale, lambda: self._mark_stale(None))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load all prices, and keep them current while the block runs.

        Raises:
            StartupError: the file is not valid.
        """
        try:
            self._file_state = self._stat()
            self._read_file()
        except PriceFileError as error:
            raise StartupError(f"LLMRING_PRICES_FILE: {error}") from error
        await self._load_all()
        async with beside(self._run(), "llmring usage prices"):
            yield

    async def reload(self, project: str) -> None:
        """Load the prices of a project now."""
        prices = await self._store.current(project)
        self._book.own.replace(project, [*prices, *self._file_prices] if project == DEPLOYMENT else prices)
        self._book.forget()
        self.on_change(project or None)

    def _mark_stale(self, project: str | None) -> None:
        self._stale.add(project)
        self._wake.set()

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            await self._check_file()
            stale, self._stale = self._stale, set()
            try:
                await self._load(stale)
            except (psycopg.Error, TimeoutError) as error:
                self._stale |= stale
                log.warning("own prices are not loaded yet (%s)", type(error).__name__)

    async def _load(self, stale: set[str | None]) -> None:
        if None in stale:
            await self._load_all()
            return
        for project in stale:
            await self.reload(project or DEPLOYMENT)

    async def _load_all(self) -> None:
        by_project: dict[str, list[OwnPrice]] = {DEPLOYMENT: []}
        for price in await self._store.current():
            by_project.setdefault(price.project_id, []).append(price)
        by_project[DEPLOYMENT] += self._file_prices
        self._book.own.clear(by_project)
        for project, prices in by_project.items():
            self._book.own.replace(project, prices)
        self._book.forget()
        self.on_change(None)

    async def _check_file(self) -> None:
        """Read the file again if it has changed; while it is not valid, the prices before stay in force."""
        state = await asyncio.to_thread(self._stat)
        if state == self._file_state:
            return
        self._file_state = state
        try:
            self._read_file()
        except PriceFileError as error:
            log.error("the prices before stay in force: %s", error)
            return
        self._mark_stale(DEPLOYMENT)

    def _read_file(self) -> None:
        if self._path is not None:
            self._file_prices = read_price_file(self._path)

    def _stat(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None  # the read that follows has the reason
        return found.st_mtime_ns, found.st_size
