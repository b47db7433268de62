"""The choice of a price: the first source that has all that a call needs, else the best with its substitutions.

A call needs a rate for each kind of token and unit that it has, the tier of its prompt size, and its conditions. One
source prices a whole call; rates of two are never mixed. Pure functions.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from operator import mul
from typing import NamedTuple

import msgspec

from llmring_server.contracts import Price
from llmring_usage.pricing.calculators import (
    EXACT,
    ONE,
    REQUEST,
    CostStatus,
    client_cost,
    integer_rates,
    normalize,
    price_status,
    price_units,
)
from llmring_usage.pricing.rates import BILLED, has_tier, resolve_rates, thresholds_of
from llmring_usage.pricing.tokens import NO_RARE_COUNTS, Tokens

CLIENT = "client"
ONE_DAY = timedelta(days=1)
PRICED = ("priced", "estimated")
BOTH = frozenset({"input", "output"})


class Candidate(msgspec.Struct, frozen=True):
    """A source's price of a model, with the conditions that it does not meet.

    `notes` name what was substituted for every call, `standard_kinds` the kinds that the source bills at the standard
    rate under the call's conditions, `agreed` the kinds with an own rate, which holds for every prompt size. `start`
    and `end` are the half-open period for which this holds, UTC.
    """

    price: Price
    notes: tuple[str, ...] = ()
    standard_kinds: frozenset[str] = frozenset()
    agreed: frozenset[str] = frozenset()
    start: datetime | None = None
    end: datetime | None = None


class Needs(NamedTuple):
    """What a call needs of a price: which of the billed kinds it has, the threshold below its prompt, its units."""

    kinds: tuple[bool, ...]
    over: int = 0
    units: frozenset[str] = frozenset()


class Choice:
    """The price of all calls with the same needs: the status, notes, and how their cost is computed."""

    __slots__ = ("calculator", "decimals", "discount", "notes", "price", "rates", "status", "terms")

    def __init__(
        self, status: CostStatus, price: Price | None = None, notes: tuple[str, ...] = (), over: int = 0,
        discount: Decimal | None = None, calculator: str = "provider",
    ) -> None:  # fmt: skip
        self.status = status
        self.price = price
        self.notes = notes
        self.discount = discount
        self.calculator = calculator
        self.terms = (price, status, notes, discount)
        self.rates, self.decimals = integer_rates(price, over) if price is not None else ((), 0)

    @property
    def cost_source(self) -> str | None:
        """What prices these calls, None while they are unpriced: `registry`, `override` or `genai-prices`."""
        priced = self.price is not None and self.status in PRICED
        return self.price.source.partition(":")[0] if self.price is not None and priced else None

    def list_cost(self, tokens: Tokens, counts: Sequence[int]) -> Decimal | None:
        """Return the USD of a call before a discount, or None while it is unpriced; `counts` are those it is billed."""
        if self.status not in PRICED or self.price is None:
            return None
        if self.calculator == CLIENT:
            return client_cost(tokens, self.price)
        cost = EXACT.scaleb(sum(map(mul, counts, self.rates)), -6 - self.decimals)
        return normalize(EXACT.add(cost, price_units(tokens, self.price)) if self.price.units else cost)

    def cost(self, listed: Decimal | None) -> Decimal | None:
        """Return the USD of a call from its list cost, after the discount."""
        if listed is None or self.discount is None:
            return listed
        return normalize(EXACT.multiply(listed, EXACT.subtract(ONE, self.discount)))


USAGE_MISSING = Choice("usage_missing")


class Choices:
    """The candidates for one model under some conditions, and the choice for each kind of needs, remembered.

    `missing` is the status without any candidate; `start` and `end` bound the time for which all of this holds.
    """

    def __init__(
        self, candidates: Sequence[Candidate], missing: CostStatus, discount: Decimal | None = None,
        calculator: str = "provider", start: datetime | None = None, end: datetime | None = None,
    ) -> None:  # fmt: skip
        self.candidates = candidates
        self.start = max((moment for moment in (start, *(one.start for one in candidates)) if moment), default=None)
        self.end = min((moment for moment in (end, *(one.end for one in candidates)) if moment), default=None)
        self.holds_all_day = False
        self.discount = discount
        self._thresholds = thresholds_of([one.price for one in candidates])
        self._missing = missing
        self._calculator = calculator
        self._chosen: dict[Needs, Choice] = {}
        self._plain: dict[tuple[bool, ...], Choice] = {}

    def check_day(self, at: datetime) -> None:
        """Set whether the candidates are those of the whole UTC day of a time."""
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        self.holds_all_day = self.holds_at(midnight) and (self.end is None or self.end >= midnight + ONE_DAY)

    def holds_at(self, at: datetime) -> bool:
        """Whether the candidates are those of a time."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)

    def needs_of(self, tokens: Tokens, counts: Sequence[int]) -> Needs:
        """Return what a call needs; `counts` are its billed counts."""
        over, thresholds = 0, self._thresholds
        if thresholds:
            below = bisect_left(thresholds, tokens.prompt)
            over = thresholds[below - 1] if below else 0
        units = tokens.rare.units
        return Needs(tuple(map(bool, counts)), over, frozenset(units) if units else frozenset())

    def choose(self, tokens: Tokens, counts: Sequence[int]) -> Choice:
        """Return the price for a call."""
        if not self._thresholds and tokens.rare is NO_RARE_COUNTS:
            kinds = tuple(map(bool, counts))
            return self._plain.get(kinds) or self._plain.setdefault(kinds, self._choose(Needs(kinds)))
        needs = self.needs_of(tokens, counts)
        found = self._chosen.get(needs)
        if found is None:
            found = self._chosen[needs] = self._choose(needs)
        return found

    def _choose(self, needs: Needs) -> Choice:
        if self._calculator == CLIENT:
            return self._choose_as_client()
        rated = [(one, notes) for one in self.candidates if (notes := self.notes(one, needs)) is not None]
        if not rated:
            return Choice("price_missing" if self.candidates else self._missing, self._any_price())
        candidate, notes = min(rated, key=lambda found: len(found[1]))
        status: CostStatus = "estimated" if notes else "priced"
        return Choice(status, candidate.price, notes, needs.over, self.discount)

    def _choose_as_client(self) -> Choice:
        """Return the first price with an input and an output rate: all that the llmring client asks for."""
        for one in self.candidates:
            if price_status(one.price) == "priced":
                return Choice("priced", one.price, discount=self.discount, calculator=CLIENT)
        return Choice("price_missing" if self.candidates else self._missing, self._any_price())

    def _any_price(self) -> Price | None:
        return self.candidates[0].price if self.candidates else None

    def notes(self, candidate: Candidate, needs: Needs) -> tuple[str, ...] | None:
        """Return what a candidate substitutes for a call, empty if nothing; None if it cannot price the call."""
        price, notes = candidate.price, list(candidate.notes)
        needed = [kind for kind, present in zip(BILLED, needs.kinds, strict=False) if present]
        if price.input is None and price.output is None and not price.units:
            return None
        resolved = dict(zip(BILLED, resolve_rates(price, needs.over), strict=True))
        for kind in needed:
            if resolved[kind].rate is None:
                return None
            if resolved[kind].note and kind not in candidate.agreed:
                notes.append(resolved[kind].note)
            if kind in candidate.standard_kinds:
                notes.append(f"{kind} priced at the standard rate")
        if needs.over and not (candidate.agreed >= BOTH or has_tier(price, needs.over)):
            notes.append(f"prompt above {needs.over:,} tokens priced at the standard context rate")
        known = {rate.unit for rate in price.units} | {REQUEST}
        notes += [f"{unit} has no price" for unit in sorted(needs.units - known)]
        return tuple(notes)
