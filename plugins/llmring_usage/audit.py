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
from llmring_usage.facts import SET, TIMEZONE
from llmring_usage.ingest import ADD, BUCKET, DAY, QUARTER, SUM_COLUMNS, SUMS
from llmring_usage.partitions import following
from llmring_usage.periods import midnight
from llmring_usage.retention import Retention

WINDOW_SECONDS = 600.0
SUM_NAMES: tuple[LiteralString, ...] = (
    "requests", "errors", "input_tokens", "output_tokens", "cached_input_tokens", "cost", "unpriced_requests",
    "unpriced_tokens",
)  # fmt: skip
COUNT_NAMES: tuple[LiteralString, ...] = ("requests",)
KEY: LiteralString = "provider, model, alias, profile, origin"
TOTALS: LiteralString = ", ".join("sum(" + name + ")" for name in SUM_NAMES)


BOUNDS: LiteralString = """
    SELECT
        least((SELECT min(occurred_at) FROM usage_logs), (SELECT min(quarter) FROM usage_quarters)) AS low,
        greatest((SELECT max(occurred_at) FROM usage_logs), (SELECT max(quarter) FROM usage_quarters)) AS high
"""


class Check(msgspec.Struct, frozen=True):
    """One rollup: its table and key, and the SELECTs of what it should hold and what it holds, bucket by bucket.

    Both SELECTs take the window as `%(start)s` and `%(end)s` and give project, bucket, key and sums, in that order.
    """

    name: LiteralString
    table: LiteralString
    bucket: LiteralString
    key: LiteralString
    sums: tuple[LiteralString, ...]
    add: LiteralString
    wanted: LiteralString
    kept: LiteralString

    @property
    def columns(self) -> LiteralString:
        """The columns of both SELECTs."""
        return "project_id, " + self.bucket + ", " + self.key + ", " + ", ".join(self.sums)

    @property
    def differing(self) -> LiteralString:
        """The common table expressions that end in `differing`: what is to be added to each key that is off."""
        differences: LiteralString = ", ".join(
            "coalesce(wanted." + name + ", 0) - coalesce(kept." + name + ", 0) AS " + name for name in self.sums
        )
        identity: LiteralString = "project_id, " + self.bucket + ", " + self.key
        off: LiteralString = " OR ".join(name + " <> 0" for name in self.sums)
        return (
            "WITH wanted (" + self.columns + ") AS (" + self.wanted + "), kept (" + self.columns + ") AS ("
            + self.kept + "), differing AS (SELECT * FROM (SELECT " + identity + ", " + differences
            + " FROM wanted FULL JOIN kept USING (" + identity + ")) AS compared WHERE " + off + ")"
        )  # fmt: skip


QUARTERS = Check(
    name="15-minute sums against raw rows",
    table="usage_quarters",
    bucket="quarter",
    key=KEY,
    sums=SUM_NAMES,
    add=ADD,
    wanted="SELECT project_id, " + QUARTER + ", provider, model, coalesce(alias, ''), profile, coalesce(origin, ''), "
    + SUMS + " FROM usage_logs WHERE occurred_at >= %(start)s AND occurred_at < %(end)s GROUP BY 1, 2, 3, 4, 5, 6, 7",
    kept="SELECT project_id, quarter, " + KEY + ", " + TOTALS
    + " FROM usage_quarters WHERE quarter >= %(start)s AND quarter < %(end)s GROUP BY 1, 2, 3, 4, 5, 6, 7",
)  # fmt: skip
DAYS = Check(
    name="daily sums against 15-minute sums",
    table="usage_daily",
    bucket="day",
    key=KEY,
    sums=SUM_NAMES,
    add=ADD,
    wanted="SELECT project_id, (quarter AT TIME ZONE %(zone)s)::date, " + KEY + ", " + TOTALS
    + " FROM usage_quarters WHERE quarter >= %(start)s AND quarter < %(end)s GROUP BY 1, 2, 3, 4, 5, 6, 7",
    kept="SELECT project_id, day, " + KEY + ", " + TOTALS
    + " FROM usage_daily WHERE day >= %(first)s AND day < %(last)s GROUP BY 1, 2, 3, 4, 5, 6, 7",
)  # fmt: skip
LATENCIES = Check(
    name="latencies against raw rows",
    table="usage_latencies",
    bucket="day",
    key="provider, model, bucket",
    sums=COUNT_NAMES,
    add="requests = kept.requests + excluded.requests",
    wanted="SELECT project_id, " + DAY + ", provider, model, (" + BUCKET + ")::smallint, count(*) FROM usage_logs"
    " WHERE latency_ms IS NOT NULL AND occurred_at >= %(start)s AND occurred_at < %(end)s GROUP BY 1, 2, 3, 4, 5",
    kept="SELECT project_id, day, provider, model, bucket, sum(requests) FROM usage_latencies"
    " WHERE day >= %(first)s AND day < %(last)s GROUP BY 1, 2, 3, 4, 5",
)  # fmt: skip


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

    async def verify(self) -> AsyncIterator[Finding]:
        """Yield what each check finds in each window; nothing is changed."""
        async for check, window in self._work():
            off = await self._run(check.differing + " SELECT count(*) FROM differing", window)
            yield Finding(check.name, window.first, off)

    async def mend(self) -> AsyncIterator[Finding]:
        """Add to each rollup what it lacks (or has too much), and yield how many keys that were."""
        async for check, window in self._work():
            added = await self._run(
                check.differing + ", added AS (" + _add(check) + ") SELECT count(*) FROM added", window
            )
            await self._run("WITH gone AS (DELETE FROM " + check.table + " WHERE requests = 0 RETURNING 1)"
                            " SELECT count(*) FROM gone", window)  # fmt: skip
            yield Finding(check.name, window.first, added)

    async def move_days(self) -> None:
        """Count the days anew in this audit's zone, from the 15-minute sums; servers must be stopped meanwhile."""
        async with self._database.transaction(WINDOW_SECONDS) as connection:
            await connection.execute("LOCK TABLE usage_daily, usage_quarters, usage_latencies IN ACCESS EXCLUSIVE MODE")
            await connection.execute("TRUNCATE usage_daily")
            await connection.execute("DELETE FROM usage_latencies WHERE day >= coalesce(%s::date, '1900-01-01')",
                                     [await self._retention.dropped_before()])  # fmt: skip
            await connection.execute(
                "INSERT INTO usage_daily (project_id, day, " + KEY + ", slot, " + SUM_COLUMNS + ")"
                " SELECT project_id, (quarter AT TIME ZONE %(zone)s)::date, " + KEY + ", 0, " + TOTALS
                + " FROM usage_quarters GROUP BY 1, 2, 3, 4, 5, 6, 7",
                {"zone": self._zone.key},
            )  # fmt: skip
            await connection.execute(SET, {"name": TIMEZONE, "value": self._zone.key})

    async def _work(self) -> AsyncIterator[tuple[Check, Window]]:
        dropped = await self._retention.dropped_before()
        for window in await self._windows():
            raw = self._with_raw_rows(window, dropped)
            if raw is not None:
                yield QUARTERS, raw
                yield LATENCIES, raw
            yield DAYS, window

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

    async def _run(self, query: LiteralString, window: Window) -> int:
        params = {**msgspec.structs.asdict(window), "zone": self._zone.key}
        async with self._database.connection(WINDOW_SECONDS) as connection:
            found = await (await connection.execute(query, params)).fetchone()
            return int(found[0]) if found else 0


def _add(check: Check) -> LiteralString:
    """Return the upsert that adds each difference to its key, in slot 0."""
    identity: LiteralString = "project_id, " + check.bucket + ", " + check.key
    sums: LiteralString = ", ".join(check.sums)
    return (
        "INSERT INTO " + check.table + " AS kept (" + identity + ", slot, " + sums + ") SELECT " + identity + ", 0, "
        + sums + " FROM differing ORDER BY " + identity + " ON CONFLICT (" + identity + ", slot) DO UPDATE SET "
        + check.add + " RETURNING 1"
    )  # fmt: skip
