"""The basis of a cost on paper: counts and rates as signed, and the amount that follows from them. Pure.

`billed` is `{"input": 538, "output": 197, "units": {"web_search": 2}}`: disjoint counts of tokens by kind, and of other
things by name. `rates` has the USD per million tokens of each kind, as a decimal string, and of each unit the USD for a
number of them: `{"input": "3", "output": "15", "units": {"web_search": {"per": 1000, "usd": "10"}}}`. The cost of a
unit is rounded half-even to 18 decimals where it has more; nothing else is rounded.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any

import msgspec

EXACT = Context(prec=400, traps=[Inexact, InvalidOperation])
ROUNDING = Context(prec=80)
SMALLEST = Decimal(1).scaleb(-18)
MAX_PER = 2**53
UNITS = "units"
_DECIMAL = re.compile(r"[0-9]{1,30}(\.[0-9]{1,80})?")


class NotComputable(ValueError):
    """A basis from which no amount follows; the message gives the reason."""


class PaperBasis(msgspec.Struct, frozen=True, kw_only=True):
    """What a paper states about an amount: counts, rates, the cost before a discount, and the discount.

    `estimated` allows counts without a rate, which the amount does not contain.
    """

    billed: Mapping[str, Any]
    rates: Mapping[str, Any]
    amount: str
    list_cost: str | None = None
    discount: str | None = None
    estimated: bool = False


def nest_units(by_kind: Mapping[str, Any], by_unit: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by kind, with those of units below `units`, in canonical order (RFC 8785 §3.2.3)."""
    return _sort({**by_kind, **({UNITS: _sort(by_unit)} if by_unit else {})})


def find_difference(paper: PaperBasis) -> str | None:
    """Return how the amounts of a paper differ from those recomputed from it, or None.

    Raises:
        NotComputable: something is malformed, or a count has no rate.
    """
    computed = compute_list_cost(paper)
    if paper.discount is None:
        return _compare("the amount", paper.amount, computed)
    listed = _compare("the list cost", paper.list_cost, computed)
    reduced = EXACT.multiply(computed, EXACT.subtract(Decimal(1), parse_decimal(paper.discount)))
    return listed or _compare("the amount", paper.amount, reduced)


def compute_list_cost(paper: PaperBasis) -> Decimal:
    """Return the sum of each count times its rate, exact.

    Raises:
        NotComputable: a count without a rate, or something malformed.
    """
    units, unit_rates = paper.billed.get(UNITS, {}), paper.rates.get(UNITS, {})
    if not isinstance(units, dict) or not isinstance(unit_rates, dict):
        raise NotComputable("the units are malformed")
    found = Decimal(0)
    for kind, count in _rated(paper.billed, paper.rates, paper.estimated):
        found = EXACT.add(found, EXACT.multiply(count, parse_decimal(paper.rates[kind])))
    found = EXACT.scaleb(found, -6)
    for unit, count in _rated(units, unit_rates, paper.estimated):
        found = EXACT.add(found, _unit_cost(count, unit_rates[unit]))
    return found


def parse_decimal(text: object) -> Decimal:
    """Return the number in a decimal string.

    Raises:
        NotComputable: not a decimal string.
    """
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise NotComputable(f"{text!r:.60} is not a decimal string")
    return Decimal(text)


def _sort(values: Mapping[str, Any]) -> dict[str, Any]:
    return dict(sorted(values.items(), key=lambda item: item[0].encode("utf-16-be")))


def _rated(counts: Mapping[str, Any], rates: Mapping[str, Any], estimated: bool) -> Iterator[tuple[str, Decimal]]:
    """Yield the counts that have a rate.

    Raises:
        NotComputable: a count is malformed, or has no rate in a cost that is not estimated.
    """
    for name, count in counts.items():
        if name == UNITS:
            continue
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise NotComputable(f"the count of {name} is malformed")
        if name in rates:
            yield name, Decimal(count)
        elif not estimated:
            raise NotComputable(f"{name} has no rate")


def _unit_cost(count: Decimal, rate: object) -> Decimal:
    per = rate.get("per") if isinstance(rate, dict) else None
    if not isinstance(rate, dict) or isinstance(per, bool) or not isinstance(per, int) or not 0 < per < MAX_PER:
        raise NotComputable("the rate of a unit is malformed")
    return Decimal(0) if not count else _divide(EXACT.multiply(count, parse_decimal(rate.get("usd"))), Decimal(per))


def _divide(amount: Decimal, per: Decimal) -> Decimal:
    """Return a quotient, rounded half-even to 18 decimals where it has more."""
    quotient = ROUNDING.divide(amount, per)
    return quotient if int(quotient.as_tuple().exponent) >= -18 else quotient.quantize(SMALLEST, context=ROUNDING)


def _compare(what: str, stated: object, computed: Decimal) -> str | None:
    """Return how a stated amount differs from a computed one, or None."""
    if EXACT.compare(parse_decimal(stated), computed) == 0:
        return None
    return f"{what} is {stated}, its counts and rates give {computed.normalize(EXACT):f}"
