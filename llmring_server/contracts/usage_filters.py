"""The contract of usage: filters of calls, and breakdowns of the calls that match."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

CallStatus = Literal["success", "error", "aborted"]
# `unpriced` is any call without a cost.
CostFilter = Literal[
    "priced", "estimated", "unpriced", "model_not_in_registry", "price_missing", "usage_missing",
    "registry_unavailable", "registry_not_enabled",
]  # fmt: skip
MAX_VALUES = 100
Values = Annotated[tuple[str, ...], msgspec.Meta(max_length=MAX_VALUES)]


class CallFilter(msgspec.Struct, frozen=True):
    """A filter for calls: a range of time, and the accepted values of each field.

    A call matches if it has, in every field with values, one of them; they are exact. `key_id` is the managed key that
    logged it, `min_cost` is USD. `tags` are the values by the name of the tag. `start_date` and `end_date` are dates,
    both inclusive, or times; `tz` is the time zone of dates (default: the project's or the reporting zone).
    """

    alias: Values = ()
    model: Values = ()
    provider: Values = ()
    profile: Values = ()
    origin: Values = ()
    start_date: str | None = None
    end_date: str | None = None
    tz: str | None = None
    status: tuple[CallStatus, ...] = ()
    cost_status: tuple[CostFilter, ...] = ()
    service_tier: Values = ()
    id_at_origin: Values = ()
    operation_id: Values = ()
    key_id: Values = ()
    min_cost: Decimal | None = None
    min_latency_ms: Decimal | None = None
    tags: Annotated[
        Mapping[str, Values], msgspec.Meta(max_length=10, description="Values of a tag: `tag.customer=acme`.")
    ] = msgspec.field(default_factory=dict, name="tag.{name}")


class CallSums(msgspec.Struct, frozen=True):
    """The sums of calls; `cost_per_1000_calls` (USD) is of the priced ones, null without any.

    Latencies are the median and the 95th percentile (ms; null without any).
    """

    requests: int
    errors: int
    unpriced_requests: int
    estimated_requests: int
    uncounted_requests: int
    cost: Decimal
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    total_tokens: int
    unpriced_tokens: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    cost_per_1000_calls: Decimal | None


class BreakdownRow(CallSums, frozen=True):
    """The sums of the calls with the same names: by dimension, '' for calls without one.

    `names` is null in the last row, if there are calls beyond the rows with names.
    """

    names: dict[str, str] | None


class Breakdown(msgspec.Struct, frozen=True):
    """The response of `/stats?by=…`: the sums of all matching calls, and their rows, the costliest first.

    The rows add up to the summary; all are from one snapshot.
    """

    by: list[str]
    summary: CallSums
    rows: list[BreakdownRow]
    limited_requests: int
    incomplete_before: date | None
