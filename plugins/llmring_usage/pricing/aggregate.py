"""What many calls at once would cost: the terms of the one pricing path, over sums of calls on one side of a threshold.

A price's terms are sums of tokens by rate, and which rates hold depends on the call only by the side of the price's
threshold that it lies on. So the sums of each side, priced by the same terms, are exactly the sum of the calls.
"""

from collections.abc import Callable, Iterable

import msgspec

from llmring_server.contracts import Price
from llmring_usage.pricing.calculators import Quote, Term, client_terms_at, price_status, provider_terms_at, total
from llmring_usage.pricing.tokens import Tokens


class Band(msgspec.Struct, frozen=True):
    """Calls that lie alike to the thresholds in question, with their tokens summed up.

    `prompt_over` is the highest threshold that each call's prompt is above, `fresh_over` the highest that its fresh
    input is above; 0 where there is none.
    """

    calls: int
    tokens: Tokens
    prompt_over: int
    fresh_over: int


BandTerms = Callable[[Band, Price], tuple[Term, ...]]


def quote_bands(bands: Iterable[Band], price: Price, terms_of: BandTerms) -> Quote:
    """Price many calls: exactly the sum of what each would be quoted by itself."""
    status = price_status(price)
    if status != "priced":
        return Quote(status, None, price)
    return Quote(status, total(term for band in bands for term in terms_of(band, price)), price)


def provider_band_terms(band: Band, price: Price) -> tuple[Term, ...]:
    """Return the terms of a band as providers bill."""
    threshold = price.long_context_threshold
    return provider_terms_at(band.tokens, price, threshold is not None and band.prompt_over >= threshold)


def client_band_terms(band: Band, price: Price) -> tuple[Term, ...]:
    """Return the terms of a band as the llmring client counts."""
    threshold = price.long_context_threshold or 0
    long = band.tokens.fresh - band.calls * threshold if 0 < threshold <= band.fresh_over else 0
    return client_terms_at(band.tokens, price, long)


BAND_TERMS: dict[str, BandTerms] = {"provider": provider_band_terms, "client": client_band_terms}
