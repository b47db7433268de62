"""The statistics query: one statement, so one snapshot, over rollups for whole buckets and raw rows for the edges.

Sums over the whole range come from days of the reporting zone, whatever zone is asked for, with quarter hours at the
edges; only its steps of time, by the names of one kind, are counted in the zone, from a rollup as fine as zones are.
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
from llmring_usage.statistics.assemble import Found, Group, LatencyBucket, StepName, assemble, spending_of, summary_of
from llmring_usage.statistics.latencies import latencies
from llmring_usage.statistics.periods import Grouping, Range, Split, split_days
from llmring_usage.statistics.range_sql import Union
from llmring_usage.tables.rollups import DAY, EACH_NAME, NAMES, QUARTERS_DAY, SUMS

COLUMNS: LiteralString = "kind, name, " + ", ".join(SUMS)
DAY_COLUMNS: LiteralString = "day, name, requests, input_tokens, output_tokens, cost"
DAILY_CALLS: LiteralString = "SELECT " + COLUMNS + " FROM usage_daily WHERE project_id = %(project)s"
QUARTER_CALLS: LiteralString = (
    "SELECT " + COLUMNS + " FROM usage_quarters"
    " WHERE project_id = %(project)s AND kind IN (" + ", ".join("'" + kind + "'" for kind in NAMES) + ")"
)  # fmt: skip
RAW_CALLS: LiteralString = (
    """
    SELECT kind, name, 1::bigint, (status = 'error')::int::bigint, input_tokens, output_tokens, cached_input_tokens,
        coalesce(cost, 0), (cost IS NULL)::int::bigint,
        CASE WHEN cost IS NULL THEN input_tokens::numeric + output_tokens ELSE 0 END
    FROM usage_logs """
    + EACH_NAME
    + " WHERE project_id = %(project)s"
)
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
TOGETHER: LiteralString = "SELECT json_build_array('', bucket, sum(requests)) AS line FROM latencies GROUP BY bucket"
STEPS: Mapping[Step, LiteralString] = {
    "day": "day",
    "week": "date_trunc('week', day::timestamp)::date",
    "month": "date_trunc('month', day::timestamp)::date",
}
NOTHING: LiteralString = "SELECT '[]'::json AS groups, '[]'::json AS latencies, '[]'::json AS steps"

_groups = msgspec.json.Decoder(list[Group])
_steps = msgspec.json.Decoder(list[StepName])
_latencies = msgspec.json.Decoder(list[LatencyBucket])


class OverTime(msgspec.Struct, frozen=True):
    """What a range is broken down by over time: the names of a kind, by day, week or month."""

    kind: Kind = "model"
    step: Step = "day"


BY_DAY = OverTime()


class UsageSums:
    """Answers `/stats`, and what pages show of it, for any range and zone."""

    def __init__(self, database: Database, settings: UsageSettings) -> None:
        self._database = database
        self._reporting = ZoneInfo(settings.timezone)

    async def statistics(self, project: str, span: Range, zone: ZoneInfo, grouping: Grouping) -> Statistics:
        """Return the statistics of a project over a range, in days of `zone`."""
        return assemble(await self._ask(project, span, zone, BY_DAY), grouping)

    async def summary(self, project: str, span: Range, zone: ZoneInfo) -> Summary:
        """Return the sums of a project over a range."""
        return summary_of(await self._ask(project, span, zone))

    async def spending(self, project: str, span: Range, zone: ZoneInfo, over_time: OverTime) -> Spending:
        """Return the sums of a project over a range, and by the names of a kind, also over time."""
        return spending_of(await self._ask(project, span, zone, over_time), over_time.kind)

    async def _ask(self, project: str, span: Range, zone: ZoneInfo, over_time: OverTime | None = None) -> Found:
        query, params = self.query(project, span, zone, over_time)
        try:
            (row,) = await self._database.fetch(query, params)
        except errors.InvalidParameterValue as error:
            msg = f"a time zone that the database knows too; it has no {zone.key!r}"
            raise Problem.validation("query", "tz", msg=msg) from error
        return Found(_groups.decode(row["groups"]), _steps.decode(row["steps"]), _latencies.decode(row["latencies"]))

    def query(
        self, project: str, span: Range, zone: ZoneInfo, over_time: OverTime | None = None
    ) -> tuple[LiteralString, dict[str, Any]]:
        """Return the statement and its parameters; raw rows take part only where the range has edges.

        Without `over_time`, nothing is counted by steps of time, and latencies are those of all models together.
        """
        params: dict[str, Any] = {"project": project, "zone": zone.key}
        calls, split = Union(params, "c"), split_days(span, self._reporting)
        calls.cover(split, DAILY_CALLS, QUARTER_CALLS, RAW_CALLS)
        if not calls.parts:
            return NOTHING, {}
        tables: LiteralString = "calls (" + COLUMNS + ") AS (" + calls.sql + "), " + latencies(split, params)
        steps: LiteralString = "'[]'::json AS steps"
        if over_time is not None:
            by_day = split if zone == self._reporting else Split(None, None, (span,))
            days = _days_by(over_time.kind, Union(params, "d"), by_day)
            tables += ", days (" + DAY_COLUMNS + ") AS (" + days + ")"
            steps = _listed("steps", _stepped(STEPS[over_time.step]))
        histogram = TOGETHER if over_time is None else BY_MODEL
        found = _listed("groups", "SELECT line FROM grouped") + ", " + _listed("latencies", histogram)
        return "WITH " + tables + ", " + GROUPED + " SELECT " + found + ", " + steps, params


def _stepped(start: LiteralString) -> LiteralString:
    """Return the SELECT of the days gathered into steps of time; `start` is the first day of a day's step."""
    return (
        "SELECT json_build_array(" + start + ", name, sum(requests), sum(input_tokens) + sum(output_tokens), sum(cost))"
        " AS line FROM days GROUP BY " + start + ", name"
    )


def _listed(name: LiteralString, lines: LiteralString) -> LiteralString:
    """Return the column in which all lines of a SELECT stand as one JSON array."""
    return "(SELECT coalesce(json_agg(line), '[]') FROM (" + lines + ") AS every_" + name + ") AS " + name


def _days_by(kind: Kind, union: Union, split: Split) -> LiteralString:
    """Return the SELECT of a split range's calls by day and by the names of a kind."""
    of_kind: LiteralString = " WHERE project_id = %(project)s AND kind = '" + kind + "'"
    sums: LiteralString = ", name, requests, input_tokens, output_tokens, cost FROM "
    union.cover(
        split,
        "SELECT day" + sums + "usage_daily" + of_kind,
        "SELECT " + QUARTERS_DAY + sums + "usage_quarters" + of_kind,
        "SELECT " + DAY + ", " + NAMES[kind] + ", 1::bigint, input_tokens, output_tokens, coalesce(cost, 0)"
        " FROM usage_logs WHERE project_id = %(project)s",
    )
    return union.sql
