"""Replay of the journal: stores its calls by the path of `/log`, long after their responses were sent."""

import asyncio
import itertools
import logging
from collections.abc import Sequence

from psycopg import errors

from llmring_server.contracts.serving import RecentKeys
from llmring_server.http.errors import Problem, Unavailable
from llmring_usage.ingest.billing import PriorBillingLookup
from llmring_usage.ingest.repository import Outcome, UsageRepository
from llmring_usage.ingest.writer import OnStored
from llmring_usage.models.rows import UsageRow
from llmring_usage.settings import UsageSettings

log = logging.getLogger(__name__)


class JournalReplay:
    """Stores the rows of one record; rows that a killed replay has stored already are left unchanged."""

    def __init__(
        self,
        repository: UsageRepository,
        prior_billing: PriorBillingLookup,
        settings: UsageSettings,
        on_stored: OnStored,
    ) -> None:
        self._repository = repository
        self._prior_billing = prior_billing
        self._seconds = settings.write_timeout
        self._on_stored = on_stored
        self.recent_keys: RecentKeys | None = None

    async def __call__(self, rows: Sequence[UsageRow]) -> list[UsageRow]:
        """Store the rows that are new, and return those of keys that are revoked, which are not stored.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database is down again.
            Unavailable: another process is writing an entry with the same idempotency key; replay the record again.
        """
        revoked = await self._find_revoked(rows)
        try:
            unbilled = await self._unbilled([row for row in rows if _key(row) not in revoked])
            try:
                await self._store(unbilled)
            except errors.UniqueViolation:
                for row in unbilled:
                    await self._store_again(row)
        finally:
            await self._repository.release_connection()
        return [row for row in rows if _key(row) in revoked]

    async def _find_revoked(self, rows: Sequence[UsageRow]) -> set[tuple[str, str]]:
        """Return the keys that were unconfirmed when their calls were logged, and are revoked or unknown now."""
        keys = {_key(row) for row in rows if row.unconfirmed_key}
        known = self.recent_keys
        return keys if known is None or not keys else await known.find_revoked(keys)

    async def _unbilled(self, rows: Sequence[UsageRow]) -> list[UsageRow]:
        """Return the rows without those that another plugin has billed."""
        found: list[UsageRow] = []
        for _, group in itertools.groupby(rows, key=lambda row: row.series.project_id):
            project_rows = list(group)
            billed = await self._prior_billing.find(project_rows)
            found += [row for row, known in zip(project_rows, billed, strict=True) if known is None]
        return found

    async def _store(self, rows: Sequence[UsageRow]) -> None:
        if rows:
            outcomes = await self._repository.store(rows, asyncio.get_running_loop().time() + self._seconds)
            self._on_stored(rows, outcomes)
            for row, outcome in zip(rows, outcomes, strict=True):
                _report(row, outcome)

    async def _store_again(self, row: UsageRow) -> None:
        """Store a row that may be stored already."""
        try:
            await self._store([row])
        except errors.UniqueViolation:
            log.debug("entry %s is stored already", row.id)


def _key(row: UsageRow) -> tuple[str, str]:
    """Return the project and id of a row's unconfirmed key; the id is empty if the key was confirmed."""
    return row.series.project_id, row.unconfirmed_key or ""


def _report(row: UsageRow, outcome: Outcome) -> None:
    """Log the outcome of an acknowledged entry that was not stored."""
    if isinstance(outcome, Unavailable):
        raise outcome
    if isinstance(outcome, Problem):
        log.error("entry %s of the journal is not stored: %s", row.id, outcome.description)
    elif outcome.log_id != row.id:
        log.info("entry %s of the journal was logged before, as %s", row.id, outcome.log_id)
