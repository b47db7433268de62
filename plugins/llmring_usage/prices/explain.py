"""The answer to which price a call would get, with every candidate and the reason for or against it."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from llmring_usage.models.series import encode_rates
from llmring_usage.prices.book import PriceBook
from llmring_usage.prices.names import resolve_name
from llmring_usage.prices.source import Lookup
from llmring_usage.pricing.choice import Candidate, Choices
from llmring_usage.pricing.rates import PLAIN, count_billed
from llmring_usage.pricing.tokens import NO_RARE_COUNTS, Tokens


class PriceCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """One source's price: its rates in USD per million tokens, what it does not meet, and whether it is used.

    `reason` is why it is used, or why not; `version` is that of the source.
    """

    source: str
    version: str
    priced_as: str
    matched: str
    in_force_since: datetime | None
    rates: dict[str, Any]
    notes: tuple[str, ...]
    used: bool
    reason: str


class PriceExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """The price of a call: the status it would have, the discount, and all candidates in order of precedence."""

    provider: str
    model: str
    at: datetime
    cost_status: str
    price_source: str | None
    price_notes: tuple[str, ...]
    discount: Decimal | None
    discount_source: str | None
    candidates: list[PriceCandidate]


def explain_price(book: PriceBook, lookup: Lookup, tokens: Tokens) -> PriceExplanation:
    """Return which price a call with some tokens would get, and why."""
    own = book.own.find(lookup, resolve_name(lookup.provider, lookup.model))
    choices = book.look_up(lookup)
    choice = choices.choose(tokens, count_billed(tokens))
    used = next((one for one in choices.candidates if one.price is choice.price), None) if choice.cost_source else None
    return PriceExplanation(
        provider=lookup.provider,
        model=lookup.model,
        at=lookup.at,
        cost_status=choice.status,
        price_source=used.price.source if used else None,
        price_notes=choice.notes,
        discount=choice.discount,
        discount_source=own.discount.source if own.discount else None,
        candidates=[_explain(one, used, choices, tokens) for one in choices.candidates],
    )


def _explain(candidate: Candidate, used: Candidate | None, choices: Choices, tokens: Tokens) -> PriceCandidate:
    price = candidate.price
    notes = choices.notes(candidate, choices.needs_of(tokens, count_billed(tokens)))
    return PriceCandidate(
        source=price.source,
        version=price.registry_version,
        priced_as=price.priced_as,
        matched=price.matched,
        in_force_since=price.since,
        rates=msgspec.json.decode(encode_rates(price), type=dict[str, Any]),
        notes=notes or (),
        used=candidate is used,
        reason=_reason(notes, is_used=candidate is used),
    )


def _reason(notes: tuple[str, ...] | None, *, is_used: bool) -> str:
    if notes is None:
        return "It has no rate for some of the tokens."
    if is_used:
        return "It has all that the call needs." if not notes else "No source has all; this one substitutes least."
    return "A source before it has all that the call needs." if not notes else "It does not have all: see notes."


def sample_tokens(prompt: int = 1, output: int = 1, kinds: Collection[str] = ()) -> Tokens:
    """Return a call to explain: its fresh input, its output, and one token of each further plain kind."""
    further = {kind: int(kind in kinds) for kind in PLAIN if kind not in ("input", "output")}
    return Tokens(fresh=prompt, output=output, rare=NO_RARE_COUNTS, **further)
