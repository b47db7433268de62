"""The data of the overview: tiles compared with the previous period, the top ten, the bars. Pure functions."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Context, Decimal
from typing import Literal

import msgspec

from llmring_dashboard.usage.date_ranges import DateRange
from llmring_server.contracts.usage import Share, Spending, StepShare, Summary

TOP_COUNT = 10
MAX_BARS = 9
EXACT = Context(prec=80)
RATIO = Context(prec=6)
ZERO = Decimal(0)
ALL_CALLS: Mapping[str, tuple[str, ...]] = {}

Unit = Literal["usd", "whole", "share", "ms"]


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """A value for a period and the previous one; `rise` is the relative change, None if there was nothing before.

    `filter` are the fields of the filter for the calls that a tile counts, empty for all.
    """

    id: str
    label: str
    title: str
    unit: Unit
    now: Decimal | int | float | None
    previous: Decimal | int | float | None
    filter: Mapping[str, tuple[str, ...]] = {}

    @property
    def rise(self) -> Decimal | None:
        """The relative change from the previous period."""
        if self.now is None or not self.previous:
            return None
        return divide(Decimal(str(self.now)) - Decimal(str(self.previous)), Decimal(str(self.previous)))


class BreakdownRow(msgspec.Struct, frozen=True):
    """A row of a breakdown; the name '' is for calls without a name, `fraction` is the share of the total cost."""

    name: str
    share: Share
    fraction: Decimal | None


class ProviderShare(msgspec.Struct, frozen=True):
    """The share of a model at one provider; the provider is '' where it is not known."""

    provider: str
    model: str
    share: Share


class Bar(msgspec.Struct, frozen=True):
    """The cost in USD of a name in each step of a period; `is_other` for all names without a bar of their own."""

    name: str
    costs: list[Decimal]
    is_other: bool = False

    @property
    def label(self) -> str:
        """The label of the bar."""
        return "Other" if self.is_other else self.name or "(none)"


def build_tiles(now: Summary, previous: Summary) -> list[Tile]:
    """Return the tiles of the overview."""

    def tile(
        id: str, label: str, unit: Unit, title: str, name: str, filter: Mapping[str, tuple[str, ...]] = ALL_CALLS
    ) -> Tile:
        return Tile(
            id=id, label=label, title=title, unit=unit, now=getattr(now, name), previous=getattr(previous, name),
            filter=filter,
        )  # fmt: skip

    return [
        Tile(id="cost", label="Cost", title="Cost of all priced calls in USD, estimates included", unit="usd",
             now=known_cost(now), previous=known_cost(previous)),
        tile("requests", "Requests", "whole", "Logged calls", "total_requests"),
        tile("tokens", "Tokens", "whole", "All input and output tokens, the cache included", "total_tokens"),
        Tile(
            id="errors",
            label="Error rate",
            title="Share of calls logged with the status “error”",
            unit="share",
            now=divide(now.failed_requests, now.total_requests),
            previous=divide(previous.failed_requests, previous.total_requests),
            filter={"status": ("error",)},
        ),
        tile("unpriced", "Unpriced calls", "whole", "Calls without a price; counted in requests, not in cost",
             "unpriced_requests", {"cost_status": ("unpriced",)}),
        tile("estimated", "Estimated calls", "whole", "Calls whose cost is an estimate; counted in cost",
             "estimated_requests", {"cost_status": ("estimated",)}),
        tile("p50", "Median latency", "ms", "50% of the calls took at most this long", "latency_p50_ms"),
        tile("p95", "p95 latency", "ms", "95% of the calls took at most this long", "latency_p95_ms"),
    ]  # fmt: skip


def known_cost(summary: Summary) -> Decimal | None:
    """Return the cost of a period in USD, or None if it has calls and none of them is priced."""
    unpriced = summary.total_requests and summary.total_requests == summary.unpriced_requests
    return None if unpriced and not summary.total_cost else summary.total_cost


def list_shared_models(found: Spending) -> list[ProviderShare]:
    """Return the shares of models that several providers have under one name, by model, then by cost."""
    shares = [ProviderShare(*_split_key(key), share) for key, share in found.provider_models.items()]
    providers = Counter(one.model for one in shares)
    shared = [one for one in shares if providers[one.model] > 1]
    return sorted(shared, key=lambda one: (one.model, -one.share.cost, one.provider))


def _split_key(key: str) -> tuple[str, str]:
    """Return provider and model of a key of `by_provider_model`."""
    provider, _, model = key.partition(":")
    return provider.replace("~1", ":").replace("~0", "~"), model


def rank_names(found: Spending) -> list[BreakdownRow]:
    """Return the top ten by cost, then by requests."""
    whole = found.summary.total_cost
    rows = [BreakdownRow(name, share, divide(share.cost, whole)) for name, share in found.shares.items()]
    return sorted(rows, key=lambda row: (-row.share.cost, -row.share.requests, row.name))[:TOP_COUNT]


def build_bars(shown: Sequence[StepShare], days: DateRange) -> list[Bar]:
    """Return the costs of each step by name: the most expensive names each, the rest together."""
    steps, index_of_step = len(days.step_starts()), _make_step_index(days)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for one in shown:
        if one.name is not None:
            totals[one.name] = EXACT.add(totals[one.name], one.cost)
    costliest = heapq.nsmallest(MAX_BARS, totals, key=lambda name: (-totals[name], name))
    found: dict[str | None, Bar] = {name: Bar(name, [ZERO] * steps) for name in costliest}
    others = Bar("", [ZERO] * steps, is_other=True)
    for one in shown:
        _add(found.get(one.name, others).costs, index_of_step(one.date), one.cost)
    return [*found.values(), *([others] if any(one.name not in found for one in shown) else [])]


def sum_by_step(shown: Sequence[StepShare], days: DateRange) -> list[tuple[date, int, Decimal]]:
    """Return requests and cost (USD) of each step of a period, including steps without calls."""
    every, index_of_step = days.step_starts(), _make_step_index(days)
    requests, costs = [0] * len(every), [ZERO] * len(every)
    for one in shown:
        requests[index_of_step(one.date)] += one.requests
        _add(costs, index_of_step(one.date), one.cost)
    return list(zip(every, requests, costs, strict=True))


def divide(some: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """Return a ratio to six digits, None if the whole is 0."""
    return RATIO.divide(Decimal(some), Decimal(whole)) if whole else None


def _make_step_index(days: DateRange) -> Callable[[date], int]:
    """Return a function from the first day of a step to its index in a period.

    A day outside the period gets the nearest step: the database has its own copy of the time zones, and a different
    version may put an hour at the edge on the other side.
    """
    every = days.step_starts()
    index_of = {step: index for index, step in enumerate(every)}
    return lambda step: index_of.get(step, 0 if step < every[0] else len(every) - 1)


def _add(costs: list[Decimal], index: int, amount: Decimal) -> None:
    costs[index] = EXACT.add(costs[index], amount)
