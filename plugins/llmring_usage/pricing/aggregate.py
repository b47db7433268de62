"""The cost of many calls at once: the terms of the pricing path, applied to sums of calls on one side of a threshold.

A price's terms are sums of tokens by rate, and a call's rates depend only on the tier of its prompt. So the sums of
each tier, priced by the same terms, are exactly the sum of the calls.
"""

from collections.abc import Callable, Iterable

import msgspec

from llmring_server.contracts import Price
from llmring_usage.pricing.calculators import (
    EXACT,
    REQUEST,
    Quote,
    Term,
    client_terms_at,
    normalize,
    price_status,
    provider_terms_at,
    total,
    unit_cost,
)
from llmring_usage.pricing.rates import count_billed, resolve_rates
from llmring_usage.pricing.tokens import Tokens


class PriceTier(msgspec.Struct, frozen=True):
    """Calls on the same side of every threshold, with the sums of their tokens.

    `prompt_over` is the highest threshold that each call's prompt is above, `fresh_over` the highest that its fresh
    input is above; 0 where there is none.
    """

    calls: int
    tokens: Tokens
    prompt_over: int
    fresh_over: int


TierTerms = Callable[[PriceTier, Price], tuple[Term, ...]]


def quote_tiers(tiers: Iterable[PriceTier], price: Price, terms_of: TierTerms) -> Quote:
    """Price many calls: exactly the sum of the quotes of each."""
    status = price_status(price)
    if status != "priced":
        return Quote(status, None, price)
    known = list(tiers)
    cost = total(term for tier in known for term in terms_of(tier, price))
    calls = sum(tier.calls for tier in known)
    for rate in price.units:
        if rate.unit == REQUEST:
            cost = EXACT.add(cost, unit_cost(calls, rate))
    return Quote(status, normalize(cost), price)


def list_substitutions(tiers: Iterable[PriceTier], price: Price) -> tuple[str, ...]:
    """Return the notes of the rates that a price lacks for these calls, billed as providers do."""
    notes = {
        rate.note
        for tier in tiers
        for count, rate in zip(count_billed(tier.tokens), resolve_rates(price, tier.prompt_over), strict=False)
        if count and rate.note
    }
    return tuple(sorted(notes))


def provider_tier_terms(tier: PriceTier, price: Price) -> tuple[Term, ...]:
    """Return the terms of a tier as providers bill."""
    return provider_terms_at(tier.tokens, price, tier.prompt_over)


def client_tier_terms(tier: PriceTier, price: Price) -> tuple[Term, ...]:
    """Return the terms of a tier as the llmring client counts."""
    threshold = price.long_context_threshold or 0
    long = tier.tokens.fresh - tier.calls * threshold if 0 < threshold <= tier.fresh_over else 0
    return client_terms_at(tier.tokens, price, long)


TIER_TERMS: dict[str, TierTerms] = {"provider": provider_tier_terms, "client": client_tier_terms}
