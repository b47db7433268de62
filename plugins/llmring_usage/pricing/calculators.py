"""The cost of a call: the one pricing path, from disjoint tokens and a registry price to exact USD. Pure functions.

`provider` bills as the providers do; `client` agrees with the published llmring client, whose zeros count as
"no rate". Rates are USD per million tokens; the arithmetic is decimal throughout and exact.
"""

import functools
from collections.abc import Callable, Iterable
from decimal import Context, Decimal
from operator import mul
from typing import Generic, Literal, NamedTuple, TypeVar

import msgspec

from llmring_server.contracts import Price
from llmring_usage.pricing.tokens import Tokens

EXACT = Context(prec=80)
ZERO = Decimal(0)
ONE = Decimal(1)

CostStatus = Literal["priced", "model_not_in_registry", "price_missing", "registry_unavailable", "registry_not_enabled"]
RateT = TypeVar("RateT", int, Decimal)
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


class Rates(NamedTuple, Generic[RateT]):
    """The rate of each token kind, USD per million, with every fallback resolved."""

    fresh: RateT
    cache_read: RateT
    cache_write_5m: RateT
    cache_write_1h: RateT
    reasoning: RateT
    output: RateT


PROVIDER_KINDS = ("input", "cache read", "cache write, 5 minutes", "cache write, 1 hour", "reasoning", "output")


def provider_cost(tokens: Tokens, price: Price) -> Decimal:
    """Return USD as providers bill: past the threshold the whole request is at the long-context rates."""
    rates, decimals = integer_rates(price, _is_long(tokens, price))
    return normalize(EXACT.scaleb(sum(map(mul, _provider_counts(tokens), rates)), -6 - decimals))


def provider_terms(tokens: Tokens, price: Price) -> tuple[Term, ...]:
    """Return the terms of `provider_cost`, one per `PROVIDER_KINDS`.

    Cache writes of unspecified lifetime count as writes for 5 minutes.
    """
    return provider_terms_at(tokens, price, _is_long(tokens, price))


def provider_terms_at(tokens: Tokens, price: Price, long: bool) -> tuple[Term, ...]:
    """Return the terms of a call, or of a sum of calls, past the threshold or not."""
    return tuple(zip(_provider_counts(tokens), provider_rates(price, long), strict=True))


def _is_long(tokens: Tokens, price: Price) -> bool:
    threshold = price.long_context_threshold
    return threshold is not None and tokens.prompt > threshold


def _provider_counts(tokens: Tokens) -> tuple[int, int, int, int, int, int]:
    """Return the number of tokens billed at each rate."""
    return (
        tokens.fresh,
        tokens.cache_read,
        tokens.cache_write_5m + tokens.cache_write,
        tokens.cache_write_1h,
        tokens.reasoning,
        tokens.output - tokens.reasoning,
    )


@functools.lru_cache(maxsize=4096)
def integer_rates(price: Price, long: bool) -> tuple[Rates[int], int]:
    """Return a price's rates as integers, and the number of decimals they were shifted by: their sums are exact."""
    rates = provider_rates(price, long)
    decimals = max(-int(rate.as_tuple().exponent) for rate in rates)
    return Rates(*(int(EXACT.scaleb(rate, decimals)) for rate in rates)), decimals


@functools.lru_cache(maxsize=4096)
def provider_rates(price: Price, long: bool) -> Rates[Decimal]:
    """Resolve a price's rates, long-context ones or not; cached, since it depends on the price alone."""
    output = _first(price.output_long_context if long else None, price.output)
    return Rates(
        fresh=_first(price.input_long_context if long else None, price.input),
        cache_read=_first(price.cache_read, price.cached_input, price.input),
        cache_write_5m=_first(price.cache_write_5m, price.cache_write_1h, price.cached_input, price.input),
        cache_write_1h=_first(price.cache_write_1h, price.cache_write_5m, price.cached_input, price.input),
        reasoning=_first(price.output_thinking, output),
        output=output,
    )


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
    return client_terms_at(tokens, price, max(tokens.fresh - threshold, 0) if threshold else 0)


def client_terms_at(tokens: Tokens, price: Price, long: int) -> tuple[Term, ...]:
    """Return the terms of a call, or of a sum of calls, with `long` fresh tokens past the threshold."""
    fresh = price.input or ZERO
    thinking = price.output_thinking or ZERO
    reasoning = tokens.reasoning if thinking else 0
    return (
        (tokens.fresh - long, fresh),
        (long, price.input_long_context or fresh),
        (tokens.cache_read, price.cache_read or price.cached_input or fresh),
        (tokens.cache_write_5m, price.cache_write_5m or ZERO),
        (tokens.cache_write_1h, price.cache_write_1h or ZERO),
        (tokens.cache_write, price.cache_write_5m or price.cache_write_1h or price.cached_input or fresh),
        (reasoning, thinking),
        (tokens.output - reasoning, price.output or ZERO),
    )


CALCULATORS: dict[str, Calculator] = {"provider": provider_cost, "client": client_cost}


def _first(*rates: Decimal | None) -> Decimal:
    """Return the first rate that is present; an explicit 0 is a rate."""
    return next((rate for rate in rates if rate is not None), ZERO)


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
