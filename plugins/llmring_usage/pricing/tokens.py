"""Token kinds: what clients send, made disjoint so that each token is priced once. Pure functions."""

import msgspec

from llmring_usage.models.entries import Entry

APART = frozenset({"anthropic"})


class Tokens(msgspec.Struct, frozen=True):
    """Disjoint counts of one call, all ≥ 0; `reasoning` is part of `output`.

    `fresh` is prompt that was not read from a cache; `cache_write` are writes of unspecified lifetime.
    """

    fresh: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    cache_write: int
    output: int
    reasoning: int

    @property
    def prompt(self) -> int:
        """Everything on the way in: fresh, read and written."""
        return self.fresh + self.cache_read + self.cache_write_5m + self.cache_write_1h + self.cache_write


def count(entry: Entry) -> Tokens:
    """Return the disjoint kinds of an entry."""
    read = (entry.cached_input_tokens or 0) if entry.cache_read_tokens is None else entry.cache_read_tokens
    given = entry.input_tokens or 0
    output = entry.output_tokens or 0
    return Tokens(
        fresh=max(given - read, 0) if _includes_cached(entry, given, read) else given,
        cache_read=read,
        cache_write_5m=entry.cache_write_5m_tokens or 0,
        cache_write_1h=entry.cache_write_1h_tokens or 0,
        cache_write=entry.cache_write_tokens or 0,
        output=output,
        reasoning=min(entry.reasoning_tokens or 0, output),
    )


def _includes_cached(entry: Entry, given: int, read: int) -> bool:
    """Whether the input count includes the cached reads: as the client says, else as its provider is known to count."""
    if entry.input_includes_cached is not None:
        return entry.input_includes_cached
    return not (entry.provider in APART and read > 0) and read <= given
