"""Replaying the journal: the path of `/log` once more, for calls whose answer was given long ago."""

import asyncio
import itertools
import logging
from collections.abc import Sequence

from psycopg import errors

from llmring_server.http.errors import Problem, Unavailable
from llmring_usage.ingest.billing import Settled
from llmring_usage.ingest.repository import Ledger, Outcome
from llmring_usage.ingest.writer import Told
from llmring_usage.models.rows import Row
from llmring_usage.settings import UsageSettings

log = logging.getLogger(__name__)


class Replay:
    """Stores the rows of one record; those that are stored already, by a replay that was killed, stay as they are."""

    def __init__(self, ledger: Ledger, settled: Settled, settings: UsageSettings, told: Told) -> None:
        self._ledger = ledger
        self._settled = settled
        self._seconds = settings.write_timeout
        self._told = told

    async def __call__(self, rows: Sequence[Row]) -> None:
        """Store what is news.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database is away again.
            Unavailable: an entry's idempotency key is being written by somebody else; try the record again.
        """
        try:
            news = await self._news(rows)
            try:
                await self._store(news)
            except errors.UniqueViolation:
                for row in news:
                    await self._store_again(row)
        finally:
            await self._ledger.rest()

    async def _news(self, rows: Sequence[Row]) -> list[Row]:
        """Leave out what another feature has billed."""
        found: list[Row] = []
        for _, group in itertools.groupby(rows, key=lambda row: row.series.project_id):
            of_project = list(group)
            settled = await self._settled.find(of_project)
            found += [row for row, known in zip(of_project, settled, strict=True) if known is None]
        return found

    async def _store(self, rows: Sequence[Row]) -> None:
        if rows:
            outcomes = await self._ledger.store(rows, asyncio.get_running_loop().time() + self._seconds)
            self._told(rows, outcomes)
            for row, outcome in zip(rows, outcomes, strict=True):
                _report(row, outcome)

    async def _store_again(self, row: Row) -> None:
        """Store a row that may be there already."""
        try:
            await self._store([row])
        except errors.UniqueViolation:
            log.debug("entry %s is stored already", row.id)


def _report(row: Row, outcome: Outcome) -> None:
    """Say what became of an acknowledged entry that was not stored."""
    if isinstance(outcome, Unavailable):
        raise outcome
    if isinstance(outcome, Problem):
        log.error("entry %s of the journal is not stored: %s", row.id, outcome.description)
    elif outcome.log_id != row.id:
        log.info("entry %s of the journal was logged before, as %s", row.id, outcome.log_id)
