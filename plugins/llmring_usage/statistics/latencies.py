"""The part of the statistics query that reads latencies: whole months if valid, days, and raw rows at the edges."""

from typing import Any, LiteralString

from llmring_usage.statistics.periods import Split, months_within
from llmring_usage.statistics.range_sql import RangeUnion
from llmring_usage.tables.latency_months import MONTH_LATENCIES, VALID_MONTHS
from llmring_usage.tables.log_columns import COUNTED
from llmring_usage.tables.rollups import BUCKET

DAILY: LiteralString = "SELECT model, bucket, requests FROM usage_latencies WHERE project_id = %(project)s"
RAW: LiteralString = (
    "SELECT model, " + BUCKET + " AS bucket, 1::bigint AS requests FROM usage_logs"
    " WHERE project_id = %(project)s AND latency_ms IS NOT NULL AND " + COUNTED
)


def latencies_sql(split: Split, params: dict[str, Any]) -> LiteralString:
    """Return the common table expressions that end in `latencies`, the histogram of a non-empty split range."""
    union, before = RangeUnion(params, "l"), _months_sql(split, params)
    if before:
        union.parts.append(MONTH_LATENCIES)
    elif split.first is not None:
        union.add_between(DAILY, "day", split.first, split.last)
    for edge in split.edges:
        union.add_between(RAW, "occurred_at", edge.start, edge.end)
    return before + "latencies AS (" + union.sql + ")"


def _months_sql(split: Split, params: dict[str, Any]) -> LiteralString:
    """Return the expressions that `MONTH_LATENCIES` reads, or nothing if the range has no whole month."""
    months = months_within(split)
    if months is None:
        return ""
    bounds = {"monthsfrom": months[0], "monthsto": months[1], "daysfrom": split.first, "daysto": split.last}
    params.update(bounds)
    return VALID_MONTHS + ", "
