"""Sums of calls that an earlier version logged: counted again from their rows, while servers write.

Those sums are by provider and by model, and lack the kinds of tokens. A day of a project is counted in one statement
per table, so in one snapshot, and corrected by adding differences: what is written meanwhile stays. Days whose rows
were dropped keep their sums.
"""

import asyncio
import logging
from datetime import date, datetime, timedelta
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

from psycopg import errors

from llmring_server.database import Database
from llmring_usage.statistics.periods import first_whole_day, midnight
from llmring_usage.tables.log_columns import COUNTED
from llmring_usage.tables.rollups import DAILY, FORMER_KINDS, NAMES, QUARTERS, QUARTERS_DAY, Rollup, difference_sql
from llmring_usage.tables.state import DROPPED_BEFORE, FORMER_SUMS, UsageState

log = logging.getLogger(__name__)

SECONDS = 600.0
ATTEMPTS = 5
PAUSE_SECONDS = 0.01

DAYS: LiteralString = """
    SELECT DISTINCT project_id, day FROM usage_daily
    WHERE kind = 'provider' AND (%(first)s::date IS NULL OR day >= %(first)s)
    ORDER BY day DESC, project_id
"""
# Two processes that count the same day would correct it twice; repairs of the sums take this lock too.
LOCK: LiteralString = "LOCK TABLE usage_latency_months IN SHARE ROW EXCLUSIVE MODE"
IN_DAY: LiteralString = "project_id = %(project)s AND day = %(day)s"
IN_QUARTERS: LiteralString = "project_id = %(project)s AND quarter >= %(start)s AND quarter < %(end)s"
CALLS: LiteralString = (
    "(SELECT * FROM usage_logs WHERE project_id = %(project)s AND occurred_at >= %(start)s AND occurred_at < %(end)s"
    " AND " + COUNTED + ") AS logs"
)


def _of(kinds: tuple[LiteralString, ...]) -> LiteralString:
    return " AND kind IN (" + ", ".join("'" + kind + "'" for kind in kinds) + ")"


NEW, FORMER = _of(tuple(NAMES)), _of(tuple(FORMER_KINDS))


def _count_sql(rollup: Rollup, wanted: LiteralString, within: LiteralString) -> LiteralString:
    """Return the statement that corrects the sums of a day, and takes the former ones away."""
    taken: LiteralString = ", ".join("-" + name for name in rollup.sums)
    added: LiteralString = ", ".join(name + " = kept." + name + " + excluded." + name for name in rollup.sums)
    return (
        difference_sql(rollup, wanted, rollup.select_sums(within + NEW))
        + " INSERT INTO " + rollup.table + " AS kept (" + rollup.columns + ", slot)"
        " SELECT * FROM (SELECT " + rollup.columns + ", 0::smallint AS slot FROM differing"
        " UNION ALL SELECT " + rollup.identity + ", " + taken + ", slot FROM " + rollup.table + " WHERE " + within
        + FORMER + ") AS changes ORDER BY " + rollup.identity
        + " ON CONFLICT (" + rollup.identity + ", slot) DO UPDATE SET " + added
    )  # fmt: skip


STATEMENTS: tuple[LiteralString, ...] = (
    LOCK,
    _count_sql(QUARTERS, QUARTERS.select_rows(CALLS), IN_QUARTERS),
    "DELETE FROM usage_quarters WHERE requests = 0 AND " + IN_QUARTERS + FORMER,
    _count_sql(DAILY, QUARTERS.select_sums(IN_QUARTERS + NEW, QUARTERS_DAY), IN_DAY),
    "DELETE FROM usage_daily WHERE requests = 0 AND " + IN_DAY + FORMER,
)


class FormerSums:
    """Counts the sums of an earlier version again; a zone is the one that days are counted in."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._zone = zone
        self._state = UsageState(database)

    async def count(self) -> None:
        """Count every day of every project once, latest first; a run that was interrupted is continued."""
        if await self._state.get(FORMER_SUMS):
            return
        days = await self._days()
        for project, day in days:
            await self._count_day(project, day)
            await asyncio.sleep(PAUSE_SECONDS)
        await self._state.set(FORMER_SUMS, "counted")
        if days:
            log.info("counted the sums of an earlier version again: %d days of projects", len(days))

    async def _days(self) -> list[tuple[str, date]]:
        """Return the days with former sums whose rows are all there."""
        dropped = await self._state.get(DROPPED_BEFORE)
        first = None if dropped is None else first_whole_day(datetime.fromisoformat(dropped), self._zone)
        async with self._database.connection(SECONDS) as connection:
            found = await (await connection.execute(DAYS, {"first": first})).fetchall()
        return [(project, day) for project, day in found]

    async def _count_day(self, project: str, day: date) -> None:
        params: dict[str, Any] = {
            "project": project,
            "day": day,
            "start": midnight(day, self._zone),
            "end": midnight(day + timedelta(days=1), self._zone),
            "zone": self._zone.key,
        }
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._database.transaction(SECONDS) as connection:
                    for statement in STATEMENTS:
                        await connection.execute(statement, params)
            except errors.DeadlockDetected:  # with a batch of calls that is being stored
                if attempt == ATTEMPTS:
                    raise
            else:
                return
