"""The part of the statistics query that reads latencies: whole months where they hold, days, raw rows for the edges."""

from typing import Any, LiteralString

from llmring_usage.statistics.periods import Split, months_within
from llmring_usage.statistics.range_sql import Union
from llmring_usage.tables.latency_months import HELD, HELD_LATENCIES
from llmring_usage.tables.rollups import BUCKET

DAILY: LiteralString = "SELECT model, bucket, requests FROM usage_latencies WHERE project_id = %(project)s"
RAW: LiteralString = (
    "SELECT model, " + BUCKET + ", 1::bigint FROM usage_logs WHERE project_id = %(project)s AND latency_ms IS NOT NULL"
)


def latencies(split: Split, params: dict[str, Any]) -> LiteralString:
    """Return the common table expressions that end in `latencies`, the histogram of a split range that is not empty."""
    union, before = Union(params, "l"), _months(split, params)
    if before:
        union.parts.append(HELD_LATENCIES)
    elif split.first is not None:
        union.add(DAILY, "day", split.first, split.last)
    for edge in split.edges:
        union.add(RAW, "occurred_at", edge.start, edge.end)
    return before + "latencies (model, bucket, requests) AS (" + union.sql + ")"


def _months(split: Split, params: dict[str, Any]) -> LiteralString:
    """Return what `HELD_LATENCIES` reads, or nothing where no whole month lies in the range."""
    months = months_within(split)
    if months is None:
        return ""
    bounds = {"monthsfrom": months[0], "monthsto": months[1], "daysfrom": split.first, "daysto": split.last}
    params.update(bounds)
    return HELD + ", "
