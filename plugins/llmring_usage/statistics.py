"""The answer of `/stats`: its structs, and how the grouped sums of the database become it. Pure functions."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import msgspec

from llmring_usage.periods import Grouping, period_start
from llmring_usage.pricing import EXACT


class Group(msgspec.Struct, frozen=True, array_like=True):
    """One line of the grouped sums: what it is grouped by, the value, and the sums; tokens as sent, cost in USD."""

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


class DayModel(msgspec.Struct, frozen=True, array_like=True):
    """One model's calls on one day of the zone."""

    day: date
    model: str
    requests: int
    tokens: int
    cost: Decimal


class Latency(msgspec.Struct, frozen=True, array_like=True):
    """One model's histogram buckets in which the 50th and 95th percentile lie."""

    model: str
    p50: int
    p95: int


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


def assemble(
    groups: Iterable[Group], days: Iterable[DayModel], latencies: Iterable[Latency], grouping: Grouping
) -> Statistics:
    """Build the statistics from what the query gives."""
    by_kind: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        by_kind[group.kind].append(group)
    known = {latency.model: latency for latency in latencies}
    shares = {kind: {group.name or "": _share(group) for group in by_kind[kind]} for kind in BREAKDOWNS}
    by_day = _periods(days)
    return Statistics(
        summary=_summary(by_kind),
        by_period=by_day if grouping == "day" else _periods(_moved(days, grouping)),
        by_day=[Day(day.date, day.total_calls, day.total_cost, day.top_model) for day in by_day],
        by_model={group.name or "": _model_share(group, known.get(group.name or "")) for group in by_kind["model"]},
        by_alias=shares["alias"],
        by_profile=shares["profile"],
        by_origin=shares["origin"],
        by_provider=shares["provider"],
    )


BREAKDOWNS = ("alias", "profile", "origin", "provider")
EMPTY = Group("total", None, 0, 0, 0, 0, 0, Decimal(0), 0, 0)


def _summary(by_kind: dict[str, list[Group]]) -> Summary:
    total = by_kind["total"][0] if by_kind["total"] else EMPTY
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


def _moved(days: Iterable[DayModel], grouping: Grouping) -> list[DayModel]:
    """Gather days into weeks or months, each under its first day."""
    gathered: dict[tuple[date, str], DayModel] = {}
    for one in days:
        key = period_start(one.day, grouping), one.model
        found = gathered.get(key)
        gathered[key] = DayModel(
            key[0],
            one.model,
            one.requests + (found.requests if found else 0),
            one.tokens + (found.tokens if found else 0),
            EXACT.add(one.cost, found.cost) if found else one.cost,
        )
    return list(gathered.values())


def _periods(lines: Iterable[DayModel]) -> list[Period]:
    """Sum up each day over its models, in order of time; every model has one line a day."""
    days: dict[date, list[DayModel]] = defaultdict(list)
    for line in lines:
        days[line.day].append(line)
    return [_period(day, days[day]) for day in sorted(days)]


def _period(start: date, models: list[DayModel]) -> Period:
    top = min(models, key=lambda line: (-line.cost, -line.requests, line.model))
    cost = Decimal(0)
    for line in models:
        cost = EXACT.add(cost, line.cost)
    return Period(start, sum(line.requests for line in models), sum(line.tokens for line in models), cost, top.model)


def _share(group: Group) -> Share:
    return Share(group.requests, group.cost, group.input_tokens, group.output_tokens)


def _model_share(group: Group, latency: Latency | None) -> ModelShare:
    return ModelShare(
        group.requests,
        group.cost,
        group.input_tokens,
        group.output_tokens,
        group.errors,
        None if latency is None else milliseconds(latency.p50),
        None if latency is None else milliseconds(latency.p95),
    )


def milliseconds(bucket: int) -> float:
    """Return the middle of a latency bucket in ms; bucket n holds 1.1^n to 1.1^(n+1), bucket 0 also less."""
    return round(float(1.1 ** (bucket + 0.5)), 1)
