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
from llmring_server.errors import Problem
from llmring_usage.periods import Grouping, Range, Split, split_days, split_quarters
from llmring_usage.rollups import BUCKET, DAY, EACH_NAME, NAMES, QUARTERS_DAY, SUMS
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics import Found, Group, LatencyBucket, StepName, assemble, spending_of, summary_of

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
DAILY_LATENCIES: LiteralString = "SELECT model, bucket, requests FROM usage_latencies WHERE project_id = %(project)s"
RAW_LATENCIES: LiteralString = (
    "SELECT model, " + BUCKET + ", 1::bigint FROM usage_logs WHERE project_id = %(project)s AND latency_ms IS NOT NULL"
)
GROUPED: LiteralString = (
    """
    grouped AS (
        SELECT json_build_array(kind, name, """
    + ", ".join("sum(" + name + ")" for name in SUMS)
    + """) AS line
        FROM calls
        GROUP BY kind, name
    ), histogram AS (
        SELECT json_build_array(model, bucket, sum(requests)) AS line
        FROM latencies
        GROUP BY model, bucket
    )
"""
)
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
            raise Problem.misfit("query", "tz", msg=msg) from error
        return Found(_groups.decode(row["groups"]), _steps.decode(row["steps"]), _latencies.decode(row["latencies"]))

    def query(
        self, project: str, span: Range, zone: ZoneInfo, over_time: OverTime | None = None
    ) -> tuple[LiteralString, dict[str, Any]]:
        """Return the statement and its parameters; raw rows take part only where the range has edges.

        Without `over_time`, nothing is counted by steps of time.
        """
        params: dict[str, Any] = {"project": project, "zone": zone.key}
        calls, latencies = Union(params, "c"), Union(params, "l")
        split = split_days(span, self._reporting)
        calls.cover(split, DAILY_CALLS, QUARTER_CALLS, RAW_CALLS)
        _take_latencies(latencies, split)
        if not calls.parts:
            return NOTHING, {}
        tables: LiteralString = (
            "calls (" + COLUMNS + ") AS (" + calls.sql + "), latencies (model, bucket, requests) AS ("
            + latencies.sql + ")"
        )  # fmt: skip
        steps: LiteralString = "'[]'::json AS steps"
        if over_time is not None:
            by_day = split if zone == self._reporting else Split(None, None, (span,))
            days = _days_by(over_time.kind, Union(params, "d"), by_day)
            tables += ", days (" + DAY_COLUMNS + ") AS (" + days + ")"
            steps = _listed("steps", _stepped(STEPS[over_time.step]))
        found = (
            _listed("groups", "SELECT line FROM grouped") + ", " + _listed("latencies", "SELECT line FROM histogram")
        )
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


class Union:
    """Parts of a UNION ALL, each between two bounds that are added to the statement's parameters."""

    def __init__(self, params: dict[str, Any], prefix: LiteralString) -> None:
        self.parts: list[LiteralString] = []
        self._params = params
        self._prefix = prefix

    @property
    def sql(self) -> LiteralString:
        """The parts as one SELECT."""
        return " UNION ALL ".join(self.parts)

    def add(self, select: LiteralString, column: LiteralString, first: Any, last: Any) -> None:
        """Add a SELECT whose `column` lies in `[first, last)`; None leaves a side open.

        Days are hidden from the planner in a subquery: seeing a long range of a large project, it would read the sums
        of all projects, by several workers, instead of those by the key.
        """
        name: LiteralString = self._prefix + NUMBERS[len(self.parts)]
        for bound, value, sign in (("from", first, ">="), ("to", last, "<")):
            if value is not None:
                given: LiteralString = "%(" + name + bound + ")s"
                at: LiteralString = "(SELECT " + given + "::date)" if column == "day" else given
                select += " AND " + column + " " + sign + " " + at
                self._params[name + bound] = value
        self.parts.append(select)

    def cover(self, split: Split, days: LiteralString, quarters: LiteralString, raw: LiteralString) -> None:
        """Cover a split range: with days, then quarters at its edges, then raw rows at theirs."""
        if split.first is not None:
            self.add(days, "day", split.first, split.last)
        for edge in split.edges:
            finer = split_quarters(edge)
            if finer.first is not None:
                self.add(quarters, "quarter", finer.first, finer.last)
            for rest in finer.edges:
                self.add(raw, "occurred_at", rest.start, rest.end)


NUMBERS: tuple[LiteralString, ...] = ("0", "1", "2", "3", "4", "5", "6", "7")


def _days_by(kind: Kind, union: "Union", split: Split) -> LiteralString:
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


def _take_latencies(union: Union, split: Split) -> None:
    """Cover a split range with whole days of the histogram, and raw rows for the rest."""
    if split.first is not None:
        union.add(DAILY_LATENCIES, "day", split.first, split.last)
    for edge in split.edges:
        union.add(RAW_LATENCIES, "occurred_at", edge.start, edge.end)
