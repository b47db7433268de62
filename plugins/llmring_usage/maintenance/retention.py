"""Retention: old raw rows are dropped by whole months, their sums remain in the rollups; idempotency keys expire."""

import contextlib
import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import msgspec
import psycopg
from psycopg import sql

from llmring_server.contracts.statements import StatementsDue
from llmring_server.database import Database
from llmring_server.database.cluster.sizes import PROPAGATE, table_size
from llmring_usage.ingest.entry_to_row import MAX_CLOCK_SKEW
from llmring_usage.tables.partitions import FIRST_YEAR, next_month
from llmring_usage.tables.state import DROPPED_BEFORE, SET, UsageState
from llmring_usage.tables.statement_lines import StatementLines

log = logging.getLogger(__name__)

OLDEST: LiteralString = "usage_logs_before_2020"  # before FIRST_YEAR
MONTHLY = re.compile(r"usage_logs_(\d{4})_(\d{2})")
LOCK_WAIT = "1s"
MEBIBYTE = 1024 * 1024

PARTITIONS: LiteralString = """
    SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = to_regclass('usage_logs')
    ORDER BY name
"""
HAS_OLDEST: LiteralString = "SELECT EXISTS (SELECT 1 FROM " + OLDEST + ") AS found"
DROP_SECONDS = 300.0  # on a cluster, each shard of a partition is a table

CHUNK_KEYS = 10_000
DELETE: LiteralString = """
    DELETE FROM usage_keys WHERE created_at < %(before)s AND (project_id, key) IN (
        SELECT project_id, key FROM usage_keys WHERE created_at < %(before)s ORDER BY created_at LIMIT %(limit)s
    )
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
        return end_of(self.name)


def end_of(name: str) -> datetime:
    """Return the end (UTC) of a partition's month."""
    match = MONTHLY.fullmatch(name)
    year, month = next_month((int(match[1]), int(match[2]))) if match else (FIRST_YEAR, 1)
    return datetime(year, month, 1, tzinfo=UTC)


class UsageRetention:
    """Finds and drops the partitions that are older than the retention."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._state = UsageState(database)

    async def partitions(self) -> list[Partition]:
        """Return every partition of raw rows."""
        return await self._measure(await self._names())

    async def _names(self) -> list[str]:
        return [found["name"] for found in await self._database.fetch(PARTITIONS)]

    async def _measure(self, names: Sequence[str]) -> list[Partition]:
        """Return the partitions of these names, without those that another process has dropped since."""
        found = []
        for name in names:
            with contextlib.suppress(psycopg.errors.UndefinedTable):
                size = await table_size(self._database, name)
                found.append(Partition(name, size.rows, size.bytes))
        return found

    async def due(self, days: int, now: datetime | None = None) -> list[Partition]:
        """Return the partitions whose every row is older than `days`, oldest first."""
        cutoff = (now or datetime.now(UTC)) - timedelta(days=days)
        names = sorted((name for name in await self._names() if end_of(name) <= cutoff), key=end_of)
        if OLDEST in names and not (await self._database.fetch(HAS_OLDEST))[0]["found"]:
            names.remove(OLDEST)
        return await self._measure(names)

    async def drop(self, partition: Partition) -> None:
        """Drop a partition's rows in one transaction, and store the end of the dropped rows.

        Another process may have dropped it since.

        Raises:
            psycopg.errors.LockNotAvailable: it is being read for longer than a second; try again later.
        """
        try:
            await self._drop(partition)
        except psycopg.errors.UndefinedTable:
            log.info("another process has dropped %s", partition.name)

    async def _drop(self, partition: Partition) -> None:
        before = await self._state.get(DROPPED_BEFORE)
        latest = max(partition.end.isoformat(), before or "")
        name = sql.Identifier(partition.name)
        async with self._database.transaction(DROP_SECONDS) as connection:
            if self._database.distributed:
                await connection.execute(PROPAGATE)
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


class KeyExpiry:
    """Deletes keys older than `hours`; with 0, those received in months whose raw rows retention has dropped."""

    def __init__(self, database: Database, retention: UsageRetention, hours: float) -> None:
        self._database = database
        self._retention = retention
        self._hours = hours

    async def run_once(self) -> None:
        """Delete the expired keys; what a failure leaves is deleted the next time."""
        before = await self._expired_before()
        deleted = CHUNK_KEYS if before else 0
        while deleted == CHUNK_KEYS:
            deleted = await self._database.execute(DELETE, {"before": before, "limit": CHUNK_KEYS})

    async def _expired_before(self) -> datetime | None:
        """Return the time of receipt before which keys are expired, or None.

        A call happens at most the clock skew after its receipt, so a key never expires before its raw row is dropped.
        """
        if self._hours:
            return datetime.now(UTC) - timedelta(hours=self._hours)
        dropped = await self._retention.dropped_before()
        return dropped and dropped - MAX_CLOCK_SKEW
