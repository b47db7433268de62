"""The statistics query: one statement, so one snapshot, over rollups for whole buckets and raw rows for the edges.

Sums over the whole range come from days of the reporting zone, whatever zone is asked for, with quarter hours at the
edges; only its days, by model, are counted in the zone, from a rollup that is as fine as zones are and no wider.
"""

from typing import Any, LiteralString
from zoneinfo import ZoneInfo

import msgspec
from psycopg import errors

from llmring_server.contracts.usage import Kind, Spending, Statistics
from llmring_server.database import Database
from llmring_server.errors import Problem
from llmring_usage.periods import Grouping, Range, Split, split_days, split_quarters
from llmring_usage.rollups import BUCKET, DAY, EACH_NAME, NAMES, QUARTERS_DAY, SUMS
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics import DayName, Group, LatencyBucket, assemble, shares_of

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
BY_DAY: LiteralString = """
    SELECT json_build_array(day, name, sum(requests), sum(input_tokens) + sum(output_tokens), sum(cost)) AS line
    FROM """
NOTHING: LiteralString = "SELECT '[]'::json AS groups, '[]'::json AS latencies, '[]'::json AS days, '[]'::json AS named"

_groups = msgspec.json.Decoder(list[Group])
_days = msgspec.json.Decoder(list[DayName])
_latencies = msgspec.json.Decoder(list[LatencyBucket])


class UsageSums:
    """Answers `/stats` for any range and zone."""

    def __init__(self, database: Database, settings: UsageSettings) -> None:
        self._database = database
        self._reporting = ZoneInfo(settings.timezone)

    async def statistics(self, project: str, span: Range, zone: ZoneInfo, grouping: Grouping) -> Statistics:
        """Return the statistics of a project over a range, in days of `zone`."""
        return _statistics(await self._ask(project, span, zone), grouping)

    async def spending(self, project: str, span: Range, zone: ZoneInfo, kind: Kind) -> Spending:
        """Return the same by day, with the days broken down by the names of a kind too."""
        found = await self._ask(project, span, zone, kind)
        return Spending(_statistics(found, "day"), shares_of(_days.decode(found["named"])))

    async def _ask(self, project: str, span: Range, zone: ZoneInfo, kind: Kind | None = None) -> dict[str, Any]:
        query, params = self.query(project, span, zone, kind)
        try:
            return (await self._database.fetch(query, params))[0]
        except errors.InvalidParameterValue as error:
            msg = f"a time zone that the database knows too; it has no {zone.key!r}"
            raise Problem.misfit("query", "tz", msg=msg) from error

    def query(
        self, project: str, span: Range, zone: ZoneInfo, kind: Kind | None = None
    ) -> tuple[LiteralString, dict[str, Any]]:
        """Return the statement and its parameters; raw rows take part only where the range has edges.

        With a `kind` it gives the days by that kind's names besides those by model, as `named`.
        """
        params: dict[str, Any] = {"project": project, "zone": zone.key}
        calls, latencies = Union(params, "c"), Union(params, "l")
        split = split_days(span, self._reporting)
        by_day = split if zone == self._reporting else Split(None, None, (span,))
        calls.cover(split, DAILY_CALLS, QUARTER_CALLS, RAW_CALLS)
        _take_latencies(latencies, split)
        if not calls.parts:
            return NOTHING, {}
        tables: LiteralString = (
            "calls (" + COLUMNS + ") AS (" + calls.sql + "), latencies (model, bucket, requests) AS ("
            + latencies.sql + "), days (" + DAY_COLUMNS + ") AS (" + _days_by("model", Union(params, "d"), by_day) + ")"
        )  # fmt: skip
        selected: LiteralString = _listed("groups", "SELECT line FROM grouped") + ", " + _listed(
            "latencies", "SELECT line FROM histogram"
        ) + ", " + _listed("days", BY_DAY + "days GROUP BY day, name")  # fmt: skip
        if kind == "model":
            selected += ", " + _listed("named", BY_DAY + "days GROUP BY day, name")
        elif kind is not None:
            tables += ", named (" + DAY_COLUMNS + ") AS (" + _days_by(kind, Union(params, "n"), by_day) + ")"
            selected += ", " + _listed("named", BY_DAY + "named GROUP BY day, name")
        return "WITH " + tables + ", " + GROUPED + " SELECT " + selected, params


def _statistics(found: dict[str, Any], grouping: Grouping) -> Statistics:
    return assemble(
        _groups.decode(found["groups"]), _days.decode(found["days"]), _latencies.decode(found["latencies"]), grouping
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
        """Add a SELECT whose `column` lies in `[first, last)`; None leaves a side open."""
        name: LiteralString = self._prefix + NUMBERS[len(self.parts)]
        for bound, value, sign in (("from", first, ">="), ("to", last, "<")):
            if value is not None:
                select += " AND " + column + " " + sign + " %(" + name + bound + ")s"
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
