"""Monthly partitions of `usage_logs`: created ahead of time, and when an entry needs one that does not exist."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from psycopg import sql

from llmring_server.database import Database

log = logging.getLogger(__name__)

FIRST_YEAR = 2020
UPCOMING_MONTHS = 2
Month = tuple[int, int]


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
    """Creates partitions, and remembers those that this process knows to exist."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: set[Month] = set()

    async def create_upcoming(self, now: datetime | None = None) -> None:
        """Create the partitions of this month and the next two."""
        month = month_of(now or datetime.now(UTC))
        months: list[Month] = []
        while month is not None and len(months) <= UPCOMING_MONTHS:
            months.append(month)
            month = next_month(month)
        await self.ensure(months)

    async def ensure(self, months: Iterable[Month | None], seconds: float | None = None) -> None:
        """Create the missing partitions of `months`, each within `seconds`; several processes may do so at once."""
        missing = sorted({month for month in months if month is not None} - self._known)
        for month in missing:
            await self._create(month, seconds)
            self._known.add(month)

    def forget_known(self) -> None:
        """Forget the known partitions: another process may have dropped one."""
        self._known.clear()

    async def _create(self, month: Month, seconds: float | None) -> None:
        table = "usage_logs_{}_{:02}".format(*month)
        name = sql.Identifier(table)
        begin, end = (sql.Literal("{}-{:02}-01 00:00:00+00".format(*m)) for m in (month, next_month(month)))
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
        log.info("created partition %s", table)
