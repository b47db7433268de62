"""Latencies by the month: days of the histogram added up once a month is over, and read in place of them.

A month's histogram is kept with how many calls the daily sums counted when it was made, and holds only while they still
count as many. A late entry makes it void: until it is made anew, that month is read from its days.
"""

import logging
from collections.abc import Mapping
from datetime import date, datetime
from typing import LiteralString
from zoneinfo import ZoneInfo

import psycopg

from llmring_server.database import Database
from llmring_usage.tables.state import LATENCY_MONTHS, Facts

log = logging.getLogger(__name__)

SECONDS = 60.0
ALL_SECONDS = 600.0

MONTH: LiteralString = "date_trunc('month', day::timestamp)::date"
# Days are hidden from the planner, as everywhere (`Union.add`). A gap is what lies between two months that hold, before
# the first or after the last; OFFSET 0 has each read as a range of the key.
HELD: LiteralString = (
    """
    counted AS (
        SELECT """ + MONTH + """ AS month, sum(requests) AS requests
        FROM usage_daily
        WHERE project_id = %(project)s AND kind = 'provider'
            AND day >= (SELECT %(monthsfrom)s::date) AND day < (SELECT %(monthsto)s::date)
        GROUP BY 1
    ), held AS MATERIALIZED (
        SELECT kept.month, kept.models, kept.buckets, kept.calls
        FROM usage_latency_months AS kept
        JOIN counted ON counted.month = kept.month AND counted.requests = kept.requests
        WHERE kept.project_id = %(project)s
    ), gaps AS (
        SELECT coalesce(lag(following) OVER (ORDER BY month), %(daysfrom)s::date) AS start, month AS stop
        FROM (
            SELECT month, (month + interval '1 month')::date AS following FROM held
            UNION ALL SELECT %(daysto)s::date, NULL
        ) AS bounds
    )"""
)  # fmt: skip
HELD_LATENCIES: LiteralString = """
    SELECT line.model, line.bucket, line.calls
    FROM held CROSS JOIN LATERAL unnest(models, buckets, calls) AS line(model, bucket, calls)
    UNION ALL
    SELECT days.model, days.bucket, days.requests
    FROM gaps CROSS JOIN LATERAL (
        SELECT model, bucket, requests FROM usage_latencies
        WHERE project_id = %(project)s AND day >= gaps.start AND day < gaps.stop
        OFFSET 0
    ) AS days
"""
MISSING: LiteralString = (
    "WITH counted AS (SELECT project_id, " + MONTH + """ AS month, sum(requests) AS requests
        FROM usage_daily WHERE kind = 'provider' AND day < %(last)s
        GROUP BY 1, 2
    )
    SELECT counted.project_id, counted.month
    FROM counted LEFT JOIN usage_latency_months AS kept
        ON kept.project_id = counted.project_id AND kept.month = counted.month AND kept.requests = counted.requests
    WHERE kept.month IS NULL
    ORDER BY counted.project_id, counted.month DESC
    """
)  # fmt: skip
OF_MONTH: LiteralString = (
    " WHERE project_id = %(project)s AND day >= %(month)s AND day < (%(month)s::date + interval '1 month')::date"
)
FILL: LiteralString = (
    """
    INSERT INTO usage_latency_months (project_id, month, requests, models, buckets, calls)
    SELECT counted.project_id, %(month)s::date, counted.requests,
        coalesce(found.models, '{}'), coalesce(found.buckets, '{}'), coalesce(found.calls, '{}')
    FROM (
        SELECT project_id, sum(requests)::bigint AS requests FROM usage_daily""" + OF_MONTH + """ AND kind = 'provider'
        GROUP BY project_id
    ) AS counted LEFT JOIN (
        SELECT project_id, array_agg(model) AS models, array_agg(bucket) AS buckets, array_agg(calls) AS calls
        FROM (
            SELECT project_id, model, bucket, sum(requests)::bigint AS calls FROM usage_latencies""" + OF_MONTH + """
            GROUP BY 1, 2, 3
        ) AS summed
        GROUP BY project_id
    ) AS found USING (project_id)
    ON CONFLICT (project_id, month) DO UPDATE SET
        requests = excluded.requests, models = excluded.models, buckets = excluded.buckets, calls = excluded.calls
    """
)  # fmt: skip


class LatencyMonths:
    """The table `usage_latency_months`: every project's months that are over, in the reporting zone."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._zone = zone
        self._facts = Facts(database)

    async def daily(self) -> None:
        """Refresh the table, unless a process has done so on this day of the zone."""
        today = datetime.now(self._zone).date()
        if await self._facts.get(LATENCY_MONTHS) != today.isoformat():
            await self.refresh(today)
            await self._facts.set(LATENCY_MONTHS, today.isoformat())

    async def refresh(self, today: date) -> None:
        """Add up the months that were over before `today` and whose histograms are missing or void, latest first."""
        async with self._database.connection(ALL_SECONDS) as connection:
            missing = await (await connection.execute(MISSING, {"last": today.replace(day=1)})).fetchall()
        failed = set()
        for project, month in missing:
            if project not in failed and not await self._fill({"project": project, "month": month}):
                failed.add(project)

    async def _fill(self, params: Mapping[str, object]) -> bool:
        """Add up one month of a project, and return whether that could be done."""
        try:
            async with self._database.connection(SECONDS) as connection:
                await connection.execute(FILL, params)
        except (psycopg.Error, TimeoutError) as error:
            await self._database.ping()
            log.warning("the latencies of %s are not added up by the month: %s", params["project"], error)
            return False
        return True
