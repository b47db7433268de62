"""Verify the rollups against the data they were computed from, and repair them.

Quarters and latencies are compared with raw rows, days with quarters; where raw rows were dropped, only the latter. A
difference is computed in one snapshot and repaired by adding it, so servers may keep writing meanwhile.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import LiteralString
from zoneinfo import ZoneInfo

import msgspec

from llmring_server.database import Database
from llmring_server.database.connections import Connection
from llmring_usage.maintenance.former_sums import FormerSums
from llmring_usage.maintenance.retention import UsageRetention
from llmring_usage.statistics.periods import midnight
from llmring_usage.tables.combinations import COMBINATIONS
from llmring_usage.tables.log_columns import COUNTED
from llmring_usage.tables.partitions import next_month
from llmring_usage.tables.rollups import DAILY, LATENCIES, QUARTERS, QUARTERS_DAY, Rollup, difference_sql
from llmring_usage.tables.state import LATENCY_MONTHS, SET, TIMEZONE, UsageState

WINDOW_SECONDS = 600.0

LOCK: LiteralString = (
    "LOCK TABLE usage_daily, usage_quarters, usage_combinations, usage_latencies, usage_latency_months"
    " IN ACCESS EXCLUSIVE MODE"
)
DELETE_DAYS: tuple[LiteralString, ...] = tuple(
    "DELETE FROM " + table + " WHERE day >= coalesce(%s::date, '1900-01-01')"
    for table in ("usage_latencies", "usage_combinations")
)
BOUNDS: LiteralString = """
    SELECT
        least((SELECT min(occurred_at) FROM usage_logs), (SELECT min(quarter) FROM usage_quarters)) AS low,
        greatest((SELECT max(occurred_at) FROM usage_logs), (SELECT max(quarter) FROM usage_quarters)) AS high
"""
RAW: LiteralString = (
    "(SELECT * FROM usage_logs WHERE occurred_at >= %(start)s AND occurred_at < %(end)s AND " + COUNTED + ") AS logs"
)
IN_QUARTERS: LiteralString = "quarter >= %(start)s AND quarter < %(end)s"
IN_DAYS: LiteralString = "day >= %(first)s AND day < %(last)s"
# A process that computes a month of latencies waits for this lock, and then sees the repair.
LOCK_MONTHS: LiteralString = "LOCK TABLE usage_latency_months IN SHARE ROW EXCLUSIVE MODE"
DELETE_MONTH: LiteralString = "DELETE FROM usage_latency_months WHERE month = %s"


class RollupCheck(msgspec.Struct, frozen=True):
    """One rollup, with the SELECTs of its expected and its stored content in a window."""

    name: LiteralString
    rollup: Rollup
    expected: LiteralString
    stored: LiteralString

    @property
    def difference_sql(self) -> LiteralString:
        """The common table expressions that end in `differing`: the amounts to add to each wrong key."""
        return difference_sql(self.rollup, self.expected, self.stored)

    @property
    def repair_sql(self) -> LiteralString:
        """The statement that adds each difference, in slot 0."""
        added = self.rollup.upsert("SELECT " + self.rollup.columns + " FROM differing", "0")
        return self.difference_sql + ", added AS (" + added + " RETURNING 1) SELECT count(*) FROM added"


AGAINST_RAW = (
    RollupCheck(
        "15-minute sums against raw rows", QUARTERS, QUARTERS.select_rows(RAW), QUARTERS.select_sums(IN_QUARTERS)
    ),
    RollupCheck("latencies against raw rows", LATENCIES, LATENCIES.select_rows(RAW), LATENCIES.select_sums(IN_DAYS)),
    RollupCheck(
        "sums by combination against raw rows",
        COMBINATIONS,
        COMBINATIONS.select_rows(RAW),
        COMBINATIONS.select_sums(IN_DAYS),
    ),
)
AGAINST_QUARTERS = (
    RollupCheck(
        "daily sums against 15-minute sums",
        DAILY,
        QUARTERS.select_sums(IN_QUARTERS, QUARTERS_DAY),
        DAILY.select_sums(IN_DAYS),
    ),
)


class Window(msgspec.Struct, frozen=True):
    """A month of days of the reporting zone, `[first, last)`, and the instants (UTC) that bound it."""

    first: date
    last: date
    start: datetime
    end: datetime


class RollupFinding(msgspec.Struct, frozen=True):
    """The result of one check in one window: the number of wrong keys."""

    check: str
    first: date
    differences: int


class Audit:
    """Verifies and repairs the rollups of all projects, window by window."""

    def __init__(self, database: Database, zone: ZoneInfo, tags: Sequence[str] = ()) -> None:
        self._database = database
        self._zone = zone
        self._tags = list(tags)
        self._retention = UsageRetention(database)
        self._state = UsageState(database)

    async def verify(self) -> AsyncIterator[RollupFinding]:
        """Yield the finding of each check in each window; nothing is changed."""
        async for check, window in self._checks():
            off = await self._run(check.difference_sql + " SELECT count(*) FROM differing", window)
            yield RollupFinding(check.name, window.first, off)

    async def repair(self) -> AsyncIterator[RollupFinding]:
        """Correct each rollup, and yield the number of corrected keys per window."""
        await FormerSums(self._database, self._zone).count()
        async for check, window in self._checks():
            added = await self._repair(check, window)
            zeros: LiteralString = " AND ".join(name + " = 0" for name in check.rollup.sums)
            emptied: LiteralString = "DELETE FROM " + check.rollup.table + " WHERE " + zeros + " RETURNING 1"
            await self._run("WITH emptied AS (" + emptied + ") SELECT count(*) FROM emptied", window)
            yield RollupFinding(check.name, window.first, added)
        await self._state.delete(LATENCY_MONTHS)

    async def recount_days(self) -> None:
        """Recompute the days in this audit's zone from the 15-minute sums; servers must be stopped meanwhile."""
        async with self._database.transaction(WINDOW_SECONDS) as connection:
            await connection.execute(LOCK)
            await connection.execute("TRUNCATE usage_daily, usage_latency_months")
            for delete in DELETE_DAYS:
                await connection.execute(delete, [await self._retention.dropped_before()])
            await connection.execute(DAILY.upsert(QUARTERS.select_sums(at=QUARTERS_DAY), "0"), {"zone": self._zone.key})
            await connection.execute(SET, {"name": TIMEZONE, "value": self._zone.key})

    async def _checks(self) -> AsyncIterator[tuple[RollupCheck, Window]]:
        dropped = await self._retention.dropped_before()
        for window in await self._windows():
            raw = self._with_raw_rows(window, dropped)
            for check in AGAINST_RAW if raw is not None else ():
                yield check, raw or window
            for check in AGAINST_QUARTERS:
                yield check, window

    def _with_raw_rows(self, window: Window, dropped: datetime | None) -> Window | None:
        """Return the part of a window, in whole days, whose raw rows still exist, or None."""
        if dropped is None or dropped <= window.start:
            return window
        day = dropped.astimezone(self._zone).date()
        day += timedelta(days=midnight(day, self._zone) < dropped)
        return Window(day, window.last, midnight(day, self._zone), window.end) if day < window.last else None

    async def _windows(self) -> list[Window]:
        """Return the months, in days of the zone, from the first call to the last."""
        bounds = (await self._database.fetch(BOUNDS))[0]
        return [] if bounds["low"] is None else list(self._months(bounds["low"], bounds["high"]))

    def _months(self, low: datetime, high: datetime) -> Iterator[Window]:
        first = low.astimezone(self._zone).date().replace(day=1)
        while (start := midnight(first, self._zone)) <= high:
            last = date(*next_month((first.year, first.month)), 1)
            yield Window(first, last, start, midnight(last, self._zone))
            first = last

    async def _repair(self, check: RollupCheck, window: Window) -> int:
        """Repair one rollup in a window, delete its month of latencies, and return the number of wrong keys."""
        async with self._database.transaction(WINDOW_SECONDS) as connection:
            await connection.execute(LOCK_MONTHS)
            off = await self._count(connection, check.repair_sql, window)
            if off:
                await connection.execute(DELETE_MONTH, [window.first.replace(day=1)])
            return off

    async def _run(self, query: LiteralString, window: Window) -> int:
        async with self._database.connection(WINDOW_SECONDS) as connection:
            return await self._count(connection, query, window)

    async def _count(self, connection: Connection, query: LiteralString, window: Window) -> int:
        params = {**msgspec.structs.asdict(window), "zone": self._zone.key, "tags": self._tags}
        found = await (await connection.execute(query, params)).fetchone()
        return int(found[0]) if found else 0
