"""How the grouped sums of the database become the answer of `/stats`. Pure functions."""

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


class Group(msgspec.Struct, frozen=True, array_like=True):
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


class StepName(msgspec.Struct, frozen=True, array_like=True):
    """The calls of one name of a kind, such as a model, in one step of time (day, week, month), by its first day."""

    start: date
    name: str
    requests: int
    tokens: int
    cost: Decimal


class LatencyBucket(msgspec.Struct, frozen=True, array_like=True):
    """How many calls of one model took 1.2^bucket to 1.2^(bucket + 1) ms; bucket 0 also holds less."""

    model: str
    bucket: int
    calls: int


class Found(msgspec.Struct, frozen=True):
    """What the query gives: the sums by name, those over time, and the histogram of latencies by model."""

    groups: list[Group]
    steps: list[StepName]
    latencies: list[LatencyBucket]

    def of(self, kind: str) -> list[Group]:
        """Return the sums of one kind's names."""
        return [group for group in self.groups if group.kind == kind]


def assemble(found: Found, grouping: Grouping) -> Statistics:
    """Build the statistics from what the query gives by day and model."""
    by_day = _periods(found.steps)
    return Statistics(
        summary=summary_of(found),
        by_period=by_day if grouping == "day" else _periods(_moved(found.steps, grouping)),
        by_day=[Day(day.date, day.total_calls, day.total_cost, day.top_model) for day in by_day],
        by_model=_models(found),
        by_alias=_shares(found, "alias"),
        by_profile=_shares(found, "profile"),
        by_origin=_shares(found, "origin"),
        by_provider=_shares(found, "provider"),
    )


def spending_of(found: Found, kind: Kind) -> Spending:
    """Build what a page shows of a kind's names; its steps are in order of time and then of name."""
    ordered = sorted(found.steps, key=lambda one: (one.start, one.name))
    return Spending(
        summary=summary_of(found),
        shares=_models(found) if kind == "model" else _shares(found, kind),
        steps=[StepShare(one.start, one.name, one.requests, one.cost) for one in ordered],
    )


def summary_of(found: Found) -> Summary:
    """Add up the providers: every call has one."""
    every, latencies = found.of("provider"), merged(found.latencies)
    given = sum(group.input_tokens for group in every)
    made = sum(group.output_tokens for group in every)
    return Summary(
        total_requests=sum(group.requests for group in every),
        total_cost=functools.reduce(EXACT.add, (group.cost for group in every), ZERO),
        total_tokens=given + made,
        input_tokens=given,
        output_tokens=made,
        cached_input_tokens=sum(group.cached_input_tokens for group in every),
        unique_models=len(found.of("model")),
        unique_origins=sum(1 for group in found.of("origin") if group.name),
        unpriced_requests=sum(group.unpriced_requests for group in every),
        unpriced_tokens=sum(group.unpriced_tokens for group in every),
        failed_requests=sum(group.errors for group in every),
        latency_p50_ms=percentile(latencies, 0.50),
        latency_p95_ms=percentile(latencies, 0.95),
    )


def _moved(days: Iterable[StepName], grouping: Grouping) -> list[StepName]:
    """Gather days into weeks or months, each under its first day."""
    gathered: dict[tuple[date, str], StepName] = {}
    for one in days:
        key = period_start(one.start, grouping), one.name
        found = gathered.get(key)
        gathered[key] = StepName(
            key[0],
            one.name,
            one.requests + (found.requests if found else 0),
            one.tokens + (found.tokens if found else 0),
            EXACT.add(one.cost, found.cost) if found else one.cost,
        )
    return list(gathered.values())


def _periods(lines: Iterable[StepName]) -> list[Period]:
    """Sum up each period over its models, in order of time; every model has one line in each."""
    periods: dict[date, list[StepName]] = defaultdict(list)
    for line in lines:
        periods[line.start].append(line)
    return [_period(start, periods[start]) for start in sorted(periods)]


def _period(start: date, models: list[StepName]) -> Period:
    top = min(models, key=lambda line: (-line.cost, -line.requests, line.name))
    cost = functools.reduce(EXACT.add, (line.cost for line in models), ZERO)
    return Period(start, sum(line.requests for line in models), sum(line.tokens for line in models), cost, top.name)


def _shares(found: Found, kind: str) -> dict[str, Share]:
    return {
        group.name: Share(group.requests, group.cost, group.input_tokens, group.output_tokens)
        for group in found.of(kind)
    }


def _models(found: Found) -> dict[str, ModelShare]:
    histograms: dict[str, list[LatencyBucket]] = defaultdict(list)
    for latency in found.latencies:
        histograms[latency.model].append(latency)
    return {group.name: _model_share(group, histograms[group.name]) for group in found.of("model")}


def _model_share(group: Group, histogram: list[LatencyBucket]) -> ModelShare:
    return ModelShare(
        group.requests,
        group.cost,
        group.input_tokens,
        group.output_tokens,
        group.errors,
        percentile(histogram, 0.50),
        percentile(histogram, 0.95),
    )


def merged(buckets: Iterable[LatencyBucket]) -> list[LatencyBucket]:
    """Return the histogram of all models together."""
    calls: dict[int, int] = defaultdict(int)
    for found in buckets:
        calls[found.bucket] += found.calls
    return [LatencyBucket("", bucket, number) for bucket, number in calls.items()]


def percentile(histogram: Iterable[LatencyBucket], share: float) -> float | None:
    """Return the latency (ms) that `share` of the calls do not exceed, or None without calls.

    It lies in the right bucket, so within a fifth; within the bucket, calls are taken to be spread evenly by logarithm.
    """
    buckets = sorted(histogram, key=lambda found: found.bucket)
    below, wanted = 0, share * sum(found.calls for found in buckets)
    for found in buckets:
        if below + found.calls >= wanted:
            rank = max(math.ceil(wanted - below), 1)
            return round(float(GROWTH ** (found.bucket + (rank - 0.5) / found.calls)), 1)
        below += found.calls
    return None


GROWTH = 1.2
