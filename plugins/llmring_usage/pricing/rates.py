"""The rate of each billed kind of token, with the substitutions where a price lacks one. Pure functions.

Rates are USD per million tokens. A substitution makes a cost an estimate, and has a note that names it. Without one:
reasoning is billed as output, and writes without a lifetime are billed at the 5-minute rate.
"""

import functools
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from llmring_server.contracts import Price
from llmring_usage.pricing.tokens import NO_RARE_COUNTS, Tokens

# The billed kinds, named as the rates of `Price`, with their labels; the first seven are those of plain calls.
LABELS = {
    "input": "input",
    "cache_read": "cache read",
    "cache_write_5m": "cache write, 5 minutes",
    "cache_write_1h": "cache write, 1 hour",
    "cache_write": "cache write, unspecified lifetime",
    "reasoning": "reasoning",
    "output": "output",
    "cache_write_30m": "cache write, 30 minutes",
    "cache_write_12h": "cache write, 12 hours",
    "audio_input": "audio input",
    "audio_cache_read": "audio cache read",
    "image_input": "image input",
    "audio_output": "audio output",
    "image_output": "image output",
    "image_cache_read": "image cache read",
    "video_input": "video input",
    "video_output": "video output",
}
BILLED = tuple(LABELS)
PLAIN = BILLED[:7]

# The rates of a price that bill a kind, best first, without being a substitution.
OWN: dict[str, tuple[str, ...]] = {
    **{kind: (kind,) for kind in BILLED},
    "cache_read": ("cache_read", "cached_input"),
    "cache_write": ("cache_write", "cache_write_5m"),
    **{f"cache_write_{time}": (f"cache_write_{time}", "cache_write") for time in ("5m", "30m", "1h", "12h")},
    "reasoning": ("output_thinking", "output"),
}
# What is substituted for a kind without such a rate, best first; text rates cover other modalities in some sources.
SUBSTITUTES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("cache_read", *(kind for kind in BILLED if kind.startswith("cache_write"))), ("input",)),
    **dict.fromkeys(("audio_input", "image_input", "video_input"), ("input",)),
    "audio_cache_read": ("cache_read", "cached_input", "audio_input", "input"),
    "image_cache_read": ("cache_read", "cached_input", "image_input", "input"),
    **dict.fromkeys(("audio_output", "image_output", "video_output"), ("output",)),
}
COVERED = {
    **dict.fromkeys(("audio_input", "image_input", "video_input"), ("input",)),
    **dict.fromkeys(("audio_cache_read", "image_cache_read"), ("cache_read",)),
    **dict.fromkeys(("audio_output", "image_output", "video_output"), ("output",)),
}
LONG_RATES = {"input": "input_long_context", "output": "output_long_context"}
STANDARD_CONTEXT = "priced at the standard context rate"


class Resolved(NamedTuple):
    """The rate of a kind, None without any, and the note of its substitution, empty without one."""

    rate: Decimal | None
    note: str = ""


def count_billed(tokens: Tokens) -> tuple[int, ...]:
    """Return the tokens of each billed kind, in the order of `BILLED`; of a plain call those of `PLAIN` only."""
    rare = tokens.rare
    plain = (
        tokens.fresh,
        tokens.cache_read,
        tokens.cache_write_5m,
        tokens.cache_write_1h,
        tokens.cache_write,
        tokens.reasoning,
        tokens.output - tokens.reasoning,
    )
    if rare is NO_RARE_COUNTS:
        return plain
    return (
        *plain[:-1],
        plain[-1] - rare.audio_output - rare.image_output - rare.video_output,
        rare.cache_write_30m,
        rare.cache_write_12h,
        rare.audio_input,
        rare.audio_cache_read,
        rare.image_input,
        rare.audio_output,
        rare.image_output,
        rare.image_cache_read,
        rare.video_input,
        rare.video_output,
    )


def thresholds_of(prices: Iterable[Price]) -> tuple[int, ...]:
    """Return the prompt sizes above which any of these prices has other rates, ascending."""
    found = {tier.above for price in prices for tier in price.tiers}
    found |= {price.long_context_threshold for price in prices if price.long_context_threshold is not None}
    return tuple(sorted(found))


def has_tier(price: Price, over: int) -> bool:
    """Whether a price has rates of its own for prompts above `over` tokens."""
    return any(threshold <= over for threshold in thresholds_of([price]))


@functools.lru_cache(maxsize=4096)
def resolve_rates(price: Price, over: int) -> tuple[Resolved, ...]:
    """Return the rate of each billed kind for prompts above `over`, the highest threshold below them; 0 for none."""
    return tuple(_resolve(price, kind, over) for kind in BILLED)


def _resolve(price: Price, kind: str, over: int) -> Resolved:
    names = OWN[kind]
    for name in names:
        rate, stale = _rate_at(price, name, over)
        if rate is not None:
            return Resolved(rate, f"{kind} {STANDARD_CONTEXT}" if stale else "")
    if price.text_covers:
        for name in COVERED.get(kind, ()):
            rate, stale = _rate_at(price, name, over)
            if rate is not None:
                return Resolved(rate)
    for name in SUBSTITUTES.get(kind, ()):
        rate, _ = _rate_at(price, name, over)
        if rate is not None:
            return Resolved(rate, f"{kind} priced as {name}")
    return Resolved(None)


def _rate_at(price: Price, name: str, over: int) -> tuple[Decimal | None, bool]:
    """Return a rate for prompts above `over`, and whether it is the standard one since the long one is unknown."""
    standard: Decimal | None = getattr(price, name, None)
    if not over:
        return standard, False
    threshold = price.long_context_threshold
    if threshold is not None and threshold <= over:
        long: Decimal | None = getattr(price, LONG_RATES[name]) if name in LONG_RATES else None
        return (standard, standard is not None) if long is None else (long, False)
    for tier in reversed(price.tiers):
        if tier.above <= over:
            for listed, rate in tier.rates:
                if listed == name:
                    return rate, False
    return standard, False
