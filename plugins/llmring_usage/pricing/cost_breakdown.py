"""The breakdown of a stored cost: each token kind times its rate, as a calculator adds them up. Pure functions."""

import functools
from decimal import Decimal

from llmring_server.contracts import Price
from llmring_server.contracts.usage import Calculation, CostTerm
from llmring_usage.pricing.calculators import (
    CLIENT_KINDS,
    EXACT,
    PROVIDER_KINDS,
    ZERO,
    client_terms,
    count_units,
    normalize,
    provider_terms,
    total,
    unit_cost,
)
from llmring_usage.pricing.tokens import Tokens

MILLION = 1_000_000
PROVIDER = "provider"
TERMS = {PROVIDER: (PROVIDER_KINDS, provider_terms), "client": (CLIENT_KINDS, client_terms)}


def explain_cost(tokens: Tokens, price: Price, stored: Decimal | None, calculator: str) -> Calculation | None:
    """Return the calculation whose sum is the stored cost before a discount, or None for a price without rates.

    The calculator is not stored: the deployment's is tried first, then the others. If none gives the stored cost, the
    deployment's calculation is returned with `exact` False.
    """
    if price.input is None and price.output is None and not price.units:
        return None
    order = [calculator, *(name for name in TERMS if name != calculator)]
    tried = [_calculation(name, tokens, price, stored) for name in order]
    return next((found for found in tried if found.exact), tried[0])


def _calculation(calculator: str, tokens: Tokens, price: Price, stored: Decimal | None) -> Calculation:
    kinds, terms_of = TERMS[calculator]
    nonzero = [
        CostTerm(kind, number, rate, total([(number, rate)]))
        for kind, (number, rate) in zip(kinds, terms_of(tokens, price), strict=False)
        if number
    ]
    if calculator == PROVIDER:
        nonzero += _unit_terms(tokens, price)
    found = normalize(functools.reduce(EXACT.add, (term.cost for term in nonzero), ZERO))
    return Calculation(calculator, nonzero, found, found == stored)


def _unit_terms(tokens: Tokens, price: Price) -> list[CostTerm]:
    """Return the terms of counted units, each with its rate for a million of them, as those of tokens are."""
    counts = count_units(tokens)
    return [
        CostTerm(rate.unit, counts[rate.unit], unit_cost(MILLION, rate), unit_cost(counts[rate.unit], rate))
        for rate in price.units
        if counts.get(rate.unit)
    ]
