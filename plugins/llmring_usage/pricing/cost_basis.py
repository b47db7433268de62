"""What a stored cost was computed from, for papers: the billed counts, and the rates that give exactly this cost.

Rates are those of the call's tier, with every substitution resolved. The calculator is not stored: the one that gives
the cost is taken, and without one there are no rates. Pure functions.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from llmring_server.contracts import Price
from llmring_server.contracts.usage_lines import UnitPrice
from llmring_usage.pricing.calculators import (
    REQUEST,
    client_cost,
    client_terms,
    provider_cost,
    tier_of,
)
from llmring_usage.pricing.rates import BILLED, count_billed, resolve_rates
from llmring_usage.pricing.tokens import Tokens

# The kinds of `client_terms`, named as the billed kinds.
CLIENT_BILLED = (
    "input", "input_long_context", "cache_read", "cache_write_5m", "cache_write_1h", "cache_write", "reasoning",
    "output",
)  # fmt: skip


class BilledCounts(NamedTuple):
    """Counts above zero with their rates: tokens by kind (USD per million), and units by name.

    `rates` is None where the cost does not follow from rates.
    """

    billed: Mapping[str, int]
    units: Mapping[str, int]
    rates: Mapping[str, Decimal] | None
    unit_rates: Mapping[str, UnitPrice]


def count_unrated(tokens: Tokens) -> BilledCounts:
    """Return the billed counts of a call, without rates."""
    billed = {kind: count for kind, count in zip(BILLED, count_billed(tokens), strict=False) if count}
    return BilledCounts(billed, {unit: count for unit, count in tokens.rare.units.items() if count}, None, {})


def find_rates(tokens: Tokens, price: Price, cost: Decimal) -> BilledCounts:
    """Return the billed counts of a call with the rates whose sum is `cost` before a discount; without, if none is."""
    for found, computed in _calculations(tokens, price):
        if computed == cost:
            return found
    return count_unrated(tokens)


def _calculations(tokens: Tokens, price: Price) -> Iterator[tuple[BilledCounts, Decimal]]:
    """Yield each calculator's counts and rates, with the cost that it computes."""
    yield _provider_rates(tokens, price), provider_cost(tokens, price)
    terms = dict(zip(CLIENT_BILLED, client_terms(tokens, price), strict=True))
    billed = {kind: count for kind, (count, _) in terms.items() if count}
    yield BilledCounts(billed, {}, {kind: terms[kind][1] for kind in billed}, {}), client_cost(tokens, price)


def _provider_rates(tokens: Tokens, price: Price) -> BilledCounts:
    billed, units, _, _ = count_unrated(tokens)
    unit_rates = {rate.unit: UnitPrice(rate.usd, rate.per) for rate in price.units}
    if REQUEST in unit_rates and (billed or units):
        units = {**units, REQUEST: 1}
    resolved = dict(zip(BILLED, resolve_rates(price, tier_of(tokens, price)), strict=True))
    return BilledCounts(
        billed,
        units,
        {kind: rate for kind in billed if (rate := resolved[kind].rate) is not None},
        {unit: unit_rates[unit] for unit in units if unit in unit_rates},
    )
