"""Hourly sums of the calls per alias: computed when an hour is over, and read instead of its raw rows.

An hour's sums are stored with their totals, and are valid only while the rollups, written with every call, have the
same totals, and while they have every sum of this version. A late entry or a new price invalidates them: until they are
computed again, that hour is read from raw rows.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg

from llmring_server.database import Database
from llmring_usage.tables.log_columns import COUNTED, PROMPT, RARE_FIELDS, TOKEN_COLUMNS
from llmring_usage.tables.state import ALIAS_HOURS, UsageState
from llmring_usage.tables.statement_lines import StatementLines

log = logging.getLogger(__name__)

REFRESH_SPAN = timedelta(days=7)
STORED_SPAN = REFRESH_SPAN + timedelta(days=1)
SECONDS = 60.0
# Prompt lengths (tokens) above which providers charge for a long context; calls are summed by the side they are on.
THRESHOLDS = (32_000, 64_000, 100_000, 128_000, 200_000, 256_000, 272_000, 512_000)
# The value of GROUPING(provider, origin, prompt_over) for each kind of line.
BY_MODEL, BY_ORIGIN, BY_LENGTH = 3, 5, 6

NAMES: LiteralString = "kind, provider, model, origin, prompt_over, fresh_over"
SUMS: Mapping[LiteralString, LiteralString] = {
    "requests": "count(*)",
    "cost": "coalesce(sum(cost), 0)",
    "unpriced_requests": "count(*) FILTER (WHERE cost IS NULL)",
    **{kind: "sum(" + column + ")" for kind, column in TOKEN_COLUMNS.items()},
    **{kind: "coalesce(sum((rare_counts->>'" + kind + "')::bigint), 0)" for kind in RARE_FIELDS},
    "unit_requests": "count(*) FILTER (WHERE rare_counts->>'units' IS NOT NULL)",
}
FRESH: LiteralString = TOKEN_COLUMNS["fresh"] + "::numeric"


def hour_sql(time: LiteralString) -> LiteralString:
    """Return the expression for the hour of a time."""
    return "date_bin('1 hour', " + time + ", '2000-01-01 00:00:00+00')"


def sum_calls_sql(calls: LiteralString, by: LiteralString = "") -> LiteralString:
    """Return the SELECT that sums raw rows by model, by origin and by length; each also by the columns `by`.

    A length is the highest of `thresholds` below the prompt, and below the fresh input; 0 for none.
    """
    sums: LiteralString = ", ".join(value + " AS " + name for name, value in SUMS.items())
    return (
        "SELECT " + by + "GROUPING(provider, origin, prompt_over) AS " + NAMES + ", " + sums
        + " FROM (SELECT *, " + _threshold_sql(PROMPT) + " AS prompt_over, " + _threshold_sql(FRESH)
        + " AS fresh_over FROM (" + calls + ") AS calls) AS measured"
        " GROUP BY " + by + "GROUPING SETS ((provider, model), (origin), (prompt_over, fresh_over))"
    )  # fmt: skip


def _threshold_sql(tokens: LiteralString) -> LiteralString:
    bounds: LiteralString = "%(thresholds)s::bigint[]"
    return "(0::bigint || " + bounds + ")[1 + width_bucket(" + tokens + " - 1, " + bounds + "::numeric[])]"


def hours_sql(counted: LiteralString, stored: LiteralString) -> LiteralString:
    """Return the common table expressions that end in `hours`: those with calls, each with its `lines` if valid.

    `counted` is the condition on the rollup's `name`, `stored` the condition on the sums' `alias`.
    """
    return (
        "WITH counted AS (SELECT name, " + hour_sql("quarter") + """ AS hour, sum(requests) AS requests,
                sum(cost) AS cost, sum(unpriced_requests) AS unpriced_requests
            FROM usage_quarters
            WHERE project_id = %(project)s AND kind = 'alias' AND quarter >= %(first)s AND quarter < %(last)s
                AND """ + counted + """
            GROUP BY 1, 2
            HAVING sum(requests) <> 0
        ), hours AS (
            SELECT counted.hour, kept.lines
            FROM counted LEFT JOIN usage_alias_hours AS kept ON kept.project_id = %(project)s
                AND """ + stored + """ AND kept.hour = counted.hour AND kept.requests = counted.requests
                AND kept.cost = counted.cost AND kept.unpriced_requests = counted.unpriced_requests
                AND kept.thresholds @> %(thresholds)s::bigint[] AND kept.sums = %(sums)s
        )"""
    )  # fmt: skip


MISSING: LiteralString = (
    hours_sql("name <> ''", "kept.alias = counted.name")
    + " SELECT DISTINCT hour FROM hours WHERE lines IS NULL ORDER BY hour DESC"
)
TRY_LOCK: LiteralString = """
    SELECT pg_try_advisory_xact_lock(hashtextextended('llmring alias hours ' || current_schema() || ' ' || %s, 0))
"""
# Fields of a line that are null or 0 are omitted.
LINE: LiteralString = (
    "json_strip_nulls(json_build_object('profile', profile, "
    + ", ".join("'" + name + "', " + name for name in NAMES.split(", ")) + ", "
    + ", ".join("'" + name + "', nullif(" + name + ", 0)" for name in SUMS) + "))"
)  # fmt: skip
FILL: LiteralString = (
    """
    INSERT INTO usage_alias_hours (
        project_id, alias, hour, thresholds, sums, requests, cost, unpriced_requests, lines
    )
    SELECT %(project)s, alias, %(hour)s::timestamptz, %(thresholds)s::bigint[], %(sums)s,
        sum(requests) FILTER (WHERE kind = %(by_model)s), sum(cost) FILTER (WHERE kind = %(by_model)s),
        sum(unpriced_requests) FILTER (WHERE kind = %(by_model)s), json_agg(""" + LINE + """)
    FROM (
    """
    + sum_calls_sql(
        "SELECT * FROM usage_logs WHERE project_id = %(project)s AND occurred_at >= %(hour)s"
        " AND occurred_at < %(hour)s::timestamptz + interval '1 hour' AND alias <> '' AND " + COUNTED,
        by="alias, profile, ",
    )
    + """
    ) AS summed
    GROUP BY alias
    ORDER BY alias
    ON CONFLICT (project_id, alias, hour) DO UPDATE SET
        thresholds = excluded.thresholds, sums = excluded.sums, requests = excluded.requests,
        cost = excluded.cost, unpriced_requests = excluded.unpriced_requests, lines = excluded.lines
    """
)  # fmt: skip
DELETE_OLD: LiteralString = "DELETE FROM usage_alias_hours WHERE hour < %(before)s"


def hour_of(moment: datetime) -> datetime:
    """Return the start (UTC) of the hour of a moment."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


class AliasHours:
    """The table `usage_alias_hours`: the completed hours of the last week, of every project."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lines = StatementLines(database)
        self._state = UsageState(database)

    async def refresh_hourly(self) -> None:
        """Refresh the table, unless a process has done so since the last hour ended."""
        now = datetime.now(UTC)
        last = hour_of(now).isoformat()
        if await self._state.get(ALIAS_HOURS) != last:
            await self.refresh(now)
            await self._state.set(ALIAS_HOURS, last)

    async def refresh(self, now: datetime) -> None:
        """Compute the hours whose sums are missing or invalid, and delete those that are no longer read."""
        last = hour_of(now)
        await self._database.execute(DELETE_OLD, {"before": last - STORED_SPAN})
        for project in await self._lines.projects(last - REFRESH_SPAN, last):
            try:
                await self._refresh(project, last)
            except (psycopg.Error, TimeoutError) as error:
                await self._database.ping()
                log.warning("hourly alias sums of %s are not computed: %s", project, error)

    async def _refresh(self, project: str, last: datetime) -> None:
        """Compute a project's hours, latest first; stop if another process is computing them."""
        params = {
            "project": project, "first": last - REFRESH_SPAN, "last": last, "thresholds": list(THRESHOLDS),
            "sums": len(SUMS),
        }  # fmt: skip
        async with self._database.connection(SECONDS) as connection:
            missing = await (await connection.execute(MISSING, params)).fetchall()
        for (start,) in missing:
            if not await self._fill({**params, "hour": start, "by_model": BY_MODEL}):
                return

    async def _fill(self, params: Mapping[str, object]) -> bool:
        """Compute an hour's sums, and return False if another process holds the lock."""
        async with self._database.transaction(SECONDS) as connection:
            found = await (await connection.execute(TRY_LOCK, [params["project"]])).fetchone()
            locked = bool(found and found[0])
            if locked:
                await connection.execute(FILL, params)
            return locked
