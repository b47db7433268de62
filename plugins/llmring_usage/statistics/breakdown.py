"""Assemble a breakdown from the lines of its statement. Pure functions."""

import functools
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from llmring_server.contracts.usage_filters import Breakdown, BreakdownRow, CallSums
from llmring_usage.pricing.calculators import EXACT, ZERO
from llmring_usage.statistics.assemble import LatencyBucket, percentile
from llmring_usage.tables.rollups import LATENCY_DIGITS

CALLS = 1_000
DECIMALS = Decimal("1e-12")


class BreakdownLine(msgspec.Struct, frozen=True, array_like=True):
    """One line: whether it has names, the names, and the sums in the order of `ALL_SUMS`; None for no dimension."""

    shown: bool
    first_name: str | None
    second_name: str | None
    requests: int
    errors: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cost: Decimal
    unpriced_requests: int
    unpriced_tokens: int
    extra_input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    counted_requests: int
    estimated_requests: int
    latencies: str


class BreakdownResult(msgspec.Struct, frozen=True):
    """The lines in order, and the calls that are summed without their names."""

    lines: list[BreakdownLine]
    limited: int


def assemble_breakdown(result: BreakdownResult, by: Sequence[str], incomplete: date | None) -> Breakdown:
    """Build the breakdown; its summary is the sum of the lines."""
    rows = [BreakdownRow(**_sums([line]), names=_names(line, by)) for line in result.lines]
    return Breakdown(list(by), CallSums(**_sums(result.lines)), rows, result.limited, incomplete)


def _names(line: BreakdownLine, by: Sequence[str]) -> dict[str, str] | None:
    if not line.shown:
        return None
    return {dimension: name or "" for dimension, name in zip(by, (line.first_name, line.second_name), strict=False)}


def _sums(lines: Sequence[BreakdownLine]) -> dict[str, Any]:
    """Return the fields of `CallSums` of lines together."""
    added = {name: sum(getattr(line, name) for line in lines) for name in INTEGERS}
    cost = functools.reduce(EXACT.add, (line.cost for line in lines), ZERO)
    histogram = unpack_latencies(sum(int(line.latencies) for line in lines))
    priced = added["requests"] - added["unpriced_requests"]
    return {
        **{name: added[name] for name in CallSums.__struct_fields__ if name in added},
        "cost": cost,
        "total_tokens": added["input_tokens"] + added["extra_input_tokens"] + added["output_tokens"],
        "uncounted_requests": added["requests"] - added["counted_requests"],
        "latency_p50_ms": percentile(histogram, 0.50),
        "latency_p95_ms": percentile(histogram, 0.95),
        "cost_per_1000_calls": _per_1000_calls(cost, priced) if priced else None,
    }


def _per_1000_calls(cost: Decimal, priced: int) -> Decimal:
    """Return the cost of 1,000 calls; costs may have more digits than the default context keeps."""
    exact = EXACT.divide(EXACT.multiply(cost, CALLS), priced)
    return EXACT.normalize(EXACT.quantize(exact, DECIMALS))


def unpack_latencies(packed: int) -> list[LatencyBucket]:
    """Return the histogram in one number: `LATENCY_DIGITS` decimal digits are the calls of a bucket."""
    return list(_unpack(packed))


def _unpack(packed: int) -> Iterable[LatencyBucket]:
    bucket = 0
    while packed:
        packed, calls = divmod(packed, 10**LATENCY_DIGITS)
        if calls:
            yield LatencyBucket(None, bucket, calls)
        bucket += 1


INTEGERS = tuple(
    name
    for name in BreakdownLine.__struct_fields__
    if name not in ("shown", "first_name", "second_name", "cost", "latencies")
)
