"""The statistics query: one statement, so one snapshot, over rollups for whole buckets and raw rows at the edges.

Sums over the whole range come from days of the reporting zone, whatever zone is requested, with quarter hours at the
edges; only steps of time, by the names of one kind, are counted in the requested zone, from the 15-minute rollup.
"""

from collections.abc import Mapping
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

import msgspec
from psycopg import errors

from llmring_server.contracts.usage import Kind, Spending, Statistics, Step, Summary
from llmring_server.database import Database
from llmring_server.http.errors import Problem
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.assemble import (
    LatencyBucket,
    NameSums,
    QueryResult,
    StepSums,
    assemble,
    assemble_spending,
    summarize,
)
from llmring_usage.statistics.latencies import latencies_sql
from llmring_usage.statistics.periods import Grouping, Range, Split, split_days
from llmring_usage.statistics.range_sql import RangeUnion
from llmring_usage.tables.log_columns import PROMPT
from llmring_usage.tables.rollups import (
    DAY,
    EACH_NAME,
    FORMER_KINDS,
    NAMES,
    QUARTERS_DAY,
    SUMS,
    VALUES,
    kind_sql,
)

COLUMNS: LiteralString = "kind, name, " + ", ".join(SUMS)
DAY_COLUMNS: LiteralString = "day, name, requests, tokens, cost"
DAILY_CALLS: LiteralString = "SELECT " + COLUMNS + " FROM usage_daily WHERE project_id = %(project)s"
QUARTER_CALLS: LiteralString = (
    "SELECT " + COLUMNS + " FROM usage_quarters"
    " WHERE project_id = %(project)s AND kind IN ("
    + ", ".join("'" + kind + "'" for kind in (*NAMES, *FORMER_KINDS)) + ")"
)  # fmt: skip
RAW_CALLS: LiteralString = (
    "SELECT kind, name, " + ", ".join(VALUES[name] for name in SUMS) + " FROM usage_logs " + EACH_NAME
    + " WHERE project_id = %(project)s"
)  # fmt: skip
GROUPED: LiteralString = (
    """
    grouped AS (
        SELECT json_build_array(kind, name, """
    + ", ".join("sum(" + name + ")" for name in SUMS)
    + """) AS line
        FROM calls
        GROUP BY kind, name
    )
"""
)
BY_MODEL: LiteralString = (
    "SELECT json_build_array(model, bucket, sum(requests)) AS line FROM latencies GROUP BY model, bucket"
)
ALL_MODELS: LiteralString = "SELECT json_build_array('', bucket, sum(requests)) AS line FROM latencies GROUP BY bucket"
STEPS: Mapping[Step, LiteralString] = {
    "day": "day",
    "week": "date_trunc('week', day::timestamp)::date",
    "month": "date_trunc('month', day::timestamp)::date",
}
EMPTY: LiteralString = "SELECT '[]'::json AS groups, '[]'::json AS latencies, '[]'::json AS steps"

_groups = msgspec.json.Decoder(list[NameSums])
_steps = msgspec.json.Decoder(list[StepSums])
_latencies = msgspec.json.Decoder(list[LatencyBucket])


class TimeBreakdown(msgspec.Struct, frozen=True):
    """The breakdown of a range over time: by the names of a kind, per day, week or month."""

    kind: Kind = "model"
    step: Step = "day"


BY_DAY = TimeBreakdown()


class StatisticsQuery:
    """Queries the statistics of any range in any zone."""

    def __init__(self, database: Database, settings: UsageSettings) -> None:
        self._database = database
        self._reporting = ZoneInfo(settings.timezone)

    async def statistics(self, project: str, span: Range, zone: ZoneInfo, grouping: Grouping) -> Statistics:
        """Return the statistics of a project over a range, in days of `zone`."""
        return assemble(await self._run(project, span, zone, BY_DAY), grouping)

    async def summary(self, project: str, span: Range, zone: ZoneInfo) -> Summary:
        """Return the sums of a project over a range."""
        return summarize(await self._run(project, span, zone))

    async def spending(self, project: str, span: Range, zone: ZoneInfo, over_time: TimeBreakdown) -> Spending:
        """Return the sums of a project over a range, by the names of a kind and by steps of time."""
        return assemble_spending(await self._run(project, span, zone, over_time), over_time.kind)

    async def _run(
        self, project: str, span: Range, zone: ZoneInfo, over_time: TimeBreakdown | None = None
    ) -> QueryResult:
        query, params = self.statement(project, span, zone, over_time)
        try:
            (row,) = await self._database.fetch(query, params)
        except errors.InvalidParameterValue as error:
            msg = f"The database does not know the time zone {zone.key!r}. Use another one."
            raise Problem.validation("query", "tz", msg=msg) from error
        return QueryResult(
            _groups.decode(row["groups"]), _steps.decode(row["steps"]), _latencies.decode(row["latencies"])
        )

    def statement(
        self, project: str, span: Range, zone: ZoneInfo, over_time: TimeBreakdown | None = None
    ) -> tuple[LiteralString, dict[str, Any]]:
        """Return the statement and its parameters; raw rows are read only if the range has edges.

        Without `over_time`, nothing is counted by steps of time, and latencies are those of all models together.
        """
        params: dict[str, Any] = {"project": project, "zone": zone.key}
        calls, split = RangeUnion(params, "c"), split_days(span, self._reporting)
        calls.add_range(split, DAILY_CALLS, QUARTER_CALLS, RAW_CALLS)
        if not calls.parts:
            return EMPTY, {}
        tables: LiteralString = "calls (" + COLUMNS + ") AS (" + calls.sql + "), " + latencies_sql(split, params)
        steps: LiteralString = "'[]'::json AS steps"
        if over_time is not None:
            by_day = split if zone == self._reporting else Split(None, None, (span,))
            days = _days_sql(over_time.kind, RangeUnion(params, "d"), by_day)
            tables += ", days (" + DAY_COLUMNS + ") AS (" + days + ")"
            steps = _json_column("steps", _steps_sql(STEPS[over_time.step]))
        histogram = ALL_MODELS if over_time is None else BY_MODEL
        found = _json_column("groups", "SELECT line FROM grouped") + ", " + _json_column("latencies", histogram)
        return "WITH " + tables + ", " + GROUPED + " SELECT " + found + ", " + steps, params


def _steps_sql(start: LiteralString) -> LiteralString:
    """Return the SELECT of days grouped into steps of time; `start` is the first day of a day's step."""
    return (
        "SELECT json_build_array(" + start + ", name, sum(requests), sum(tokens), sum(cost))"
        " AS line FROM days GROUP BY " + start + ", name"
    )


def _json_column(name: LiteralString, lines: LiteralString) -> LiteralString:
    """Return the column with all lines of a SELECT as one JSON array."""
    return "(SELECT coalesce(json_agg(line), '[]') FROM (" + lines + ") AS every_" + name + ") AS " + name


def _days_sql(kind: Kind, union: RangeUnion, split: Split) -> LiteralString:
    """Return the SELECT of a split range's calls by day and by the names of a kind."""
    condition, name = kind_sql(kind)
    of_kind: LiteralString = " WHERE project_id = %(project)s AND " + condition
    sums: LiteralString = ", " + name + ", requests, input_tokens + extra_input_tokens + output_tokens, cost FROM "
    union.add_range(
        split,
        "SELECT day" + sums + "usage_daily" + of_kind,
        "SELECT " + QUARTERS_DAY + sums + "usage_quarters" + of_kind,
        "SELECT " + DAY + ", coalesce(" + kind + ", ''), 1::bigint, " + PROMPT + " + output_tokens, coalesce(cost, 0)"
        " FROM usage_logs WHERE project_id = %(project)s",
    )
    return union.sql
