"""Retention: whole months of raw rows are dropped once they are old enough; their sums stay in the rollups."""

import logging
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import msgspec
from psycopg import sql

from llmring_server.contracts.statements import StatementsDue
from llmring_server.database import Database
from llmring_usage.tables.partitions import FIRST_YEAR, following
from llmring_usage.tables.state import DROPPED_BEFORE, SET, Facts
from llmring_usage.tables.statement_lines import LoggedLines

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
    """One partition of raw rows: the planner's estimate of its rows, and its size with indexes."""

    name: str
    rows: int
    bytes: int

    def __str__(self) -> str:
        """Say its name and about how large it is."""
        return f"{self.name}: ~{self.rows:,} rows, {self.bytes / MEBIBYTE:,.1f} MiB"

    @property
    def start(self) -> datetime:
        """When the month begins (UTC) that its last rows may be of."""
        return (self.end - timedelta(days=1)).replace(day=1)

    @property
    def end(self) -> datetime:
        """The instant (UTC) before which all its rows happened."""
        match = MONTHLY.fullmatch(self.name)
        year, month = following((int(match[1]), int(match[2]))) if match else (FIRST_YEAR, 1)
        return datetime(year, month, 1, tzinfo=UTC)


class Retention:
    """Which partitions have outlived the retention, and dropping them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._facts = Facts(database)

    async def partitions(self) -> list[Partition]:
        """Return every partition of raw rows."""
        return await self._database.rows(Partition, PARTITIONS)

    async def due(self, days: int, now: datetime | None = None) -> list[Partition]:
        """Return the partitions whose every row is older than `days`, oldest first."""
        cutoff = (now or datetime.now(UTC)) - timedelta(days=days)
        due = [one for one in await self.partitions() if one.end <= cutoff and (one.name != OLDEST or one.rows)]
        return sorted(due, key=lambda one: one.end)

    async def drop(self, partition: Partition) -> None:
        """Drop a partition's rows in one transaction, and note how far raw rows are gone.

        Raises:
            psycopg.errors.LockNotAvailable: someone reads it for longer than a second; try again later.
        """
        before = await self._facts.get(DROPPED_BEFORE)
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
        """Return the instant (UTC) before which raw rows are gone, or None when none were dropped."""
        kept = await self._facts.get(DROPPED_BEFORE)
        return datetime.fromisoformat(kept) if kept else None


class StatedFirst:
    """Retention that leaves a month's calls, and all later ones, alone while a statement of them is awaited."""

    def __init__(
        self, retention: Retention, lines: LoggedLines, statements: Callable[[], StatementsDue | None]
    ) -> None:
        self._retention = retention
        self._lines = lines
        self._statements = statements
        self._told: str | None = None

    async def due(self, days: int) -> list[Partition]:
        """Return the partitions that are old enough and stated, oldest first; whose are awaited is logged once."""
        found = []
        for partition in await self._retention.due(days):
            awaited = await self._awaited(partition)
            if awaited:
                self._tell(partition, awaited)
                break
            found.append(partition)
        return found

    async def drop(self, partition: Partition) -> None:
        """Drop a partition's rows."""
        await self._retention.drop(partition)

    async def _awaited(self, partition: Partition) -> Sequence[str]:
        statements = self._statements()
        if statements is None:
            return []
        return await statements.awaited(await self._lines.projects(partition.start, partition.end), partition.end)

    def _tell(self, partition: Partition, awaited: Sequence[str]) -> None:
        if self._told != partition.name:
            log.warning(
                "%s outlived the retention and is kept until its calls are stated; %d projects have no statement up to "
                "%s, such as %s", partition.name, len(awaited), partition.end, awaited[0],
            )  # fmt: skip
            self._told = partition.name
