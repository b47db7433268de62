"""Token kinds: the counts that clients send, made disjoint so that each token is priced once. Pure functions."""

import msgspec

from llmring_usage.models.entries import UsageEntry

# Providers whose input count excludes tokens read from a cache.
CACHE_COUNTED_SEPARATELY = frozenset({"anthropic"})


class RareCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counts that few calls have, all ≥ 0, stored as one JSON column; this defines them.

    Input kinds are disjoint from each other and from those of `Tokens`; `audio_output` and `image_output` are part of
    its `output`, disjoint from `reasoning`. `units` are other things that providers bill, by name: `web_search`.
    """

    cache_write_30m: int = 0
    cache_write_12h: int = 0
    audio_input: int = 0
    audio_cache_read: int = 0
    image_input: int = 0
    audio_output: int = 0
    image_output: int = 0
    units: dict[str, int] = {}

    @property
    def prompt(self) -> int:
        """All input tokens among these."""
        return self.cache_write_30m + self.cache_write_12h + self.audio_input + self.audio_cache_read + self.image_input


NO_RARE_COUNTS = RareCounts()


class Tokens(msgspec.Struct, frozen=True):
    """Disjoint token counts of one call, all ≥ 0; `reasoning` is part of `output`. This defines the kinds.

    `fresh` is text input that was not read from a cache; `cache_write` are cache writes of unspecified lifetime.
    """

    fresh: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    cache_write: int
    output: int
    reasoning: int
    rare: RareCounts = NO_RARE_COUNTS

    @property
    def prompt(self) -> int:
        """All input tokens: fresh, read from and written to a cache, audio and images."""
        written = self.cache_write_5m + self.cache_write_1h + self.cache_write
        return self.fresh + self.cache_read + written + self.rare.prompt


KINDS: tuple[str, ...] = tuple(name for name in Tokens.__struct_fields__ if name != "rare")
PROMPT_KINDS: tuple[str, ...] = KINDS[: KINDS.index("output")]


def tokens_of(row: object) -> Tokens:
    """Return the counts of a row that has an attribute per kind."""
    return msgspec.convert({kind: int(getattr(row, kind)) for kind in KINDS}, Tokens)


def count_tokens(entry: UsageEntry) -> Tokens:
    """Return the disjoint counts of an entry."""
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


def _includes_cached(entry: UsageEntry, given: int, read: int) -> bool:
    """Whether the input count includes cached reads: as the client declares, by default as its provider counts."""
    if entry.input_includes_cached is not None:
        return entry.input_includes_cached
    return not (entry.provider in CACHE_COUNTED_SEPARATELY and read > 0) and read <= given
