"""What calls an alias, by the hour: added up once an hour is over, and read in place of its raw rows.

An hour's sums are kept with what they add up to, and hold only while the rollups, written with every call, still say
the same. A late entry or a new price makes them void: until they are made anew, that hour is read from raw rows.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg

from llmring_server.database import Database
from llmring_usage.tables.state import ALIAS_HOURS, Facts
from llmring_usage.tables.statement_lines import LoggedLines

log = logging.getLogger(__name__)

BACK = timedelta(days=7)
KEPT = BACK + timedelta(days=1)
SECONDS = 60.0
# Lengths of prompts (tokens) whose sides are told apart: those from which on providers charge for a long context.
THRESHOLDS = (32_000, 64_000, 100_000, 128_000, 200_000, 256_000, 272_000, 512_000)
# What GROUPING says of provider, origin and prompt_over.
BY_MODEL, BY_ORIGIN, BY_LENGTH = 3, 5, 6

NAMES: LiteralString = "kind, provider, model, origin, prompt_over, fresh_over"
SUMS: Mapping[LiteralString, LiteralString] = {
    "requests": "count(*)",
    "cost": "coalesce(sum(cost), 0)",
    "unpriced_requests": "count(*) FILTER (WHERE cost IS NULL)",
    "fresh": "sum(fresh_tokens)",
    "cache_read": "sum(cache_read_tokens)",
    "cache_write_5m": "sum(cache_write_5m_tokens)",
    "cache_write_1h": "sum(cache_write_1h_tokens)",
    "cache_write": "sum(cache_write_tokens)",
    "output": "sum(output_tokens)",
    "reasoning": "sum(reasoning_tokens)",
}
FRESH: LiteralString = "fresh_tokens::numeric"
PROMPT: LiteralString = (
    FRESH + " + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens + cache_write_tokens"
)


def hour(time: LiteralString) -> LiteralString:
    """Return the expression of the hour that a time lies in."""
    return "date_bin('1 hour', " + time + ", '2000-01-01 00:00:00+00')"


def summed(calls: LiteralString, by: LiteralString = "") -> LiteralString:
    """Return the SELECT that adds up raw rows by model, by origin and by length; each by the columns `by` as well.

    A length is the highest of `thresholds` that the prompt, and that the fresh input, is above; 0 for none.
    """
    sums: LiteralString = ", ".join(value + " AS " + name for name, value in SUMS.items())
    return (
        "SELECT " + by + "GROUPING(provider, origin, prompt_over) AS " + NAMES + ", " + sums
        + " FROM (SELECT *, " + _over(PROMPT) + " AS prompt_over, " + _over(FRESH) + " AS fresh_over FROM (" + calls
        + ") AS calls) AS measured"
        " GROUP BY " + by + "GROUPING SETS ((provider, model), (origin), (prompt_over, fresh_over))"
    )  # fmt: skip


def _over(tokens: LiteralString) -> LiteralString:
    bounds: LiteralString = "%(thresholds)s::bigint[]"
    return "(0::bigint || " + bounds + ")[1 + width_bucket(" + tokens + " - 1, " + bounds + "::numeric[])]"


def hours(counted: LiteralString, kept: LiteralString) -> LiteralString:
    """Return the common table expressions that end in `hours`: those with calls, each with its `lines` if they hold.

    `counted` says which `name` of the rollup is meant, `kept` which `alias` of the sums that is.
    """
    return (
        "WITH counted AS (SELECT name, " + hour("quarter") + """ AS hour, sum(requests) AS requests, sum(cost) AS cost,
                sum(unpriced_requests) AS unpriced_requests
            FROM usage_quarters
            WHERE project_id = %(project)s AND kind = 'alias' AND quarter >= %(first)s AND quarter < %(last)s
                AND """ + counted + """
            GROUP BY 1, 2
        ), hours AS (
            SELECT counted.hour, kept.lines
            FROM counted LEFT JOIN usage_alias_hours AS kept ON kept.project_id = %(project)s
                AND """ + kept + """ AND kept.hour = counted.hour AND kept.requests = counted.requests
                AND kept.cost = counted.cost AND kept.unpriced_requests = counted.unpriced_requests
                AND kept.thresholds @> %(thresholds)s::bigint[]
        )"""
    )  # fmt: skip


MISSING: LiteralString = (
    hours("name <> ''", "kept.alias = counted.name")
    + " SELECT DISTINCT hour FROM hours WHERE lines IS NULL ORDER BY hour DESC"
)
ALONE: LiteralString = """
    SELECT pg_try_advisory_xact_lock(hashtextextended('llmring alias hours ' || current_schema() || ' ' || %s, 0))
"""
# Members of a line that are null or 0 are left out.
LINE: LiteralString = (
    "json_strip_nulls(json_build_object('profile', profile, "
    + ", ".join("'" + name + "', " + name for name in NAMES.split(", ")) + ", "
    + ", ".join("'" + name + "', nullif(" + name + ", 0)" for name in SUMS) + "))"
)  # fmt: skip
FILL: LiteralString = (
    """
    INSERT INTO usage_alias_hours (project_id, alias, hour, thresholds, requests, cost, unpriced_requests, lines)
    SELECT %(project)s, alias, %(hour)s::timestamptz, %(thresholds)s::bigint[],
        sum(requests) FILTER (WHERE kind = %(by_model)s), sum(cost) FILTER (WHERE kind = %(by_model)s),
        sum(unpriced_requests) FILTER (WHERE kind = %(by_model)s), json_agg(""" + LINE + """)
    FROM (
    """
    + summed(
        "SELECT * FROM usage_logs WHERE project_id = %(project)s AND occurred_at >= %(hour)s"
        " AND occurred_at < %(hour)s::timestamptz + interval '1 hour' AND alias <> ''",
        by="alias, profile, ",
    )
    + """
    ) AS summed
    GROUP BY alias
    ORDER BY alias
    ON CONFLICT (project_id, alias, hour) DO UPDATE SET
        thresholds = excluded.thresholds, requests = excluded.requests, cost = excluded.cost,
        unpriced_requests = excluded.unpriced_requests, lines = excluded.lines
    """
)  # fmt: skip
FORGET: LiteralString = "DELETE FROM usage_alias_hours WHERE hour < %(before)s"


def hour_of(moment: datetime) -> datetime:
    """Return the beginning of the hour (UTC) that a moment lies in."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


class AliasHours:
    """The table `usage_alias_hours`: the last week of every project, as far as its hours are over."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._logged = LoggedLines(database)
        self._facts = Facts(database)

    async def hourly(self) -> None:
        """Refresh the table, unless a process has done so since the last hour was over."""
        now = datetime.now(UTC)
        last = hour_of(now).isoformat()
        if await self._facts.get(ALIAS_HOURS) != last:
            await self.refresh(now)
            await self._facts.set(ALIAS_HOURS, last)

    async def refresh(self, now: datetime) -> None:
        """Add up the hours whose sums are missing or void, and drop those that nobody asks about any more."""
        last = hour_of(now)
        await self._database.execute(FORGET, {"before": last - KEPT})
        for project in await self._logged.projects(last - BACK, last):
            try:
                await self._refresh(project, last)
            except (psycopg.Error, TimeoutError) as error:
                await self._database.ping()
                log.warning("what calls the aliases of %s is not added up: %s", project, error)

    async def _refresh(self, project: str, last: datetime) -> None:
        """Add up a project's hours, latest first; where another process is about it, leave the rest to that."""
        asked = {"project": project, "first": last - BACK, "last": last, "thresholds": list(THRESHOLDS)}
        async with self._database.connection(SECONDS) as connection:
            missing = await (await connection.execute(MISSING, asked)).fetchall()
        for (start,) in missing:
            if not await self._fill({**asked, "hour": start, "by_model": BY_MODEL}):
                return

    async def _fill(self, params: Mapping[str, object]) -> bool:
        """Add up one hour of a project, and return whether nobody else was about it."""
        async with self._database.transaction(SECONDS) as connection:
            found = await (await connection.execute(ALONE, [params["project"]])).fetchone()
            alone = bool(found and found[0])
            if alone:
                await connection.execute(FILL, params)
            return alone
