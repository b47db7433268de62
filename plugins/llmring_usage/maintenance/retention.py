"""Retention: whole months of raw rows are dropped once they are old enough; their sums remain in the rollups."""

import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import msgspec
from psycopg import sql

from llmring_server.contracts.statements import StatementsDue
from llmring_server.database import Database
from llmring_usage.tables.partitions import FIRST_YEAR, next_month
from llmring_usage.tables.state import DROPPED_BEFORE, SET, UsageState
from llmring_usage.tables.statement_lines import StatementLines

log = logging.getLogger(__name__)

OLDEST = f"usage_logs_before_{FIRST_YEAR}"
MONTHLY = re.compile(r"usage_logs_(\d{4})_(\d{2})")
LOCK_WAIT = "1s"
MEBIBYTE = 1024 * 1024

PARTITIONS: LiteralString = """
    SELECT child.relname AS name, greatest(child.reltuples, 0)::bigint AS rows,
        pg_total_relation_size(child.oid) AS bytes
    FROM pg_inherits
    JOIN pg_class AS child ON child.oid = inhrelid
    WHERE inhparent = to_regclass('usage_logs')
    ORDER BY name
"""


class Partition(msgspec.Struct, frozen=True):
    """One partition of raw rows: the planner's estimate of its rows, and its size in bytes with indexes."""

    name: str
    rows: int
    bytes: int

    def __str__(self) -> str:
        """Return its name and approximate size."""
        return f"{self.name}: ~{self.rows:,} rows, {self.bytes / MEBIBYTE:,.1f} MiB"

    @property
    def start(self) -> datetime:
        """The start (UTC) of its month; for the oldest partition, of its last month."""
        return (self.end - timedelta(days=1)).replace(day=1)

    @property
    def end(self) -> datetime:
        """The end (UTC) of its month: all its rows are before it."""
        match = MONTHLY.fullmatch(self.name)
        year, month = next_month((int(match[1]), int(match[2]))) if match else (FIRST_YEAR, 1)
        return datetime(year, month, 1, tzinfo=UTC)


class UsageRetention:
    """Finds and drops the partitions that are older than the retention."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._state = UsageState(database)

    async def partitions(self) -> list[Partition]:
        """Return every partition of raw rows."""
        return await self._database.rows(Partition, PARTITIONS)

    async def due(self, days: int, now: datetime | None = None) -> list[Partition]:
        """Return the partitions whose every row is older than `days`, oldest first."""
        cutoff = (now or datetime.now(UTC)) - timedelta(days=days)
        due = [one for one in await self.partitions() if one.end <= cutoff and (one.name != OLDEST or one.rows)]
        return sorted(due, key=lambda one: one.end)

    async def drop(self, partition: Partition) -> None:
        """Drop a partition's rows in one transaction, and store the end of the dropped rows.

        Raises:
            psycopg.errors.LockNotAvailable: it is being read for longer than a second; try again later.
        """
        before = await self._state.get(DROPPED_BEFORE)
        latest = max(partition.end.isoformat(), before or "")
        name = sql.Identifier(partition.name)
        async with self._database.transaction() as connection:
            await connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(LOCK_WAIT))
            await connection.execute(SET, {"name": DROPPED_BEFORE, "value": latest})
            if partition.name == OLDEST:
                await connection.execute(sql.SQL("TRUNCATE {}").format(name))
            else:
                await connection.execute(sql.SQL("ALTER TABLE usage_logs DETACH PARTITION {}").format(name))
                await connection.execute(sql.SQL("DROP TABLE {}").format(name))

    async def dropped_before(self) -> datetime | None:
        """Return the instant (UTC) before which raw rows were dropped, or None."""
        stored = await self._state.get(DROPPED_BEFORE)
        return datetime.fromisoformat(stored) if stored else None


class StatementRetention:
    """Retention that keeps a month's calls, and all later ones, until every project has a statement of them.

    Without `statements`, no call waits for one.
    """

    def __init__(self, retention: UsageRetention, lines: StatementLines) -> None:
        self._retention = retention
        self._lines = lines
        self.statements: StatementsDue | None = None
        self._warned: str | None = None

    async def due(self, days: int) -> list[Partition]:
        """Return the partitions that are old enough and in statements, oldest first; a delay is logged once."""
        found = []
        for partition in await self._retention.due(days):
            awaited = await self._awaited(partition)
            if awaited:
                self._warn(partition, awaited)
                break
            found.append(partition)
        return found

    async def drop(self, partition: Partition) -> None:
        """Drop a partition's rows."""
        await self._retention.drop(partition)

    async def _awaited(self, partition: Partition) -> Sequence[str]:
        if self.statements is None:
            return []
        used = await self._lines.projects(partition.start, partition.end)
        if awaited := await self.statements.find_pending(used, partition.end):
            return awaited
        # Calls that replace others in a month that was stated before have to be stated too.
        replaced = await self._lines.replaced_before(partition.end)
        return [project for project, at in replaced.items() if await self.statements.find_pending([project], at)]

    def _warn(self, partition: Partition, awaited: Sequence[str]) -> None:
        if self._warned != partition.name:
            log.warning(
                "%s is older than the retention and is not dropped until its calls are in statements; %d projects have "
                "no statement up to %s, such as %s", partition.name, len(awaited), partition.end, awaited[0],
            )  # fmt: skip
            self._warned = partition.name
