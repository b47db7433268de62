"""Token kinds: disjoint counts, so that each token is priced once."""

import msgspec


class RareCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counts that few calls have, all ≥ 0, stored as one JSON column; this defines them.

    Input kinds are disjoint from each other and from those of `Tokens`; audio, image and video output are part of its
    `output`, disjoint from `reasoning`. `units` are other things that providers bill, by name: `web_search`.
    """

    cache_write_30m: int = 0
    cache_write_12h: int = 0
    audio_input: int = 0
    audio_cache_read: int = 0
    image_input: int = 0
    image_cache_read: int = 0
    video_input: int = 0
    audio_output: int = 0
    image_output: int = 0
    video_output: int = 0
    units: dict[str, int] = {}

    @property
    def prompt(self) -> int:
        """All input tokens among these."""
        written = self.cache_write_30m + self.cache_write_12h
        cached = self.audio_cache_read + self.image_cache_read
        return written + cached + self.audio_input + self.image_input + self.video_input


NO_RARE_COUNTS = RareCounts()
RARE_WRITES = ("cache_write_30m", "cache_write_12h")
RARE_READS = ("audio_cache_read", "image_cache_read")
RARE_PROMPT_KINDS = (*RARE_WRITES, *RARE_READS, "audio_input", "image_input", "video_input")
RARE_KINDS = (*RARE_PROMPT_KINDS, "audio_output", "image_output", "video_output")


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
        """All input tokens: fresh, read from and written to a cache, audio, images and video."""
        written = self.cache_write_5m + self.cache_write_1h + self.cache_write
        return self.fresh + self.cache_read + written + self.rare.prompt


KINDS: tuple[str, ...] = tuple(name for name in Tokens.__struct_fields__ if name != "rare")
PROMPT_KINDS: tuple[str, ...] = KINDS[: KINDS.index("output")]


def tokens_of(row: object, rare: msgspec.Raw | None = None) -> Tokens:
    """Return the counts of a row that has an attribute per kind; `rare` are its rare counts, as stored."""
    kinds = {kind: int(getattr(row, kind)) for kind in KINDS}
    return Tokens(**kinds, rare=decode_rare(rare))


def decode_rare(stored: msgspec.Raw | None) -> RareCounts:
    """Return the rare counts that a row stores; a row without any stores null."""
    return NO_RARE_COUNTS if stored is None else _rare.decode(stored)


_rare = msgspec.json.Decoder(RareCounts)
