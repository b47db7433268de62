"""The statistics query: one statement, so one snapshot, over rollups for whole buckets and raw rows at the edges.

Sums over the whole range come from days of the reporting zone, whatever zone is requested, with quarter hours at the
edges; only steps of time, by the names of one kind, are counted in the requested zone, from the 15-minute rollup.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, LiteralString, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from psycopg import errors

from llmring_server.contracts.usage import Kind, Spending, Statistics, Step, Summary
from llmring_server.database import Database
from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.assemble import (
    OTHER,
    QueryResult,
    assemble,
    assemble_spending,
    summarize,
)
from llmring_usage.statistics.latencies import latencies_sql
from llmring_usage.statistics.periods import Grouping, Range, Split, split_days
from llmring_usage.statistics.range_sql import RangeUnion
from llmring_usage.tables.log_columns import COUNTED, PROMPT
from llmring_usage.tables.rollups import (
    DAY,
    EACH_NAME,
    FORMER_KINDS,
    NAMES,
    PROVIDER_MODEL,
    QUARTERS_DAY,
    SUMS,
    VALUES,
    kind_sql,
)

T = TypeVar("T")

COLUMNS: LiteralString = "kind, name, " + ", ".join(SUMS)
DAILY_CALLS: LiteralString = "SELECT " + COLUMNS + " FROM usage_daily WHERE project_id = %(project)s"
QUARTER_CALLS: LiteralString = (
    "SELECT " + COLUMNS + " FROM usage_quarters"
    " WHERE project_id = %(project)s AND kind IN ("
    + ", ".join("'" + kind + "'" for kind in (*NAMES, *FORMER_KINDS)) + ")"
)  # fmt: skip
RAW_CALLS: LiteralString = (
    "SELECT kind, name, " + ", ".join(VALUES[name] + " AS " + name for name in SUMS) + " FROM usage_logs " + EACH_NAME
    + " WHERE project_id = %(project)s AND " + COUNTED
)  # fmt: skip
# Lines of provider_model are also of their provider and of their model; models of earlier versions have no provider.
EACH_KIND: LiteralString = (
    "CROSS JOIN LATERAL (VALUES (lines.kind, lines.name)"
    + "".join(
        ", (CASE WHEN lines.kind = '" + PROVIDER_MODEL + "' THEN '" + kind + "' END, " + part + ")"
        for kind, part in FORMER_KINDS.items()
    )
    + ", (CASE WHEN lines.kind = 'model' THEN '" + PROVIDER_MODEL + "' END, ':' || lines.name)) AS each(kind, name)"
    + " WHERE each.kind IS NOT NULL"
)  # fmt: skip
# Names whose calls were all taken back have rows of zeros.
GROUPED: LiteralString = (
    "lines AS MATERIALIZED (SELECT kind, name, "
    + ", ".join("sum(" + name + ") AS " + name for name in SUMS)
    + " FROM calls GROUP BY kind, name HAVING sum(requests) <> 0)"
    + ", grouped AS MATERIALIZED (SELECT each.kind, each.name, "
    + ", ".join("sum(" + name + ") AS " + name for name in SUMS)
    + " FROM lines "
    + EACH_KIND
    + " GROUP BY 1, 2)"
)
# The names with a row of their own: those with the highest cost, then the most requests.
SHOWN: LiteralString = (
    """
    kinds AS MATERIALIZED (
        SELECT kind, count(*) AS names, count(*) FILTER (WHERE name <> '') AS named FROM grouped GROUP BY kind
    ),
    shown AS MATERIALIZED (
        SELECT kind, name FROM kinds CROSS JOIN LATERAL (
            SELECT name FROM grouped
            WHERE grouped.kind = kinds.kind AND (
                %(kind)s::text IS NULL OR kinds.kind = %(kind)s
                OR (%(kind)s = 'model' AND kinds.kind = '"""
    + PROVIDER_MODEL
    + """')
            )
            ORDER BY name = '"""
    + OTHER
    + """', cost DESC, requests DESC, name COLLATE "C"
            LIMIT %(names)s
        ) AS top
    )
"""
)
# A test with IN is hashed whatever the planner expects; a join is not.
GROUPS: LiteralString = (
    "SELECT json_build_array(kind, shown_name, " + ", ".join("sum(" + name + ")" for name in SUMS) + ") AS line FROM ("
    "SELECT *, CASE WHEN (kind, name) IN (SELECT kind, name FROM shown) THEN name END AS shown_name FROM grouped"
    ") AS marked GROUP BY kind, shown_name"
)
COUNTS: LiteralString = "SELECT json_build_array(kind, names, named) AS line FROM kinds"
BY_MODEL: LiteralString = """
    SELECT json_build_array(shown_name, bucket, sum(requests)) AS line FROM (
        SELECT *, CASE WHEN model IN (SELECT name FROM shown WHERE kind = 'model') THEN model END AS shown_name
        FROM latencies
    ) AS marked GROUP BY bucket, shown_name
"""
ALL_MODELS: LiteralString = (
    "SELECT json_build_array(NULL, bucket, sum(requests)) AS line FROM latencies GROUP BY bucket"
)
STEPS: Mapping[Step, LiteralString] = {
    "day": "day",
    "week": "date_trunc('week', day::timestamp)::date",
    "month": "date_trunc('month', day::timestamp)::date",
}
# By name and step, and by step alone, with the name that has the highest cost.
NAMED_STEPS: LiteralString = """
    SELECT json_build_array(start, shown_name, sum(requests), sum(tokens), sum(cost)) AS line FROM (
        SELECT *, CASE WHEN name IN (SELECT name FROM shown WHERE kind = %(kind)s) THEN name END AS shown_name
        FROM named
    ) AS marked GROUP BY start, shown_name
"""
TOTAL_STEPS: LiteralString = """
    SELECT json_build_array(start, (array_agg(name ORDER BY cost DESC, requests DESC, name COLLATE "C"))[1],
        sum(requests), sum(tokens), sum(cost)) AS line
    FROM named GROUP BY start
"""
PARTS: tuple[LiteralString, ...] = ("groups", "counts", "latencies", "steps", "days")
EMPTY: LiteralString = "SELECT " + ", ".join("'[]'::json AS " + part for part in PARTS)
OVERVIEW_NAMES = 100

_decode = msgspec.json.Decoder(QueryResult).decode


class TimeBreakdown(msgspec.Struct, frozen=True):
    """The breakdown of a range over time, per day, week or month: by the names of a kind, or of all calls.

    Without a `kind`, each step has the name of the model with the highest cost, and the range is broken down by the
    names of every kind.
    """

    kind: Kind | None = None
    step: Step = "day"


BY_DAY = TimeBreakdown()


class StatisticsQuery:
    """Queries the statistics of any range in any zone."""

    def __init__(self, database: Database, settings: UsageSettings) -> None:
        self._database = database
        self._reporting = ZoneInfo(settings.timezone)
        self._names = settings.stats_names

    async def statistics(self, project: str, span: Range, zone: ZoneInfo, grouping: Grouping) -> Statistics:
        """Return the statistics of a project over a range, in days of `zone`."""
        return await self._run(assemble, project, span, zone, TimeBreakdown(step=grouping))

    async def summary(self, project: str, span: Range, zone: ZoneInfo) -> Summary:
        """Return the sums of a project over a range."""
        return await self._run(summarize, project, span, zone)

    async def spending(self, project: str, span: Range, zone: ZoneInfo, kind: Kind, step: Step) -> Spending:
        """Return the sums of a project over a range, by the names of a kind and by steps of time."""
        return await self._run(partial(assemble_spending, kind=kind), project, span, zone, TimeBreakdown(kind, step))

    async def _run(
        self,
        work: Callable[[QueryResult], T],
        project: str,
        span: Range,
        zone: ZoneInfo,
        over_time: TimeBreakdown | None = None,
    ) -> T:
        """Run the query and return what `work` makes of its result; for a large result, in a thread."""
        query, params = self.statement(project, span, zone, over_time)
        try:
            (row,) = await self._database.fetch(query, params)
        except errors.InvalidParameterValue as error:
            msg = f"The database does not know the time zone {zone.key!r}. Use another one."
            raise Problem.validation("query", "tz", msg=msg) from error
        encoded = codec.encode(row)
        return await codec.run_in_thread_if_large(encoded, lambda: work(_decode(encoded)))

    def statement(
        self, project: str, span: Range, zone: ZoneInfo, over_time: TimeBreakdown | None = None
    ) -> tuple[LiteralString, dict[str, Any]]:
        """Return the statement and its parameters; raw rows are read only if the range has edges.

        Without `over_time`, nothing is counted by name or by steps of time.
        """
        params: dict[str, Any] = {"project": project, "zone": zone.key}
        calls, split = RangeUnion(params, "c"), split_days(span, self._reporting)
        calls.add_range(split, DAILY_CALLS, QUARTER_CALLS, RAW_CALLS)
        if not calls.parts:
            return EMPTY, {}
        tables: LiteralString = "calls AS (" + calls.sql + "), " + latencies_sql(split, params)
        days: LiteralString = ""
        if over_time is not None:
            by_day = split if zone == self._reporting else Split(None, None, (span,))
            days = _days_sql(over_time.kind or "model", RangeUnion(params, "d"), by_day)
        return assembled_sql(tables, days, params, over_time, self._names), params


def assembled_sql(
    tables: LiteralString, days: LiteralString, params: dict[str, Any], over_time: TimeBreakdown | None, names: int
) -> LiteralString:
    """Return the statement of the result over the tables `calls` and `latencies`, and the SELECT of days.

    At most `names` names of a kind have a row.
    """
    params["kind"], params["names"] = None, 0
    if over_time is not None:
        tables += ", days AS (" + days + "), named AS (" + _named_sql(over_time.step) + ")"
        params["kind"] = over_time.kind
        params["names"] = names if over_time.kind is None else min(names, OVERVIEW_NAMES)
    columns: LiteralString = ", ".join(_json_column(name, lines) for name, lines in _columns(over_time).items())
    return "WITH " + tables + ", " + GROUPED + ", " + SHOWN + " SELECT " + columns


def _columns(over_time: TimeBreakdown | None) -> Mapping[LiteralString, LiteralString | None]:
    """Return the SELECT of each part of the result, None for an empty part."""
    by_model = over_time is not None and over_time.kind in (None, "model")
    columns: dict[LiteralString, LiteralString | None] = {
        "groups": GROUPS, "counts": COUNTS, "latencies": BY_MODEL if by_model else ALL_MODELS,
        "steps": None, "days": None,
    }  # fmt: skip
    if over_time is not None:
        columns["steps"] = TOTAL_STEPS if over_time.kind is None else NAMED_STEPS
        if over_time.kind is None and over_time.step != "day":
            columns["days"] = TOTAL_STEPS.replace("FROM named", "FROM (" + _named_sql("day") + ") AS named")
    return columns


def _named_sql(step: Step) -> LiteralString:
    """Return the SELECT of days grouped into steps of time by name; a step is named by its first day."""
    start = STEPS[step]
    return (
        "SELECT " + start + " AS start, name, sum(requests) AS requests,"
        " sum(tokens) AS tokens, sum(cost) AS cost FROM days GROUP BY 1, 2 HAVING sum(requests) <> 0"
    )


def _json_column(name: LiteralString, lines: LiteralString | None) -> LiteralString:
    """Return the column with all lines of a SELECT as one JSON array."""
    if lines is None:
        return "'[]'::json AS " + name
    return "(SELECT coalesce(json_agg(line), '[]') FROM (" + lines + ") AS every_" + name + ") AS " + name


def _days_sql(kind: Kind, union: RangeUnion, split: Split) -> LiteralString:
    """Return the SELECT of a split range's calls by day and by the names of a kind."""
    condition, name = kind_sql(kind)
    of_kind: LiteralString = " WHERE project_id = %(project)s AND " + condition
    sums: LiteralString = (
        ", " + name + " AS name, requests, input_tokens + extra_input_tokens + output_tokens AS tokens, cost FROM "
    )
    union.add_range(
        split,
        "SELECT day" + sums + "usage_daily" + of_kind,
        "SELECT " + QUARTERS_DAY + " AS day" + sums + "usage_quarters" + of_kind,
        "SELECT "
        + DAY
        + " AS day, coalesce("
        + kind
        + ", '') AS name, 1::bigint AS requests, "
        + PROMPT
        + " + output_tokens AS tokens, coalesce(cost, 0) AS cost FROM usage_logs WHERE project_id = %(project)s AND "
        + COUNTED,
    )
    return union.sql
