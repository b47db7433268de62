"""The breakdown of a stored cost: each token kind times its rate, as a calculator adds them up. Pure functions."""

from decimal import Decimal

from llmring_server.contracts import Price
from llmring_server.contracts.usage import Calculation, CostTerm
from llmring_usage.pricing.calculators import (
    CLIENT_KINDS,
    PROVIDER_KINDS,
    client_terms,
    price_status,
    provider_terms,
    total,
)
from llmring_usage.pricing.tokens import Tokens

TERMS = {"provider": (PROVIDER_KINDS, provider_terms), "client": (CLIENT_KINDS, client_terms)}


def explain_cost(tokens: Tokens, price: Price, stored: Decimal | None, calculator: str) -> Calculation | None:
    """Return the calculation whose sum is the stored cost, or None for a price without the necessary rates.

    The calculator is not stored: the deployment's is tried first, then the others. If none gives the stored cost, the
    deployment's calculation is returned with `exact` False.
    """
    if price_status(price) != "priced":
        return None
    order = [calculator, *(name for name in TERMS if name != calculator)]
    tried = [_calculation(name, tokens, price, stored) for name in order]
    return next((found for found in tried if found.exact), tried[0])


def _calculation(calculator: str, tokens: Tokens, price: Price, stored: Decimal | None) -> Calculation:
    kinds, terms_of = TERMS[calculator]
    terms = terms_of(tokens, price)
    nonzero = [
        CostTerm(kind, number, rate, total([(number, rate)]))
        for kind, (number, rate) in zip(kinds, terms, strict=True)
        if number
    ]
    found = total(terms)
    return Calculation(calculator, nonzero, found, found == stored)
