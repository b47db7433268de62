"""Assemble the response of `/stats` from the grouped sums of the database. Pure functions."""

import functools
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

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
from llmring_usage.tables.rollups import PROVIDER_MODEL


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
    extra_input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    estimated_requests: int
    counted_requests: int

    @property
    def total_tokens(self) -> int:
        """All input and output."""
        return self.input_tokens + self.extra_input_tokens + self.output_tokens

    @property
    def uncounted_requests(self) -> int:
        """The requests whose kinds of tokens are not known."""
        return self.requests - self.counted_requests


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


class QueryResult(msgspec.Struct, frozen=True, dict=True):
    """The result of the query: sums by name, sums by name and step, and the histogram of latencies by model.

    Sums of calls logged by an earlier version are by provider and by model, the others by both at once.
    """

    groups: list[NameSums]
    steps: list[StepSums]
    latencies: list[LatencyBucket]

    def of(self, kind: str) -> list[NameSums]:
        """Return the sums of one kind's names."""
        return [group for group in self.groups if group.kind == kind]

    @functools.cached_property
    def providers(self) -> list[NameSums]:
        """The sums by provider."""
        return _merge("provider", [*self.of("provider"), *(_part("provider", one) for one in self._pairs)])

    @functools.cached_property
    def models(self) -> list[NameSums]:
        """The sums by model, of all providers that have it."""
        return _merge("model", [*self.of("model"), *(_part("model", one) for one in self._pairs)])

    @functools.cached_property
    def provider_models(self) -> list[NameSums]:
        """The sums by provider and model."""
        unknown = (msgspec.structs.replace(one, name=f":{one.name}") for one in self.of("model"))
        return [*self._pairs, *unknown]

    @property
    def _pairs(self) -> list[NameSums]:
        return self.of(PROVIDER_MODEL)

    def of_kind(self, kind: Kind) -> list[NameSums]:
        """Return the sums by the names of a kind."""
        return self.models if kind == "model" else self.providers if kind == "provider" else self.of(kind)


def assemble(result: QueryResult, grouping: Grouping) -> Statistics:
    """Build the statistics from a result by day and model."""
    by_day = _periods(result.steps)
    return Statistics(
        summary=summarize(result),
        by_period=by_day if grouping == "day" else _periods(_regroup(result.steps, grouping)),
        by_day=[Day(day.date, day.total_calls, day.total_cost, day.top_model) for day in by_day],
        by_model=_models(result),
        by_alias=_shares(result.of("alias")),
        by_profile=_shares(result.of("profile")),
        by_origin=_shares(result.of("origin")),
        by_provider=_shares(result.providers),
        by_provider_model=_shares(result.provider_models),
    )


def assemble_spending(result: QueryResult, kind: Kind) -> Spending:
    """Build the spending by the names of a kind; its steps are ordered by time, then by name."""
    ordered = sorted(result.steps, key=lambda one: (one.start, one.name))
    return Spending(
        summary=summarize(result),
        shares=_models(result) if kind == "model" else _shares(result.of_kind(kind)),
        steps=[StepShare(one.start, one.name, one.requests, one.cost) for one in ordered],
        provider_models=_shares(result.provider_models) if kind == "model" else {},
    )


def summarize(result: QueryResult) -> Summary:
    """Sum over the profiles: every call has one."""
    profiles, latencies = result.of("profile"), merge_histograms(result.latencies)
    whole = _add("", "", profiles)
    return Summary(
        total_requests=whole.requests,
        total_cost=whole.cost,
        total_tokens=whole.total_tokens,
        input_tokens=whole.input_tokens,
        output_tokens=whole.output_tokens,
        cached_input_tokens=whole.cached_input_tokens,
        unique_models=len(result.models),
        unique_origins=sum(1 for group in result.of("origin") if group.name),
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


def _merge(kind: str, groups: Iterable[NameSums]) -> list[NameSums]:
    """Add the sums of each name."""
    gathered: dict[str, list[NameSums]] = defaultdict(list)
    for group in groups:
        gathered[group.name].append(group)
    return [_add(kind, name, found) for name, found in gathered.items()]


def _add(kind: str, name: str, groups: Sequence[NameSums]) -> NameSums:
    """Return the sum of sums."""
    cost = functools.reduce(EXACT.add, (group.cost for group in groups), ZERO)
    return NameSums(kind, name, cost=cost, **{count: sum(getattr(one, count) for one in groups) for count in INTEGERS})


def _part(kind: str, group: NameSums) -> NameSums:
    """Return the sums of a provider and model under the name of one of them."""
    provider, _, model = group.name.partition(":")
    name = model if kind == "model" else provider.replace("~1", ":").replace("~0", "~")
    return msgspec.structs.replace(group, kind=kind, name=name)


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


def _shares(groups: Iterable[NameSums]) -> dict[str, Share]:
    return {group.name: Share(**_share_sums(group)) for group in groups}


def _models(result: QueryResult) -> dict[str, ModelShare]:
    histograms: dict[str, list[LatencyBucket]] = defaultdict(list)
    for latency in result.latencies:
        histograms[latency.model].append(latency)
    return {group.name: _model_share(group, histograms[group.name]) for group in result.models}


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
INTEGERS = tuple(name for name in NameSums.__struct_fields__ if name not in ("kind", "name", "cost"))
