"""Holding the rollups against what they were made from, and mending them.

Quarters and latencies are held against raw rows, days against quarters; where raw rows were dropped, only the latter.
A difference is computed in one snapshot and mended by adding it, so the servers may go on writing meanwhile.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timedelta
from typing import LiteralString
from zoneinfo import ZoneInfo

import msgspec

from llmring_server.database import Database
from llmring_server.database.pool import Connection
from llmring_usage.maintenance.retention import Retention
from llmring_usage.statistics.periods import midnight
from llmring_usage.tables.partitions import following
from llmring_usage.tables.rollups import DAILY, LATENCIES, QUARTERS, QUARTERS_DAY, Rollup
from llmring_usage.tables.state import LATENCY_MONTHS, SET, TIMEZONE, Facts

WINDOW_SECONDS = 600.0

LOCK: LiteralString = (
    "LOCK TABLE usage_daily, usage_quarters, usage_latencies, usage_latency_months IN ACCESS EXCLUSIVE MODE"
)
BOUNDS: LiteralString = """
    SELECT
        least((SELECT min(occurred_at) FROM usage_logs), (SELECT min(quarter) FROM usage_quarters)) AS low,
        greatest((SELECT max(occurred_at) FROM usage_logs), (SELECT max(quarter) FROM usage_quarters)) AS high
"""
RAW: LiteralString = "(SELECT * FROM usage_logs WHERE occurred_at >= %(start)s AND occurred_at < %(end)s) AS logs"
IN_QUARTERS: LiteralString = "quarter >= %(start)s AND quarter < %(end)s"
IN_DAYS: LiteralString = "day >= %(first)s AND day < %(last)s"
# Whoever adds a month of latencies up waits for this lock, and then sees what was mended.
ALONE: LiteralString = "LOCK TABLE usage_latency_months IN SHARE ROW EXCLUSIVE MODE"
FORGET: LiteralString = "DELETE FROM usage_latency_months WHERE month = %s"


class Check(msgspec.Struct, frozen=True):
    """One rollup, and the SELECTs of what it should hold and what it holds in a window."""

    name: LiteralString
    rollup: Rollup
    wanted: LiteralString
    kept: LiteralString

    @property
    def differing(self) -> LiteralString:
        """The common table expressions that end in `differing`: what is to be added to each key that is off."""
        identity, sums = self.rollup.identity, self.rollup.sums
        differences: LiteralString = ", ".join(
            "coalesce(wanted." + name + ", 0) - coalesce(kept." + name + ", 0) AS " + name for name in sums
        )
        off: LiteralString = " OR ".join(name + " <> 0" for name in sums)
        columns = self.rollup.columns
        return (
            "WITH wanted (" + columns + ") AS (" + self.wanted + "), kept (" + columns + ") AS (" + self.kept
            + "), differing AS (SELECT * FROM (SELECT " + identity + ", " + differences
            + " FROM wanted FULL JOIN kept USING (" + identity + ")) AS compared WHERE " + off + ")"
        )  # fmt: skip

    @property
    def mending(self) -> LiteralString:
        """The statement that adds each difference, in slot 0."""
        added = self.rollup.add("SELECT " + self.rollup.columns + " FROM differing", "0")
        return self.differing + ", added AS (" + added + " RETURNING 1) SELECT count(*) FROM added"


AGAINST_RAW = (
    Check("15-minute sums against raw rows", QUARTERS, QUARTERS.summed(RAW), QUARTERS.totals(IN_QUARTERS)),
    Check("latencies against raw rows", LATENCIES, LATENCIES.summed(RAW), LATENCIES.totals(IN_DAYS)),
)
AGAINST_QUARTERS = (
    Check(
        "daily sums against 15-minute sums", DAILY, QUARTERS.totals(IN_QUARTERS, QUARTERS_DAY), DAILY.totals(IN_DAYS)
    ),
)


class Window(msgspec.Struct, frozen=True):
    """A month of days of the reporting zone, `[first, last)`, and the instants (UTC) that bound it."""

    first: date
    last: date
    start: datetime
    end: datetime


class Finding(msgspec.Struct, frozen=True):
    """What one check found in one window: how many keys were off."""

    check: str
    first: date
    off: int


class Audit:
    """Verifies and mends the rollups of all projects, window by window."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._zone = zone
        self._retention = Retention(database)
        self._facts = Facts(database)

    async def verify(self) -> AsyncIterator[Finding]:
        """Yield what each check finds in each window; nothing is changed."""
        async for check, window in self._work():
            off = await self._run(check.differing + " SELECT count(*) FROM differing", window)
            yield Finding(check.name, window.first, off)

    async def mend(self) -> AsyncIterator[Finding]:
        """Add to each rollup what it lacks (or has too much), and yield how many keys that were."""
        async for check, window in self._work():
            added = await self._mend(check, window)
            emptied: LiteralString = "DELETE FROM " + check.rollup.table + " WHERE requests = 0 RETURNING 1"
            await self._run("WITH emptied AS (" + emptied + ") SELECT count(*) FROM emptied", window)
            yield Finding(check.name, window.first, added)
        await self._facts.forget(LATENCY_MONTHS)

    async def move_days(self) -> None:
        """Count the days anew in this audit's zone, from the 15-minute sums; servers must be stopped meanwhile."""
        async with self._database.transaction(WINDOW_SECONDS) as connection:
            await connection.execute(LOCK)
            await connection.execute("TRUNCATE usage_daily, usage_latency_months")
            await connection.execute("DELETE FROM usage_latencies WHERE day >= coalesce(%s::date, '1900-01-01')",
                                     [await self._retention.dropped_before()])  # fmt: skip
            await connection.execute(DAILY.add(QUARTERS.totals(at=QUARTERS_DAY), "0"), {"zone": self._zone.key})
            await connection.execute(SET, {"name": TIMEZONE, "value": self._zone.key})

    async def _work(self) -> AsyncIterator[tuple[Check, Window]]:
        dropped = await self._retention.dropped_before()
        for window in await self._windows():
            raw = self._with_raw_rows(window, dropped)
            for check in AGAINST_RAW if raw is not None else ():
                yield check, raw or window
            for check in AGAINST_QUARTERS:
                yield check, window

    def _with_raw_rows(self, window: Window, dropped: datetime | None) -> Window | None:
        """Return the part of a window, in whole days, whose raw rows are still there, or None."""
        if dropped is None or dropped <= window.start:
            return window
        day = dropped.astimezone(self._zone).date()
        day += timedelta(days=midnight(day, self._zone) < dropped)
        return Window(day, window.last, midnight(day, self._zone), window.end) if day < window.last else None

    async def _windows(self) -> list[Window]:
        """Return the months, in days of the zone, from the first thing known to the last."""
        bounds = (await self._database.fetch(BOUNDS))[0]
        return [] if bounds["low"] is None else list(self._months(bounds["low"], bounds["high"]))

    def _months(self, low: datetime, high: datetime) -> Iterator[Window]:
        first = low.astimezone(self._zone).date().replace(day=1)
        while (start := midnight(first, self._zone)) <= high:
            last = date(*following((first.year, first.month)), 1)
            yield Window(first, last, start, midnight(last, self._zone))
            first = last

    async def _mend(self, check: Check, window: Window) -> int:
        """Mend one rollup in a window, return how many keys were off, and forget the month of what was mended."""
        async with self._database.transaction(WINDOW_SECONDS) as connection:
            await connection.execute(ALONE)
            off = await self._count(connection, check.mending, window)
            if off:
                await connection.execute(FORGET, [window.first.replace(day=1)])
            return off

    async def _run(self, query: LiteralString, window: Window) -> int:
        async with self._database.connection(WINDOW_SECONDS) as connection:
            return await self._count(connection, query, window)

    async def _count(self, connection: Connection, query: LiteralString, window: Window) -> int:
        params = {**msgspec.structs.asdict(window), "zone": self._zone.key}
        found = await (await connection.execute(query, params)).fetchone()
        return int(found[0]) if found else 0
