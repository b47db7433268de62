"""From statistics to what the overview shows: tiles against the range before, the top ten, the bars. Pure functions."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Context, Decimal
from typing import Literal

import msgspec

from llmring_dashboard.ranges import Days
from llmring_server.contracts.usage import Share, Spending, StepShare, Summary

TOP = 10
SERIES = 9
EXACT = Context(prec=80)
RATIO = Context(prec=6)
ZERO = Decimal(0)

Unit = Literal["usd", "whole", "share", "ms"]


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of a range and of the range before; `rise` is by which part of itself it rose, None from nothing."""

    id: str
    label: str
    title: str
    unit: Unit
    now: Decimal | int | float | None
    before: Decimal | int | float | None

    @property
    def rise(self) -> Decimal | None:
        """How much more it is now, as a part of what it was before."""
        if self.now is None or not self.before:
            return None
        return part(Decimal(str(self.now)) - Decimal(str(self.before)), Decimal(str(self.before)))


class Line(msgspec.Struct, frozen=True):
    """One line of a breakdown; '' names the calls without a name, `part` is its part of the range's cost."""

    name: str
    share: Share
    part: Decimal | None


class Bar(msgspec.Struct, frozen=True):
    """What one name cost in each step of a range, in USD; `others` gathers the names that have no bar of their own."""

    name: str
    costs: list[Decimal]
    others: bool = False

    @property
    def label(self) -> str:
        """What the bar is called in words."""
        return "all others" if self.others else self.name or "without"


def tiles(now: Summary, before: Summary) -> list[Tile]:
    """Return the figures at the head of the overview."""

    def tile(id: str, label: str, unit: Unit, title: str, name: str) -> Tile:
        return Tile(id=id, label=label, title=title, unit=unit, now=getattr(now, name), before=getattr(before, name))

    return [
        tile("cost", "Cost", "usd", "What all priced calls cost, in USD", "total_cost"),
        tile("requests", "Requests", "whole", "Logged calls", "total_requests"),
        tile("tokens", "Tokens", "whole", "Input and output tokens, as they were sent", "total_tokens"),
        Tile(
            id="errors",
            label="Error rate",
            title="Calls that were logged with the status error, as a share of all",
            unit="share",
            now=part(now.failed_requests, now.total_requests),
            before=part(before.failed_requests, before.total_requests),
        ),
        tile("unpriced", "Unpriced calls", "whole", "Calls whose cost is not known; they add nothing to the cost",
             "unpriced_requests"),
        tile("p50", "Latency, median", "ms", "Half of the calls took at most this long", "latency_p50_ms"),
        tile("p95", "Latency, 95 %", "ms", "95 of 100 calls took at most this long", "latency_p95_ms"),
    ]  # fmt: skip


def top(found: Spending) -> list[Line]:
    """Return the lines that cost most, then were called most, ten at most."""
    whole = found.summary.total_cost
    lines = [Line(name, share, part(share.cost, whole)) for name, share in found.shares.items()]
    return sorted(lines, key=lambda line: (-line.share.cost, -line.share.requests, line.name))[:TOP]


def bars(shown: Sequence[StepShare], days: Days) -> list[Bar]:
    """Return the costs of each step by name: the costliest names by themselves, the rest together."""
    steps, place = len(days.every()), _places(days)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for one in shown:
        totals[one.name] = EXACT.add(totals[one.name], one.cost)
    costliest = heapq.nsmallest(SERIES, totals, key=lambda name: (-totals[name], name))
    found = {name: Bar(name, [ZERO] * steps) for name in costliest}
    others = Bar("", [ZERO] * steps, others=True)
    for one in shown:
        _add(found.get(one.name, others).costs, place(one.date), one.cost)
    return [*found.values(), *([others] if len(totals) > len(found) else [])]


def by_step(shown: Sequence[StepShare], days: Days) -> list[tuple[date, int, Decimal]]:
    """Return requests and cost (USD) of each step of a range, also of those without calls."""
    every, place = days.every(), _places(days)
    requests, costs = [0] * len(every), [ZERO] * len(every)
    for one in shown:
        requests[place(one.date)] += one.requests
        _add(costs, place(one.date), one.cost)
    return list(zip(every, requests, costs, strict=True))


def part(some: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """Return a part of a whole to six digits, None of nothing."""
    return RATIO.divide(Decimal(some), Decimal(whole)) if whole else None


def _places(days: Days) -> Callable[[date], int]:
    """Return a function that says which step of a range, from 0, the step with a first day is.

    One just outside is the nearest: the database counts days by its own copy of the zones, and one that is newer or
    older than ours may put an hour at the edge on the other side.
    """
    every = days.every()
    index_of = {step: index for index, step in enumerate(every)}
    return lambda step: index_of.get(step, 0 if step < every[0] else len(every) - 1)


def _add(costs: list[Decimal], index: int, amount: Decimal) -> None:
    costs[index] = EXACT.add(costs[index], amount)
