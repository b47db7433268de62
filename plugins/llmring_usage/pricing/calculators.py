"""The cost of a call: the one pricing path, from disjoint tokens and a price to exact USD. Pure functions.

`provider` bills as the providers do; `client` agrees with the published llmring client, whose zeros count as
"no rate". Rates are USD per million tokens; the arithmetic is decimal throughout and exact.
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from decimal import Context, Decimal
from operator import mul
from typing import Literal

import msgspec

from llmring_server.contracts import Price, UnitRate
from llmring_usage.pricing.rates import LABELS, count_billed, resolve_rates, thresholds_of
from llmring_usage.pricing.tokens import Tokens

EXACT = Context(prec=80)
ZERO = Decimal(0)
ONE = Decimal(1)
MAX_DECIMALS = 18
SMALLEST = Decimal(1).scaleb(-MAX_DECIMALS)
REQUEST = "request"

CostStatus = Literal[
    "priced", "estimated", "model_not_in_registry", "price_missing", "usage_missing", "registry_unavailable",
    "registry_not_enabled",
]  # fmt: skip
Term = tuple[int, Decimal]
Calculator = Callable[[Tokens, Price], Decimal]


class Quote(msgspec.Struct, frozen=True):
    """A computed cost in USD, or None with the reason in `status`; `price` is the price it was computed with."""

    status: CostStatus
    cost: Decimal | None = None
    price: Price | None = None


def quote(tokens: Tokens, price: Price, calculator: Calculator) -> Quote:
    """Price a call."""
    return Quote(price_status(price), cost_of(tokens, price, calculator), price)


def cost_of(tokens: Tokens, price: Price, calculator: Calculator) -> Decimal | None:
    """Return the USD of a call; without an input or output rate it is unpriced, never free."""
    return calculator(tokens, price) if price_status(price) == "priced" else None


def price_status(price: Price) -> CostStatus:
    """Return whether a price is sufficient to compute a cost."""
    return "price_missing" if price.input is None or price.output is None else "priced"


PROVIDER_KINDS = tuple(LABELS.values())


def provider_cost(tokens: Tokens, price: Price) -> Decimal:
    """Return USD as providers bill: above a threshold the whole request is at the rates of its tier."""
    rates, decimals = integer_rates(price, tier_of(tokens, price))
    millionths = sum(map(mul, count_billed(tokens), rates))
    units = price_units(tokens, price) if price.units else ZERO
    return normalize(EXACT.add(EXACT.scaleb(millionths, -6 - decimals), units))


def provider_terms(tokens: Tokens, price: Price) -> tuple[Term, ...]:
    """Return the terms of `provider_cost` in tokens, one per `PROVIDER_KINDS`."""
    return provider_terms_at(tokens, price, tier_of(tokens, price))


def provider_terms_at(tokens: Tokens, price: Price, over: int) -> tuple[Term, ...]:
    """Return the terms of a call, or of a sum of calls, whose prompts have the threshold `over`."""
    return tuple(
        (count, resolved.rate or ZERO)
        for count, resolved in zip(count_billed(tokens), resolve_rates(price, over), strict=False)
    )


def tier_of(tokens: Tokens, price: Price) -> int:
    """Return the highest threshold of a price that is below the prompt; 0 for none."""
    if price.long_context_threshold is None and not price.tiers:
        return 0
    prompt = tokens.prompt
    return max((threshold for threshold in thresholds_of([price]) if threshold < prompt), default=0)


@functools.lru_cache(maxsize=4096)
def integer_rates(price: Price, over: int) -> tuple[tuple[int, ...], int]:
    """Return a price's rates as integers, and the number of decimals they were shifted by: their sums are exact."""
    rates = [resolved.rate or ZERO for resolved in resolve_rates(price, over)]
    decimals = max(0, *(-int(rate.as_tuple().exponent) for rate in rates))
    return tuple(int(EXACT.scaleb(rate, decimals)) for rate in rates), decimals


def price_units(tokens: Tokens, price: Price) -> Decimal:
    """Return the USD of what is counted, not in tokens; a call with any usage counts as one `request`."""
    counts = count_units(tokens)
    costs = (unit_cost(counts.get(rate.unit, 0), rate) for rate in price.units)
    return functools.reduce(EXACT.add, costs, ZERO)


def unit_cost(count: int, rate: UnitRate) -> Decimal:
    """Return the USD of a number of units, rounded to 18 decimals where it has more, such as a third of an hour's."""
    cost = EXACT.divide(EXACT.multiply(Decimal(count), rate.usd), Decimal(rate.per))
    return cost if int(cost.as_tuple().exponent) >= -MAX_DECIMALS else cost.quantize(SMALLEST, context=EXACT)


def count_units(tokens: Tokens) -> Mapping[str, int]:
    """Return the counted units of a call, with `request` where it has any usage."""
    units = tokens.rare.units
    return {**units, REQUEST: 1} if units or tokens.prompt or tokens.output else {}


CLIENT_KINDS = (
    "input", "input past the threshold", "cache read", "cache write, 5 minutes", "cache write, 1 hour",
    "cache write, unspecified lifetime", "reasoning", "output",
)  # fmt: skip


def client_cost(tokens: Tokens, price: Price) -> Decimal:
    """Return USD as the llmring client does: fresh input past the threshold at the long rate; a zero is no rate."""
    return total(client_terms(tokens, price))


def client_terms(tokens: Tokens, price: Price) -> tuple[Term, ...]:
    """Return the terms of `client_cost`, one per `CLIENT_KINDS`."""
    threshold = price.long_context_threshold
    return client_terms_at(tokens, price, max(_client_fresh(tokens) - threshold, 0) if threshold else 0)


def client_terms_at(tokens: Tokens, price: Price, long: int) -> tuple[Term, ...]:
    """Return the terms of a call, or of a sum of calls, with `long` fresh tokens past the threshold.

    The client knows no audio, images and video: they are input and cache reads to it.
    """
    fresh = price.input or ZERO
    thinking = price.output_thinking or ZERO
    reasoning = tokens.reasoning if thinking else 0
    written = tokens.cache_write + tokens.rare.cache_write_30m + tokens.rare.cache_write_12h
    return (
        (_client_fresh(tokens) - long, fresh),
        (long, price.input_long_context or fresh),
        (
            tokens.cache_read + tokens.rare.audio_cache_read + tokens.rare.image_cache_read,
            price.cache_read or price.cached_input or fresh,
        ),
        (tokens.cache_write_5m, price.cache_write_5m or ZERO),
        (tokens.cache_write_1h, price.cache_write_1h or ZERO),
        (written, price.cache_write_5m or price.cache_write_1h or price.cached_input or fresh),
        (reasoning, thinking),
        (tokens.output - reasoning, price.output or ZERO),
    )


def _client_fresh(tokens: Tokens) -> int:
    return tokens.fresh + tokens.rare.audio_input + tokens.rare.image_input + tokens.rare.video_input


CALCULATORS: dict[str, Calculator] = {"provider": provider_cost, "client": client_cost}


def total(terms: Iterable[Term]) -> Decimal:
    """Return Σ tokens × rate ÷ 1,000,000, without trailing zeros or an exponent."""
    millionths = ZERO
    for tokens, rate in terms:
        if tokens:
            millionths = EXACT.fma(Decimal(tokens), rate, millionths)
    return normalize(EXACT.scaleb(millionths, -6))


def normalize(amount: Decimal) -> Decimal:
    """Return an amount without trailing zeros, written without an exponent where it is whole."""
    reduced = EXACT.normalize(amount)
    return reduced if reduced < 10 or reduced % 1 else reduced.quantize(ONE, context=EXACT)
