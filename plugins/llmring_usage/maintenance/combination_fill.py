"""The sums by combination of calls that an earlier version logged: counted from raw rows, while servers write.

A day of a project is counted in one statement, so in one snapshot, and corrected by adding differences, the latest day
first. Until a day is counted, its raw rows are read instead; days whose rows were dropped have no sums by combination.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

import msgspec
from psycopg import errors

from llmring_server.database import Database
from llmring_usage.maintenance.former_sums import ATTEMPTS, CALLS, IN_DAY, LOCK, PAUSE_SECONDS, SECONDS
from llmring_usage.statistics.periods import first_whole_day, midnight
from llmring_usage.tables.combination_days import (
    EVER,
    CombinationDays,
    read_combination_days,
    write_combination_days,
)
from llmring_usage.tables.combinations import COMBINATIONS
from llmring_usage.tables.rollups import difference_sql
from llmring_usage.tables.state import DROPPED_BEFORE, UsageState

log = logging.getLogger(__name__)

HAS_CALLS: LiteralString = "SELECT EXISTS (SELECT 1 FROM usage_daily) AS has_calls"
DAYS: LiteralString = """
    SELECT DISTINCT day, project_id FROM usage_daily WHERE day >= %(first)s AND day < %(last)s
    ORDER BY day DESC, project_id
"""
COUNT: LiteralString = difference_sql(
    COMBINATIONS, COMBINATIONS.select_most_used(CALLS), COMBINATIONS.select_sums(IN_DAY)
) + COMBINATIONS.upsert("SELECT " + COMBINATIONS.columns + " FROM differing", "0")
DELETE_EMPTY: LiteralString = "DELETE FROM usage_combinations WHERE requests = 0 AND latencies = 0 AND " + IN_DAY


class CombinationFill:
    """Counts the days that have no sums by combination, or none by a tag; `zone` is the one of the days."""

    def __init__(self, database: Database, zone: ZoneInfo, tags: Sequence[str], names_per_day: int) -> None:
        self._database = database
        self._zone = zone
        self._tags = list(tags)
        self._names_per_day = names_per_day
        self._state = UsageState(database)

    async def begin(self) -> None:
        """Store since when calls are summed: ever in a new database; a new tag from tomorrow on if there are calls."""
        days = await read_combination_days(self._state)
        (found,) = await self._database.fetch(HAS_CALLS)
        tomorrow = datetime.now(self._zone).date() + timedelta(days=1)
        since = tomorrow if found["has_calls"] else EVER
        before = days or CombinationDays(since)
        tags = {tag: before.tags.get(tag, since) for tag in self._tags}
        if days is None or tags != days.tags:
            await write_combination_days(self._state, CombinationDays(before.first, tags))

    async def count(self) -> None:
        """Count every day before the first complete one, latest first; a run that was interrupted is continued."""
        days = await read_combination_days(self._state)
        if days is None or days.first == EVER:
            return
        await self._count_before(days, days.first)

    async def recount(self) -> date | None:
        """Count all days again with the configured tags; return the first day, if raw rows before it were dropped."""
        tomorrow = datetime.now(self._zone).date() + timedelta(days=1)
        days = await read_combination_days(self._state) or CombinationDays(tomorrow)
        return await self._count_before(days, tomorrow)

    async def _count_before(self, days: CombinationDays, last: date) -> date | None:
        """Count the days before `last` whose raw rows are all there, and store the progress."""
        dropped = await self._state.get(DROPPED_BEFORE)
        first = EVER if dropped is None else first_whole_day(datetime.fromisoformat(dropped), self._zone)
        async with self._database.connection(SECONDS) as connection:
            found = await (await connection.execute(DAYS, {"first": first, "last": last})).fetchall()
        for day, projects in groupby(found, key=itemgetter(0)):
            for _, project in projects:
                await self._count_day(project, day)
                await asyncio.sleep(PAUSE_SECONDS)
            await write_combination_days(self._state, _counted(days, day))
        if found:
            log.info("counted the sums by combination of %d days of projects", len(found))
        await write_combination_days(self._state, _counted(days, first))
        return None if dropped is None else first

    async def _count_day(self, project: str, day: date) -> None:
        params: dict[str, Any] = {
            "project": project,
            "day": day,
            "start": midnight(day, self._zone),
            "end": midnight(day + timedelta(days=1), self._zone),
            "zone": self._zone.key,
            "tags": self._tags,
            "names_per_day": self._names_per_day,
        }
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._database.transaction(SECONDS) as connection:
                    for statement in (LOCK, COUNT, DELETE_EMPTY):
                        await connection.execute(statement, params)
            except errors.DeadlockDetected:  # with a batch of calls that is being stored
                if attempt == ATTEMPTS:
                    raise
            else:
                return


def _counted(days: CombinationDays, first: date) -> CombinationDays:
    """Return the days once those from `first` on are counted with all configured tags."""
    tags = {tag: min(first, since) for tag, since in days.tags.items()}
    return msgspec.structs.replace(days, first=min(first, days.first), tags=tags)
