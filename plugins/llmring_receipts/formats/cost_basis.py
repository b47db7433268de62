"""The basis of a cost on paper: counts and rates as signed, and the amount that follows from them. Pure.

`billed` is `{"input": 538, "output": 197, "units": {"web_search": 2}}`: disjoint counts of tokens by kind, and of other
things by name. `rates` has a decimal string for each of them, USD per million tokens or per unit.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any

import msgspec

EXACT = Context(prec=400, traps=[Inexact, InvalidOperation])
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
    found = Decimal(0)
    for name, count, rate, decimals in _terms(paper.billed, paper.rates):
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise NotComputable(f"the count of {name} is malformed")
        if rate is None and not paper.estimated:
            raise NotComputable(f"{name} has no rate")
        if rate is not None:
            found = EXACT.add(found, EXACT.scaleb(EXACT.multiply(Decimal(count), parse_decimal(rate)), -decimals))
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


def _terms(billed: Mapping[str, Any], rates: Mapping[str, Any]) -> Iterator[tuple[str, object, object, int]]:
    """Yield name, count and rate of everything billed, and the decimals of the number that the rate is for."""
    for kind, count in billed.items():
        if kind != UNITS:
            yield kind, count, rates.get(kind), 6
    units, unit_rates = billed.get(UNITS, {}), rates.get(UNITS, {})
    if not isinstance(units, dict) or not isinstance(unit_rates, dict):
        raise NotComputable("the units are malformed")
    for unit, count in units.items():
        yield unit, count, unit_rates.get(unit), 0


def _compare(what: str, stated: object, computed: Decimal) -> str | None:
    """Return how a stated amount differs from a computed one, or None."""
    if EXACT.compare(parse_decimal(stated), computed) == 0:
        return None
    return f"{what} is {stated}, its counts and rates give {computed.normalize(EXACT):f}"
