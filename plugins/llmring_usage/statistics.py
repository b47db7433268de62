"""The answer of `/stats`: its structs, and how the grouped sums of the database become it. Pure functions."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import msgspec

from llmring_usage.periods import Grouping, period_start
from llmring_usage.pricing import EXACT


class Sums(msgspec.Struct):
    """Sums over any set of calls: tokens as sent, cost in USD."""

    requests: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cost: Decimal = Decimal(0)
    unpriced_requests: int = 0
    unpriced_tokens: int = 0

    def add(self, other: "Sums") -> None:
        """Add another set's sums to these."""
        self.cost = EXACT.add(self.cost, other.cost)
        for field in COUNT_FIELDS:
            setattr(self, field, getattr(self, field) + getattr(other, field))


COUNT_FIELDS = tuple(field for field in Sums.__struct_fields__ if field != "cost")
TOKEN_FIELDS = ("input_tokens", "output_tokens", "cached_input_tokens", "unpriced_tokens")


class Group(Sums, kw_only=True):
    """One row of the grouped query: what it is grouped by (`kind`), the values, and the sums.

    Rows of kind `latency` carry histogram buckets instead, by model.
    """

    kind: str
    day: date | None
    name: str | None
    p50: int | None = None
    p95: int | None = None

    def __post_init__(self) -> None:
        """Count tokens in int: PostgreSQL sums them as numeric, which no count overflows."""
        for field in TOKEN_FIELDS:
            setattr(self, field, int(getattr(self, field)))


class Summary(msgspec.Struct, frozen=True):
    """The whole range; `total_tokens` is input + output as sent, unpriced calls are those without a cost."""

    total_requests: int
    total_cost: Decimal
    total_tokens: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    unique_models: int
    unique_origins: int
    unpriced_requests: int
    unpriced_tokens: int
    failed_requests: int


class Period(msgspec.Struct, frozen=True):
    """One day, week or month, by its first day; `top_model` is the one that cost most, then was called most."""

    date: date
    total_calls: int
    total_tokens: int
    total_cost: Decimal
    top_model: str


class Day(msgspec.Struct, frozen=True):
    """One day of the zone."""

    date: date
    requests: int
    cost: Decimal
    top_model: str


class Share(msgspec.Struct, frozen=True):
    """One value's part of the whole; a key of '' gathers the calls without that value."""

    requests: int
    cost: Decimal
    input_tokens: int
    output_tokens: int


class ModelShare(Share, frozen=True):
    """One model's part, with its failed calls and how long calls took (ms, within 5 %; null without latencies)."""

    errors: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None


class Statistics(msgspec.Struct, frozen=True):
    """Everything `/stats` says; all parts come from one snapshot, so each breakdown adds up to the summary."""

    summary: Summary
    by_period: list[Period]
    by_day: list[Day]
    by_model: dict[str, ModelShare]
    by_alias: dict[str, Share]
    by_profile: dict[str, Share]
    by_origin: dict[str, Share]
    by_provider: dict[str, Share]


def assemble(groups: Iterable[Group], grouping: Grouping) -> Statistics:
    """Build the statistics from the rows of the grouped query."""
    by_kind: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        by_kind[group.kind].append(group)
    latencies = {group.name or "": group for group in by_kind["latency"]}
    shares = {kind: {group.name or "": _share(group) for group in by_kind[kind]} for kind in BREAKDOWNS}
    return Statistics(
        summary=_summary(by_kind),
        by_period=_periods(by_kind["day"], grouping),
        by_day=[Day(p.date, p.total_calls, p.total_cost, p.top_model) for p in _periods(by_kind["day"], "day")],
        by_model={group.name or "": _model_share(group, latencies) for group in by_kind["model"]},
        by_alias=shares["alias"],
        by_profile=shares["profile"],
        by_origin=shares["origin"],
        by_provider=shares["provider"],
    )


BREAKDOWNS = ("alias", "profile", "origin", "provider")


def _summary(by_kind: dict[str, list[Group]]) -> Summary:
    total = by_kind["total"][0] if by_kind["total"] else Sums()
    return Summary(
        total_requests=total.requests,
        total_cost=total.cost,
        total_tokens=total.input_tokens + total.output_tokens,
        input_tokens=total.input_tokens,
        output_tokens=total.output_tokens,
        cached_input_tokens=total.cached_input_tokens,
        unique_models=len(by_kind["model"]),
        unique_origins=sum(1 for group in by_kind["origin"] if group.name),
        unpriced_requests=total.unpriced_requests,
        unpriced_tokens=total.unpriced_tokens,
        failed_requests=total.errors,
    )


def _periods(days: Iterable[Group], grouping: Grouping) -> list[Period]:
    """Gather sums by day and model into periods, in order of time."""
    models: dict[date, dict[str, Sums]] = defaultdict(lambda: defaultdict(Sums))
    for group in days:
        if group.day is not None:
            models[period_start(group.day, grouping)][group.name or ""].add(group)
    return [_period(start, models[start]) for start in sorted(models)]


def _period(start: date, models: dict[str, Sums]) -> Period:
    total = Sums()
    for sums in models.values():
        total.add(sums)
    top = min(models, key=lambda name: (-models[name].cost, -models[name].requests, name))
    return Period(start, total.requests, total.input_tokens + total.output_tokens, total.cost, top)


def _share(group: Group) -> Share:
    return Share(group.requests, group.cost, group.input_tokens, group.output_tokens)


def _model_share(group: Group, latencies: dict[str, Group]) -> ModelShare:
    latency = latencies.get(group.name or "")
    return ModelShare(
        group.requests,
        group.cost,
        group.input_tokens,
        group.output_tokens,
        group.errors,
        None if latency is None else milliseconds(latency.p50),
        None if latency is None else milliseconds(latency.p95),
    )


def milliseconds(bucket: int | None) -> float | None:
    """Return the middle of a latency bucket in ms; bucket n holds 1.05^n to 1.05^(n+1), bucket 0 also less."""
    return None if bucket is None else round(1.05 ** (bucket + 0.5), 1)
