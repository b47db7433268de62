"""Corrections in PostgreSQL: rows, sums and the record of a correction change in one transaction, or not at all."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import errors
from psycopg.rows import class_row

from llmring_server.database import Database
from llmring_server.database.connections import Connection
from llmring_server.http import codec
from llmring_usage.maintenance.corrections import sql
from llmring_usage.maintenance.corrections.models import CorrectionRecord, StoredEntry, TakenBack
from llmring_usage.models.rows import UsageRow
from llmring_usage.models.series import encode_rows
from llmring_usage.tables.entry_lookup import find_params

T = TypeVar("T")

ATTEMPTS = 5
PAUSE_SECONDS = 0.02
CONTENDED = (errors.DeadlockDetected, errors.SerializationFailure)


class CorrectionStore:
    """The tables that a correction changes; `zone` is the zone in which days are counted."""

    def __init__(self, database: Database, zone: str, tags: Sequence[str]) -> None:
        self._database = database
        self._zone = ZoneInfo(zone)
        self._tags = list(tags)
        self._random = random.SystemRandom()

    async def run(self, work: Callable[[Connection], Awaitable[T]], seconds: float) -> T:
        """Return the result of `work` in a transaction; repeated if that is in conflict with a batch of calls."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._database.transaction(seconds) as connection:
                    return await work(connection)
            except CONTENDED:
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(PAUSE_SECONDS * attempt * self._random.random())
        raise AssertionError("unreachable")

    async def find_time(self, project: str, log_id: str) -> datetime | None:
        """Return when an entry happened, UTC, or None if this project has no row of that id."""
        params = find_params(project, log_id)
        found = [] if params is None else await self._database.fetch(sql.FIND, params)
        return found[0]["occurred_at"].astimezone(UTC) if found else None

    async def lock_sums(self, connection: Connection, project: str, oldest: datetime) -> None:
        """Keep others from computing the sums of hours, and of months if calls are as old as `oldest`."""
        await connection.execute(sql.LOCK_HOURS, {"project": project})
        tomorrow = datetime.now(self._zone).date() + timedelta(days=1)
        if oldest.astimezone(self._zone).date() < tomorrow.replace(day=1):
            await connection.execute(sql.LOCK_MONTHS)

    async def lock_entry(
        self, connection: Connection, project: str, occurred_at: datetime, log_id: str
    ) -> StoredEntry | None:
        """Lock the row of an entry, and return it as it is now; None if it was dropped."""
        params = {"project": project, "occurred_at": occurred_at, "id": UUID(log_id)}
        async with connection.cursor(row_factory=class_row(StoredEntry)) as cursor:
            return await (await cursor.execute(sql.LOCK_ENTRY, params)).fetchone()

    async def void(
        self, connection: Connection, project: str, positions: Sequence[tuple[datetime, UUID]], now: datetime
    ) -> list[TakenBack]:
        """Take rows and their amounts out of all sums, and return those that were not taken back before."""
        taken = await self._take_back(connection, project, positions, now, None)
        await self._change_sums(connection, project, [(one.occurred_at, one.id) for one in taken], [])
        return taken

    async def replace(
        self, connection: Connection, entry: StoredEntry, row: UsageRow, now: datetime
    ) -> list[TakenBack]:
        """Take a row back and store another one instead, in all sums too."""
        project, new = row.series.project_id, UUID(row.id)
        position = (entry.occurred_at, entry.id)
        taken = await self._take_back(connection, project, [position], now, new)
        rows, series = encode_rows([row])
        await connection.execute(sql.REPLACE, {"rows": rows, "series": series, "replaces": entry.id})
        await self._change_sums(connection, project, [position], [new])
        return taken

    async def record(self, connection: Connection, records: Sequence[CorrectionRecord]) -> None:
        """Store who took entries back, and why."""
        await connection.execute(sql.RECORD, {"records": codec.encode(records).decode()})

    async def _take_back(
        self, connection: Connection, project: str, positions: Sequence[tuple[datetime, UUID]], now: datetime,
        replaced_by: UUID | None,
    ) -> list[TakenBack]:  # fmt: skip
        params = {**_given(project, positions), "now": now, "replaced_by": replaced_by}
        async with connection.cursor(row_factory=class_row(TakenBack)) as cursor:
            return await (await cursor.execute(sql.TAKE_BACK, params)).fetchall()

    async def _change_sums(
        self, connection: Connection, project: str, positions: Sequence[tuple[datetime, UUID]], new: Sequence[UUID]
    ) -> None:
        params = {**_given(project, positions), "new_ids": list(new), "zone": self._zone.key, "tags": self._tags}
        for statement in (*sql.CHANGE_SUMS, sql.DELETE_HOURS, sql.DELETE_MONTHS):
            await connection.execute(statement, params)


def _given(project: str, positions: Sequence[tuple[datetime, UUID]]) -> dict[str, Any]:
    return {"project": project, "times": [at for at, _ in positions], "ids": [entry for _, entry in positions]}
