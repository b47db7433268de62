"""The statistics query: one statement, one snapshot, over rollups for whole buckets and raw rows for the edges."""

from typing import Any, LiteralString
from zoneinfo import ZoneInfo

from llmring_server.database import Database
from llmring_usage.ingest import BUCKET
from llmring_usage.periods import Grouping, Range, Split, split_days, split_quarters
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics import Group, Statistics, assemble

NOTHING: LiteralString = "SELECT 'none' AS kind, NULL::date AS day, NULL::text AS name WHERE false"
EDGE_SUMS: LiteralString = """
    SELECT
        (occurred_at AT TIME ZONE %(zone)s)::date AS day,
        provider, model, coalesce(alias, '') AS alias, profile, coalesce(origin, '') AS origin,
        1::bigint AS requests,
        (status = 'error')::int::bigint AS errors,
        input_tokens::numeric, output_tokens::numeric, cached_input_tokens::numeric,
        coalesce(cost, 0) AS cost,
        (cost IS NULL)::int::bigint AS unpriced_requests,
        CASE WHEN cost IS NULL THEN input_tokens::numeric + output_tokens ELSE 0 END AS unpriced_tokens
    FROM usage_logs
    WHERE project_id = %(project)s
"""
DAILY_SUMS: LiteralString = """
    SELECT day, provider, model, alias, profile, origin, requests, errors, input_tokens, output_tokens,
        cached_input_tokens, cost, unpriced_requests, unpriced_tokens
    FROM usage_daily
    WHERE project_id = %(project)s
"""
QUARTER_SUMS: LiteralString = """
    SELECT (quarter AT TIME ZONE %(zone)s)::date AS day, provider, model, alias, profile, origin, requests, errors,
        input_tokens, output_tokens, cached_input_tokens, cost, unpriced_requests, unpriced_tokens
    FROM usage_quarters
    WHERE project_id = %(project)s
"""
GROUPED: LiteralString = """
    SELECT
        CASE GROUPING(day, provider, model, alias, profile, origin)
            WHEN 63 THEN 'total' WHEN 23 THEN 'day' WHEN 47 THEN 'provider' WHEN 55 THEN 'model'
            WHEN 59 THEN 'alias' WHEN 61 THEN 'profile' ELSE 'origin'
        END AS kind,
        day,
        coalesce(model, provider, alias, profile, origin) AS name,
        sum(requests)::bigint AS requests,
        sum(errors)::bigint AS errors,
        sum(input_tokens) AS input_tokens,
        sum(output_tokens) AS output_tokens,
        sum(cached_input_tokens) AS cached_input_tokens,
        sum(cost) AS cost,
        sum(unpriced_requests)::bigint AS unpriced_requests,
        sum(unpriced_tokens) AS unpriced_tokens,
        NULL::smallint AS p50,
        NULL::smallint AS p95
    FROM parts
    GROUP BY GROUPING SETS ((), (day, model), (provider), (model), (alias), (profile), (origin))
    HAVING count(*) > 0
"""
DAILY_LATENCIES: LiteralString = """
    SELECT model, bucket, requests FROM usage_latencies WHERE project_id = %(project)s
"""
EDGE_LATENCIES: LiteralString = (
    "SELECT model, (" + BUCKET + ")::smallint AS bucket, 1::bigint AS requests FROM usage_logs"
    " WHERE project_id = %(project)s AND latency_ms IS NOT NULL"
)
PERCENTILES: LiteralString = """
    SELECT 'latency', NULL::date, model, 0::bigint, 0::bigint, 0, 0, 0, 0, 0::bigint, 0,
        min(bucket) FILTER (WHERE below >= 0.50 * calls),
        min(bucket) FILTER (WHERE below >= 0.95 * calls)
    FROM (
        SELECT model, bucket,
            sum(sum(requests)) OVER (PARTITION BY model ORDER BY bucket) AS below,
            sum(sum(requests)) OVER (PARTITION BY model) AS calls
        FROM latencies
        GROUP BY model, bucket
    ) AS cumulated
    GROUP BY model
"""


class UsageSums:
    """Answers `/stats` for any range and zone."""

    def __init__(self, database: Database, settings: UsageSettings) -> None:
        self._database = database
        self._reporting = settings.timezone

    async def statistics(self, project: str, span: Range, zone: ZoneInfo, grouping: Grouping) -> Statistics:
        """Return the statistics of a project over a range, in days of `zone`."""
        query, params = self.query(project, span, zone)
        return assemble(await self._database.rows(Group, query, params), grouping)

    def query(self, project: str, span: Range, zone: ZoneInfo) -> tuple[LiteralString, dict[str, Any]]:
        """Return the statement and its parameters; raw rows take part only where the range has edges."""
        params: dict[str, Any] = {"project": project, "zone": zone.key}
        reporting = ZoneInfo(self._reporting)
        calls, latencies = Union(params, "c"), Union(params, "l")
        _take_calls(calls, span, zone if zone == reporting else None)
        _take_latencies(latencies, span, reporting)
        if not calls.parts:
            return NOTHING, {}
        parts = "WITH parts AS (" + calls.sql + "), latencies AS (" + latencies.sql + ") "
        return parts + GROUPED + " UNION ALL " + PERCENTILES, params


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


NUMBERS: tuple[LiteralString, ...] = ("0", "1", "2", "3", "4", "5", "6", "7")


def _take_calls(union: Union, span: Range, zone: ZoneInfo | None) -> None:
    """Cover a range with whole days of the reporting zone (when that is asked for), then quarters, then raw rows."""
    split = Split(None, None, (span,)) if zone is None else split_days(span, zone)
    if split.first is not None:
        union.add(DAILY_SUMS, "day", split.first, split.last)
    for edge in split.edges:
        quarters = split_quarters(edge)
        if quarters.first is not None:
            union.add(QUARTER_SUMS, "quarter", quarters.first, quarters.last)
        for rest in quarters.edges:
            union.add(EDGE_SUMS, "occurred_at", rest.start, rest.end)


def _take_latencies(union: Union, span: Range, reporting: ZoneInfo) -> None:
    """Cover a range with whole days of the latency histogram, and raw rows for the rest."""
    split = split_days(span, reporting)
    if split.first is not None:
        union.add(DAILY_LATENCIES, "day", split.first, split.last)
    for edge in split.edges:
        union.add(EDGE_LATENCIES, "occurred_at", edge.start, edge.end)
