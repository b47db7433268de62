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
    WHERE project_id = %(project)s AND day >= %(first)s AND day < %(last)s
"""
QUARTER_SUMS: LiteralString = """
    SELECT (quarter AT TIME ZONE %(zone)s)::date AS day, provider, model, alias, profile, origin, requests, errors,
        input_tokens, output_tokens, cached_input_tokens, cost, unpriced_requests, unpriced_tokens
    FROM usage_quarters
    WHERE project_id = %(project)s AND quarter >= %(first)s AND quarter < %(last)s
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
    SELECT model, bucket, requests FROM usage_latencies
    WHERE project_id = %(project)s AND day >= %(latency_first)s AND day < %(latency_last)s
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
        reporting = zone.key == self._reporting
        split = split_days(span, zone) if reporting else split_quarters(span)
        calls = _parts(params, "", split, DAILY_SUMS if reporting else QUARTER_SUMS, EDGE_SUMS)
        latency_split = split if reporting else split_days(span, ZoneInfo(self._reporting))
        latencies = _parts(params, "latency_", latency_split, DAILY_LATENCIES, EDGE_LATENCIES)
        if not calls:
            return NOTHING, {}
        return (
            "WITH parts AS (" + calls + "), latencies AS (" + latencies + ") " + GROUPED + " UNION ALL " + PERCENTILES,
            params,
        )


def _parts(
    params: dict[str, Any], prefix: LiteralString, split: Split, buckets: LiteralString, edge: LiteralString
) -> LiteralString:
    """Return the UNION ALL of whole buckets and edges, and note their bounds in `params` under `prefix`."""
    parts: list[LiteralString] = []
    if split.first is not None:
        params[prefix + "first"], params[prefix + "last"] = split.first, split.last
        parts.append(buckets)
    sides: tuple[LiteralString, ...] = ("before", "after")
    for side, span in zip(sides, split.edges, strict=False):
        where = edge
        if span.start is not None:
            params[prefix + side + "_start"] = span.start
            where += " AND occurred_at >= %(" + prefix + side + "_start)s"
        if span.end is not None:
            params[prefix + side + "_end"] = span.end
            where += " AND occurred_at < %(" + prefix + side + "_end)s"
        parts.append(where)
    return " UNION ALL ".join(parts)
