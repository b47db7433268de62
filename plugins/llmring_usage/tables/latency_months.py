"""Monthly latencies: the histogram's days summed when a month is over, and read instead of them.

A month's histogram is stored with the number of calls in the daily sums at that time, and is valid only while that
number is the same. A late entry invalidates it: until it is computed again, that month is read from its days.
"""

import logging
from collections.abc import Mapping
from datetime import date, datetime
from typing import LiteralString
from zoneinfo import ZoneInfo

import psycopg

from llmring_server.database import Database
from llmring_usage.tables.state import LATENCY_MONTHS, UsageState

log = logging.getLogger(__name__)

SECONDS = 60.0
ALL_SECONDS = 600.0

MONTH: LiteralString = "date_trunc('month', day::timestamp)::date"
# Days are hidden from the planner, as everywhere (`RangeUnion.add_between`). A gap is a span of days between two valid
# months, before the first or after the last; OFFSET 0 makes the planner read each as a range of the key.
VALID_MONTHS: LiteralString = (
    """
    counted AS (
        SELECT """ + MONTH + """ AS month, sum(requests) AS requests
        FROM usage_daily
        WHERE project_id = %(project)s AND kind = 'profile'
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
MONTH_LATENCIES: LiteralString = """
    SELECT line.model, line.bucket, line.calls AS requests
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
        FROM usage_daily WHERE kind = 'profile' AND day < %(last)s
        GROUP BY 1, 2
    )
    SELECT counted.project_id, counted.month
    FROM counted LEFT JOIN usage_latency_months AS kept
        ON kept.project_id = counted.project_id AND kept.month = counted.month AND kept.requests = counted.requests
    WHERE kept.month IS NULL
    ORDER BY counted.project_id, counted.month DESC
    """
)  # fmt: skip
IN_MONTH: LiteralString = (
    " WHERE project_id = %(project)s AND day >= %(month)s AND day < (%(month)s::date + interval '1 month')::date"
)
FILL: LiteralString = (
    """
    INSERT INTO usage_latency_months (project_id, month, requests, models, buckets, calls)
    SELECT counted.project_id, %(month)s::date, counted.requests,
        coalesce(found.models, '{}'), coalesce(found.buckets, '{}'), coalesce(found.calls, '{}')
    FROM (
        SELECT project_id, sum(requests)::bigint AS requests FROM usage_daily""" + IN_MONTH + """ AND kind = 'profile'
        GROUP BY project_id
    ) AS counted LEFT JOIN (
        SELECT project_id, array_agg(model) AS models, array_agg(bucket) AS buckets, array_agg(calls) AS calls
        FROM (
            SELECT project_id, model, bucket, sum(requests)::bigint AS calls FROM usage_latencies""" + IN_MONTH + """
            GROUP BY 1, 2, 3
        ) AS summed
        GROUP BY project_id
    ) AS found USING (project_id)
    ON CONFLICT (project_id, month) DO UPDATE SET
        requests = excluded.requests, models = excluded.models, buckets = excluded.buckets, calls = excluded.calls
    """
)  # fmt: skip


class LatencyMonths:
    """The table `usage_latency_months`: the completed months of every project, in the reporting zone."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._zone = zone
        self._state = UsageState(database)

    async def refresh_daily(self) -> None:
        """Refresh the table, unless a process has done so today in the reporting zone."""
        today = datetime.now(self._zone).date()
        if await self._state.get(LATENCY_MONTHS) != today.isoformat():
            await self.refresh(today)
            await self._state.set(LATENCY_MONTHS, today.isoformat())

    async def refresh(self, today: date) -> None:
        """Compute the months before `today` whose histograms are missing or invalid, latest first."""
        async with self._database.connection(ALL_SECONDS) as connection:
            missing = await (await connection.execute(MISSING, {"last": today.replace(day=1)})).fetchall()
        failed = set()
        for project, month in missing:
            if project not in failed and not await self._fill({"project": project, "month": month}):
                failed.add(project)

    async def _fill(self, params: Mapping[str, object]) -> bool:
        """Compute a month's histogram, and return whether that succeeded."""
        try:
            async with self._database.connection(SECONDS) as connection:
                await connection.execute(FILL, params)
        except (psycopg.Error, TimeoutError) as error:
            await self._database.ping()
            log.warning("monthly latencies of %s are not computed: %s", params["project"], error)
            return False
        return True
