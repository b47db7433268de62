"""Months of `usage_logs`: one partition each, made ahead of time and when an entry needs one that is not there."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from psycopg import sql

from llmring_server.database import Database

log = logging.getLogger(__name__)

FIRST_YEAR = 2020
AHEAD_MONTHS = 2
Month = tuple[int, int]


def month_of(moment: datetime) -> Month | None:
    """Return the month whose partition holds `moment` (UTC), or None for what the oldest partition holds."""
    return (moment.year, moment.month) if moment.year >= FIRST_YEAR else None


def months_of(moments: Sequence[datetime]) -> set[Month | None]:
    """Return the months of moments (UTC), one at least."""
    first, last = month_of(min(moments)), month_of(max(moments))
    return {first} if first == last else set(map(month_of, moments))


def following(month: Month) -> Month:
    """Return the month after."""
    year, number = month
    return (year + 1, 1) if number == 12 else (year, number + 1)


class Partitions:
    """The partitions that this process knows to be there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: set[Month] = set()

    async def ahead(self, now: datetime | None = None) -> None:
        """Make this month's partition and those of the next two."""
        month = month_of(now or datetime.now(UTC))
        wanted: list[Month] = []
        while month is not None and len(wanted) <= AHEAD_MONTHS:
            wanted.append(month)
            month = following(month)
        await self.ensure(wanted)

    async def ensure(self, months: Iterable[Month | None], seconds: float | None = None) -> None:
        """Make the partitions of `months` that are missing, each in `seconds`; any number of processes may do so."""
        missing = sorted({month for month in months if month is not None} - self._known)
        for month in missing:
            await self._make(month, seconds)
            self._known.add(month)

    def forget(self) -> None:
        """Look again at the next entry: a partition may have been dropped by another process."""
        self._known.clear()

    async def _make(self, month: Month, seconds: float | None) -> None:
        table = "usage_logs_{}_{:02}".format(*month)
        name = sql.Identifier(table)
        begin, end = (sql.Literal("{}-{:02}-01 00:00:00+00".format(*m)) for m in (month, following(month)))
        async with self._database.transaction(seconds) as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('llmring usage partitions'))")
            found = await (await connection.execute("SELECT to_regclass(%s)", [table])).fetchone()
            if found and found[0]:
                return
            await connection.execute(
                sql.SQL("CREATE TABLE {} (LIKE usage_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)").format(name)
            )
            await connection.execute(
                sql.SQL("ALTER TABLE usage_logs ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                    name, begin, end
                )
            )
        log.info("made the partition %s", table)
