"""Assemble the response of `/stats` from the grouped sums of the database. Pure functions."""

import functools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from llmring_server.contracts.usage import (
    Day,
    Kind,
    ModelShare,
    Period,
    Share,
    Spending,
    Statistics,
    StepShare,
    Summary,
)
from llmring_usage.pricing.calculators import EXACT, ZERO
from llmring_usage.tables.rollups import PROVIDER_MODEL

OTHER = "other"
ShareT = TypeVar("ShareT", bound=Share)


class NameSums(msgspec.Struct, frozen=True, array_like=True):
    """The sums of one name: its kind (`model`), the name ('' for calls without one), tokens as sent, cost in USD.

    None is for all names of the kind that have no line of their own.
    """

    kind: str
    name: str | None
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

    @property
    def total_tokens(self) -> int:
        """All input and output."""
        return self.input_tokens + self.extra_input_tokens + self.output_tokens

    @property
    def uncounted_requests(self) -> int:
        """The requests whose kinds of tokens are not known."""
        return self.requests - self.counted_requests


class StepSums(msgspec.Struct, frozen=True, array_like=True):
    """The sums of one name, such as a model, in one step of time (day, week, month), by its first day.

    None is for all names without a line of their own; in sums of all names, it is the one with the highest cost.
    """

    start: date
    name: str | None
    requests: int
    tokens: int
    cost: Decimal


class NameCount(msgspec.Struct, frozen=True, array_like=True):
    """The number of names of a kind, and of those that are not ''."""

    kind: str
    all: int
    named: int


class LatencyBucket(msgspec.Struct, frozen=True, array_like=True):
    """The number of calls of one model that took 1.2^bucket to 1.2^(bucket + 1) ms; bucket 0 includes less.

    None is for all models without a line of their own.
    """

    model: str | None
    bucket: int
    calls: int


class QueryResult(msgspec.Struct, frozen=True):
    """The result of the query: sums by name, numbers of names, the histogram of latencies by model, sums by step.

    `days` are the sums by day if the steps are longer.
    """

    groups: list[NameSums]
    counts: list[NameCount]
    latencies: list[LatencyBucket]
    steps: list[StepSums]
    days: list[StepSums]

    def of(self, kind: str) -> list[NameSums]:
        """Return the sums of one kind's names."""
        return [group for group in self.groups if group.kind == kind]

    def count(self, kind: str) -> NameCount:
        """Return how many names of a kind there are."""
        return next((one for one in self.counts if one.kind == kind), NameCount(kind, 0, 0))


def assemble(result: QueryResult) -> Statistics:
    """Build the statistics from a result whose steps are sums of all models."""
    periods = _periods(result.steps)
    by_day = _periods(result.days) if result.days else periods
    return Statistics(
        summary=summarize(result),
        by_period=periods,
        by_day=[Day(day.date, day.total_calls, day.total_cost, day.top_model) for day in by_day],
        by_model=_named(_models(result)),
        by_alias=_named(_shares(result, "alias")),
        by_profile=_named(_shares(result, "profile")),
        by_origin=_named(_shares(result, "origin")),
        by_provider=_named(_shares(result, "provider")),
        by_provider_model=_named(_shares(result, PROVIDER_MODEL)),
    )


def assemble_spending(result: QueryResult, kind: Kind) -> Spending:
    """Build the spending by the names of a kind; its steps are ordered by time, then by name."""
    shares: Mapping[str | None, Share] = _models(result) if kind == "model" else _shares(result, kind)
    ordered = sorted(result.steps, key=lambda one: (one.start, one.name is None, one.name or ""))
    return Spending(
        summary=summarize(result),
        names=result.count(kind).all,
        shares=_own_lines(shares),
        steps=[StepShare(one.start, one.name, one.requests, one.cost) for one in ordered],
        provider_models=_own_lines(_shares(result, PROVIDER_MODEL)) if kind == "model" else {},
    )


def _named(shares: dict[str | None, ShareT]) -> dict[str, ShareT]:
    """Return shares with the name `OTHER` for those of all names without a line."""
    return {OTHER if name is None else name: share for name, share in shares.items()}


def _own_lines(shares: Mapping[str | None, ShareT]) -> dict[str, ShareT]:
    """Return the shares of the names with a line of their own."""
    return {name: share for name, share in shares.items() if name is not None}


def summarize(result: QueryResult) -> Summary:
    """Sum over the profiles: every call has one."""
    profiles, latencies = result.of("profile"), merge_histograms(result.latencies)
    whole = _add(profiles)
    return Summary(
        total_requests=whole.requests,
        total_cost=whole.cost,
        total_tokens=whole.total_tokens,
        input_tokens=whole.input_tokens,
        output_tokens=whole.output_tokens,
        cached_input_tokens=whole.cached_input_tokens,
        unique_models=result.count("model").all,
        unique_origins=result.count("origin").named,
        unpriced_requests=whole.unpriced_requests,
        unpriced_tokens=whole.unpriced_tokens,
        failed_requests=whole.errors,
        latency_p50_ms=percentile(latencies, 0.50),
        latency_p95_ms=percentile(latencies, 0.95),
        cache_read_tokens=whole.cache_read_tokens,
        cache_write_tokens=whole.cache_write_tokens,
        reasoning_tokens=whole.reasoning_tokens,
        estimated_requests=whole.estimated_requests,
        uncounted_requests=whole.uncounted_requests,
    )


def _add(groups: Sequence[NameSums]) -> NameSums:
    """Return the sum of sums."""
    cost = functools.reduce(EXACT.add, (group.cost for group in groups), ZERO)
    counts = {count: sum(getattr(one, count) for one in groups) for count in INTEGERS}
    return NameSums(kind="", name=None, cost=cost, **counts)


def _periods(steps: Iterable[StepSums]) -> list[Period]:
    """Return the periods in order of time."""
    return [
        Period(step.start, step.requests, step.tokens, step.cost, step.name or "")
        for step in sorted(steps, key=lambda step: step.start)
    ]


def _shares(result: QueryResult, kind: str) -> dict[str | None, Share]:
    return {group.name: Share(**_share_sums(group)) for group in result.of(kind)}


def _models(result: QueryResult) -> dict[str | None, ModelShare]:
    histograms: dict[str | None, list[LatencyBucket]] = defaultdict(list)
    for latency in result.latencies:
        histograms[latency.model].append(latency)
    return {group.name: _model_share(group, histograms[group.name]) for group in result.of("model")}


def _model_share(group: NameSums, histogram: list[LatencyBucket]) -> ModelShare:
    return ModelShare(
        **_share_sums(group),
        errors=group.errors,
        latency_p50_ms=percentile(histogram, 0.50),
        latency_p95_ms=percentile(histogram, 0.95),
    )


def _share_sums(group: NameSums) -> dict[str, Any]:
    return {name: getattr(group, name) for name in Share.__struct_fields__}


def merge_histograms(buckets: Iterable[LatencyBucket]) -> list[LatencyBucket]:
    """Return the histogram of all models together."""
    calls: dict[int, int] = defaultdict(int)
    for found in buckets:
        calls[found.bucket] += found.calls
    return [LatencyBucket(None, bucket, number) for bucket, number in calls.items()]


def percentile(histogram: Iterable[LatencyBucket], share: float) -> float | None:
    """Return the latency (ms) that `share` of the calls do not exceed, or None without calls.

    Its bucket is exact, so its error is below a fifth; within the bucket, calls are assumed to be spread evenly by
    logarithm.
    """
    buckets = sorted((found for found in histogram if found.calls), key=lambda found: found.bucket)
    below, target = 0, share * sum(found.calls for found in buckets)
    for found in buckets:
        if below + found.calls >= target:
            rank = max(math.ceil(target - below), 1)
            return round(float(GROWTH ** (found.bucket + (rank - 0.5) / found.calls)), 1)
        below += found.calls
    return None


GROWTH = 1.2
INTEGERS = tuple(name for name in NameSums.__struct_fields__ if name not in ("kind", "name", "cost"))
