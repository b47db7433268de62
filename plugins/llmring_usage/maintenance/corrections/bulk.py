"""Void many entries: those that match a filter, oldest first, in bounded chunks.

Voided entries match no longer, so that an interrupted run continues where it stopped when it is started again.
"""

import functools
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import LiteralString, NamedTuple
from uuid import UUID

from llmring_server.contracts.usage_lines import CorrectedUsage
from llmring_server.database import Database
from llmring_server.database.connections import Connection
from llmring_usage.maintenance.corrections.events import CorrectionEvents, corrected_usage
from llmring_usage.maintenance.corrections.models import CorrectionRecord, TakenBack
from llmring_usage.maintenance.corrections.store import CorrectionStore
from llmring_usage.pricing.calculators import EXACT, ZERO
from llmring_usage.queries.usage_logs import LogFilter, select_sql
from llmring_usage.tables.log_columns import COUNTED

CHUNK_ROWS = 1_000
CHUNK_SECONDS = 60.0
COUNT_SECONDS = 600.0

OF_PROJECT: LiteralString = " FROM usage_logs WHERE project_id = %(project)s AND " + COUNTED
COUNT: LiteralString = "SELECT count(*), coalesce(sum(cost), 0)" + OF_PROJECT
NEXT: LiteralString = "SELECT occurred_at, id" + OF_PROJECT
OLDEST_FIRST: LiteralString = " AND (occurred_at, id) > (%(time)s, %(entry)s) ORDER BY occurred_at, id LIMIT %(limit)s"

Position = tuple[datetime, UUID]
START: Position = datetime(1900, 1, 1, tzinfo=UTC), UUID(int=0)


class Amount(NamedTuple):
    """A number of entries, and their cost in USD."""

    entries: int
    cost: Decimal


class BulkVoid:
    """Voids the entries of a project that match a filter."""

    def __init__(
        self, database: Database, store: CorrectionStore, events: CorrectionEvents, project: str, chosen: LogFilter
    ) -> None:
        self._database = database
        self._store = store
        self._events = events
        self._project = project
        self._chosen = chosen

    async def count(self) -> Amount:
        """Return the matching entries and their cost; nothing is changed."""
        query, params = select_sql(self._project, self._chosen, None, COUNT)
        async with self._database.connection(COUNT_SECONDS) as connection:
            found = await (await connection.execute(query, params)).fetchone()
        return Amount(*found) if found else Amount(0, ZERO)

    async def run(self, reason: str) -> AsyncIterator[Amount]:
        """Void the matching entries, and yield the amount of each chunk."""
        after = START
        while chunk := await self._next(after):
            after = chunk[-1]
            work = functools.partial(self._void, chunk=chunk, reason=reason)
            taken = await self._store.run(work, CHUNK_SECONDS)
            self._events(taken)
            costs = (one.cost for one in taken if one.cost is not None)
            yield Amount(len(taken), functools.reduce(EXACT.add, costs, ZERO))

    async def _next(self, after: Position) -> list[Position]:
        query, params = select_sql(self._project, self._chosen, None, NEXT)
        params |= {"time": after[0], "entry": after[1], "limit": CHUNK_ROWS}
        async with self._database.connection(COUNT_SECONDS) as connection:
            return await (await connection.execute(query + OLDEST_FIRST, params)).fetchall()

    async def _void(self, connection: Connection, chunk: Sequence[Position], reason: str) -> list[CorrectedUsage]:
        """Void the entries of a chunk that count, and return them as listeners receive them."""
        now = datetime.now(UTC)
        await self._store.lock_sums(connection, self._project, chunk[0][0])
        taken = await self._store.void(connection, self._project, chunk, now)
        records = [self._record(one, reason, now) for one in taken]
        await self._store.record(connection, records)
        return [corrected_usage(record, one) for record, one in zip(records, taken, strict=True)]

    def _record(self, entry: TakenBack, reason: str, now: datetime) -> CorrectionRecord:
        return CorrectionRecord(
            project_id=self._project,
            log_id=str(entry.id),
            occurred_at=entry.occurred_at,
            kind="void",
            reason=reason,
            key_id=None,
            corrected_at=now,
        )
