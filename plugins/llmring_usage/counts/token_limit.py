"""The limit of tokens of one kind per call: more are a mistake, which would dwarf every other call."""

import msgspec

from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_usage.models.entries import ABSENT, PlainEntry
from llmring_usage.pricing.tokens import NO_RARE_COUNTS, RareCounts, Tokens

# The field of each kind, where an entry has no usage object.
FIELDS = {
    "fresh": "input_tokens",
    "audio_cache_read": "cached_audio_tokens",
    "image_cache_read": "cached_image_tokens",
}
RARE_KINDS = tuple(name for name in RareCounts.__struct_fields__ if name != "units")


def has_more(tokens: Tokens, limit: int) -> bool:
    """Whether a kind of token, or a unit, is more than `limit`. Reasoning is part of the output."""
    return (
        tokens.fresh > limit
        or tokens.output > limit
        or tokens.cache_read > limit
        or tokens.cache_write > limit
        or tokens.cache_write_5m > limit
        or tokens.cache_write_1h > limit
        or (tokens.rare is not NO_RARE_COUNTS and max(_rare_counts(tokens.rare).values(), default=0) > limit)
    )


def too_many(entry: PlainEntry, tokens: Tokens, limit: int) -> Problem:
    """Return the 422 for an entry with more tokens of a kind than `limit`."""
    kinds = {kind: getattr(tokens, kind) for kind in Tokens.__struct_fields__ if kind != "rare"}
    kind, count = next((kind, count) for kind, count in {**kinds, **_rare_counts(tokens.rare)}.items() if count > limit)
    msg = f"{count:,} are more than {limit:,} in one call. If that is right, raise LLMRING_USAGE_MAX_TOKENS."
    return Problem.validation("body", *_place_of(entry, kind), msg=msg)


def _place_of(entry: PlainEntry, kind: str) -> tuple[str, ...]:
    if getattr(entry, "usage", msgspec.UNSET) not in (msgspec.UNSET, codec.NULL):
        return ("usage",)
    if kind in (getattr(entry, "units", None) or {}):
        return ("units", kind)
    if kind == "cache_read" and entry.cached_input_tokens is not ABSENT and entry.cache_read_tokens is None:
        return ("cached_input_tokens",)
    return (FIELDS.get(kind, f"{kind}_tokens"),)


def _rare_counts(rare: RareCounts) -> dict[str, int]:
    return {**{kind: getattr(rare, kind) for kind in RARE_KINDS}, **rare.units}
