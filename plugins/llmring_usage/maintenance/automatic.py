"""Pricing in the background: calls without an exact price are priced again when a source learns their price.

A pass reads only unpriced and estimated calls, chunk by chunk at a bounded rate, and corrects rows and rollups in one
transaction per chunk. One process at a time works on a chunk.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString

import psycopg

from llmring_server.database import Database
from llmring_server.runtime.background import beside
from llmring_usage.maintenance.reprice import CHUNK_SECONDS, START, PriceCorrection, Repricing, RowSelection
from llmring_usage.maintenance.repricing_events import RepricingEvents
from llmring_usage.prices.book import PriceBook

log = logging.getLogger(__name__)

ROWS_PER_SECOND = 5_000
SETTLE_SECONDS = 0.5
# Calls that were priced just before a change may be stored after a pass has read their project.
REPEAT_SECONDS = 10.0
LOCK: LiteralString = (
    "SELECT pg_try_advisory_xact_lock(hashtextextended('llmring usage pricing ' || current_schema(), 0))"
)


class AutomaticPricing:
    """Prices calls again after a change of prices: `changed` names the project, None for all."""

    def __init__(
        self, database: Database, book: PriceBook, zone: str, events: RepricingEvents, tags: Sequence[str] = ()
    ) -> None:
        self._database = database
        self._book = book
        self._zone = zone
        self._tags = tags
        self._events = events
        self._changed: set[str | None] = set()
        self._wake = asyncio.Event()

    def changed(self, project: str | None) -> None:
        """Price the calls of a project again soon."""
        self._changed.add(project)
        self._wake.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Price calls again at start and after each change, while the block runs."""
        async with beside(self._run(), "llmring usage automatic pricing"):
            yield

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(SETTLE_SECONDS)
            projects = self._take()
            await self._price(projects)
            await asyncio.sleep(REPEAT_SECONDS)
            await self._price(projects)

    def _take(self) -> Sequence[str | None]:
        self._wake.clear()
        changed, self._changed = self._changed, set()
        return [None] if None in changed else sorted(project for project in changed if project is not None)

    async def _price(self, projects: Sequence[str | None]) -> None:
        for project in projects:
            try:
                await self._pass(project)
            except (psycopg.Error, TimeoutError) as error:
                self.changed(project)
                log.warning("calls are not priced again yet: %s", error)
            except Exception:
                log.exception("calls are not priced again until the next change of prices")

    async def _pass(self, project: str | None) -> None:
        """Price the calls of a project, or of all; meanwhile, a project whose prices change is priced at once."""
        repricing = Repricing(self._database, self._book, self._zone, RowSelection(only=project), self._tags)
        at: dict[str, Any] | None = START
        priced = 0
        while at is not None:
            async with self._database.transaction(CHUNK_SECONDS) as connection:
                locked = await (await connection.execute(LOCK)).fetchone()
                if locked is None or not locked[0]:
                    seen = ROWS_PER_SECOND  # another process is at work: wait for it
                    corrections: list[PriceCorrection] = []
                else:
                    at, progress = await repricing.step(connection, at)
                    seen, corrections = progress.seen, progress.corrections
            self._events(corrections)
            priced += len(corrections)
            await asyncio.sleep(seen / ROWS_PER_SECOND)
            if project is None and self._changed - {None}:
                urgent = sorted(one for one in self._changed if one is not None)
                self._changed -= set(urgent)
                await self._price(urgent)
        if priced:
            log.info("%d calls were priced again", priced)
