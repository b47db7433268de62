"""Assemble the response of `/stats` from the grouped sums of the database. Pure functions."""

import functools
import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

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
from llmring_usage.statistics.periods import Grouping, period_start


class NameSums(msgspec.Struct, frozen=True, array_like=True):
    """The sums of one name: its kind (`model`), the name ('' for none), tokens as sent, cost in USD."""

    kind: str
    name: str
    requests: int
    errors: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cost: Decimal
    unpriced_requests: int
    unpriced_tokens: int


class StepSums(msgspec.Struct, frozen=True, array_like=True):
    """The sums of one name, such as a model, in one step of time (day, week, month), input_tokens by its first day."""

    start: date
    name: str
    requests: int
    tokens: int
    cost: Decimal


class LatencyBucket(msgspec.Struct, frozen=True, array_like=True):
    """The number of calls of one model that took 1.2^bucket to 1.2^(bucket + 1) ms; bucket 0 includes less."""

    model: str
    bucket: int
    calls: int


class QueryResult(msgspec.Struct, frozen=True):
    """The result of the query: sums by name, sums by name and step, and the histogram of latencies by model."""

    groups: list[NameSums]
    steps: list[StepSums]
    latencies: list[LatencyBucket]

    def of(self, kind: str) -> list[NameSums]:
        """Return the sums of one kind's names."""
        return [group for group in self.groups if group.kind == kind]


def assemble(result: QueryResult, grouping: Grouping) -> Statistics:
    """Build the statistics from a result by day and model."""
    by_day = _periods(result.steps)
    return Statistics(
        summary=summarize(result),
        by_period=by_day if grouping == "day" else _periods(_regroup(result.steps, grouping)),
        by_day=[Day(day.date, day.total_calls, day.total_cost, day.top_model) for day in by_day],
        by_model=_models(result),
        by_alias=_shares(result, "alias"),
        by_profile=_shares(result, "profile"),
        by_origin=_shares(result, "origin"),
        by_provider=_shares(result, "provider"),
    )


def assemble_spending(result: QueryResult, kind: Kind) -> Spending:
    """Build the spending by the names of a kind; its steps are ordered by time, then by name."""
    ordered = sorted(result.steps, key=lambda one: (one.start, one.name))
    return Spending(
        summary=summarize(result),
        shares=_models(result) if kind == "model" else _shares(result, kind),
        steps=[StepShare(one.start, one.name, one.requests, one.cost) for one in ordered],
    )


def summarize(result: QueryResult) -> Summary:
    """Sum over the providers: every call has one."""
    providers, latencies = result.of("provider"), merge_histograms(result.latencies)
    input_tokens = sum(group.input_tokens for group in providers)
    output_tokens = sum(group.output_tokens for group in providers)
    return Summary(
        total_requests=sum(group.requests for group in providers),
        total_cost=functools.reduce(EXACT.add, (group.cost for group in providers), ZERO),
        total_tokens=input_tokens + output_tokens,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_input_tokens=sum(group.cached_input_tokens for group in providers),
        unique_models=len(result.of("model")),
        unique_origins=sum(1 for group in result.of("origin") if group.name),
        unpriced_requests=sum(group.unpriced_requests for group in providers),
        unpriced_tokens=sum(group.unpriced_tokens for group in providers),
        failed_requests=sum(group.errors for group in providers),
        latency_p50_ms=percentile(latencies, 0.50),
        latency_p95_ms=percentile(latencies, 0.95),
    )


def _regroup(days: Iterable[StepSums], grouping: Grouping) -> list[StepSums]:
    """Group days into weeks or months, each under its first day."""
    gathered: dict[tuple[date, str], StepSums] = {}
    for one in days:
        key = period_start(one.start, grouping), one.name
        found = gathered.get(key)
        gathered[key] = StepSums(
            key[0],
            one.name,
            one.requests + (found.requests if found else 0),
            one.tokens + (found.tokens if found else 0),
            EXACT.add(one.cost, found.cost) if found else one.cost,
        )
    return list(gathered.values())


def _periods(lines: Iterable[StepSums]) -> list[Period]:
    """Sum each period over its models, ordered by time; every model has one line per period."""
    periods: dict[date, list[StepSums]] = defaultdict(list)
    for line in lines:
        periods[line.start].append(line)
    return [_period(start, periods[start]) for start in sorted(periods)]


def _period(start: date, models: list[StepSums]) -> Period:
    top = min(models, key=lambda line: (-line.cost, -line.requests, line.name))
    cost = functools.reduce(EXACT.add, (line.cost for line in models), ZERO)
    return Period(start, sum(line.requests for line in models), sum(line.tokens for line in models), cost, top.name)


def _shares(result: QueryResult, kind: str) -> dict[str, Share]:
    return {
        group.name: Share(group.requests, group.cost, group.input_tokens, group.output_tokens)
        for group in result.of(kind)
    }


def _models(result: QueryResult) -> dict[str, ModelShare]:
    histograms: dict[str, list[LatencyBucket]] = defaultdict(list)
    for latency in result.latencies:
        histograms[latency.model].append(latency)
    return {group.name: _model_share(group, histograms[group.name]) for group in result.of("model")}


def _model_share(group: NameSums, histogram: list[LatencyBucket]) -> ModelShare:
    return ModelShare(
        group.requests,
        group.cost,
        group.input_tokens,
        group.output_tokens,
        group.errors,
        percentile(histogram, 0.50),
        percentile(histogram, 0.95),
    )


def merge_histograms(buckets: Iterable[LatencyBucket]) -> list[LatencyBucket]:
    """Return the histogram of all models together."""
    calls: dict[int, int] = defaultdict(int)
    for found in buckets:
        calls[found.bucket] += found.calls
    return [LatencyBucket("", bucket, number) for bucket, number in calls.items()]


def percentile(histogram: Iterable[LatencyBucket], share: float) -> float | None:
    """Return the latency (ms) that `share` of the calls do not exceed, or None without calls.

    Its bucket is exact, so its error is below a fifth; within the bucket, calls are assumed to be spread evenly by
    logarithm.
    """
    buckets = sorted(histogram, key=lambda found: found.bucket)
    below, target = 0, share * sum(found.calls for found in buckets)
    for found in buckets:
        if below + found.calls >= target:
            rank = max(math.ceil(target - below), 1)
            return round(float(GROWTH ** (found.bucket + (rank - 0.5) / found.calls)), 1)
        below += found.calls
    return None


GROWTH = 1.2
