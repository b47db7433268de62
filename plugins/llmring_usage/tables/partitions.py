"""Monthly partitions of `usage_logs`: created ahead of time, and when an entry needs one that does not exist."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import LiteralString

import psycopg
from psycopg import sql

from llmring_server.database import Database
from llmring_server.database.connections import Connection

log = logging.getLogger(__name__)

FIRST_YEAR = 2020
UPCOMING_MONTHS = 2
CREATE_SECONDS = 300.0  # on a cluster, each shard of a partition is a table
# Reads the catalogue, since `to_regclass` may remember that a table does not exist.
EXISTS: LiteralString = "SELECT FROM pg_class WHERE relname = %s AND relnamespace = current_schema()::regnamespace"
Month = tuple[int, int]


class PartitionPending(psycopg.OperationalError):
    """A partition is still being created, which continues."""


def month_of(moment: datetime) -> Month | None:
    """Return the month whose partition contains `moment` (UTC), or None if that is the oldest partition."""
    return (moment.year, moment.month) if moment.year >= FIRST_YEAR else None


def months_of(moments: Sequence[datetime]) -> set[Month | None]:
    """Return the months of one or more moments (UTC)."""
    first, last = month_of(min(moments)), month_of(max(moments))
    return {first} if first == last else set(map(month_of, moments))


def next_month(month: Month) -> Month:
    """Return the next month."""
    year, number = month
    return (year + 1, 1) if number == 12 else (year, number + 1)


class Partitions:
    """Creates partitions one after another in the background, and remembers those that this process knows to exist."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: set[Month] = set()
        self._creating: dict[Month, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()

    async def create_upcoming(self, now: datetime | None = None, seconds: float | None = None) -> None:
        """Create the partitions of this month and the next two, as `ensure` does."""
        month = month_of(now or datetime.now(UTC))
        months: list[Month] = []
        while month is not None and len(months) <= UPCOMING_MONTHS:
            months.append(month)
            month = next_month(month)
        await self.ensure(months, seconds)

    def missing(self, months: Iterable[Month | None]) -> set[Month]:
        """Return those of the months whose partition is not known to exist."""
        return {month for month in months if month is not None} - self._known

    async def ensure(self, months: Iterable[Month | None], seconds: float | None = None) -> None:
        """Create the missing partitions of `months`; several processes may do so at once.

        The creation has its own time limit, `CREATE_SECONDS`, and continues when `seconds` are over.

        Raises:
            PartitionPending: a partition is not created after `seconds`.
            psycopg.OperationalError, TimeoutError: the database, or a node of the cluster, is down.
        """
        missing = self.missing(months)
        if not missing:
            return
        tasks = [self._start(month) for month in sorted(missing)]
        _, pending = await asyncio.wait(tasks, timeout=seconds and max(seconds, 0))
        if pending:
            raise PartitionPending("the partition of a month is still being created")
        for task in tasks:
            task.result()

    def forget_known(self) -> None:
        """Forget the known partitions: another process may have dropped one."""
        self._known.clear()

    async def close(self) -> None:
        """Cancel the creation of partitions that nothing waits for."""
        tasks = list(self._creating.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, month: Month) -> asyncio.Task[None]:
        """Return the task that creates a partition, which is started if there is none."""
        task = self._creating.get(month)
        if task is None:
            task = asyncio.create_task(self._create_in_turn(month), name="llmring usage partition")
            self._creating[month] = task
            task.add_done_callback(lambda done: self._finish(month, done))
        return task

    def _finish(self, month: Month, task: asyncio.Task[None]) -> None:
        del self._creating[month]
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.warning("the partition of %d-%02d is not created yet: %s", *month, error)

    async def _create_in_turn(self, month: Month) -> None:
        async with self._turn:  # or many months would take every connection of the pool
            await self._create(month)
            self._known.add(month)

    async def _create(self, month: Month) -> None:
        table = "usage_logs_{}_{:02}".format(*month)
        name = sql.Identifier(table)
        begin, end = (sql.Literal("{}-{:02}-01 00:00:00+00".format(*m)) for m in (month, next_month(month)))
        async with self._database.connection() as connection:
            if await _exists(connection, table):
                return
        async with self._database.transaction(CREATE_SECONDS) as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('llmring usage partitions'))")
            if await _exists(connection, table):
                return
            await connection.execute(
                sql.SQL("CREATE TABLE {} (LIKE usage_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)").format(name)
            )
            await connection.execute(
                sql.SQL("ALTER TABLE usage_logs ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                    name, begin, end
                )
            )
        log.info("created partition %s", table)


async def _exists(connection: Connection, table: str) -> bool:
    return bool((await connection.execute(EXISTS, [table])).rowcount)
