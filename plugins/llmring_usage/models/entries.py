"""An entry: one LLM call as a client sends it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from llmring_server.http.codec import null

MAX_COUNT = 2**63 - 1
MAX_COST = Decimal(10) ** 15
MAX_DECIMALS = 40
MAX_TAGS = 10
MAX_UNITS = 20
# The default of counts whose absence differs from null, which means 0; an encoder omits it.
ABSENT: Any = msgspec.UNSET

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Label = Annotated[str, msgspec.Meta(max_length=128)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
Tag = Annotated[str, msgspec.Meta(max_length=64)]
Tags = Annotated[dict[Tag, Tag], msgspec.Meta(max_length=MAX_TAGS)]
Unit = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
InputIncludes = Literal["none", "reads", "reads_and_writes"]


class PlainEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of most entries. A field that it does not have makes an entry a `UsageEntry`."""

    provider: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    model: Name
    input_tokens: Count | None = ABSENT
    output_tokens: Count | None = ABSENT
    cached_input_tokens: Count | None = ABSENT
    alias: Label | None = None
    profile: Label | None = None
    cost: Decimal | None = None
    latency_ms: Milliseconds | None = None
    origin: Label | None = None
    id_at_origin: Annotated[str, msgspec.Meta(max_length=255)] | None = None
    metadata: msgspec.Raw = msgspec.field(default_factory=null)
    timestamp: datetime | None = None
    idempotency_key: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | None = None
    reasoning_tokens: Count | None = None
    cache_read_tokens: Count | None = None
    cache_write_5m_tokens: Count | None = None
    cache_write_1h_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    input_includes_cached: bool | None = None
    service_tier: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    status: Literal["success", "error", "aborted"] | None = None
    operation_id: Annotated[str, msgspec.Meta(max_length=255)] | None = None
    attempt: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    tags: Tags | None = None

    @property
    def processing(self) -> str | None:
        """The kind of processing, such as `batch`; a field of `UsageEntry`, as the next."""
        return None

    @property
    def speed(self) -> str | None:
        """The speed, such as `fast`."""
        return None


class UsageEntry(PlainEntry, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """One LLM call as a client logs it.

    Counts are tokens; null means 0. Instead of counts, `usage` may be the usage object of the provider, in any of the
    documented shapes; its fields may also be fields of the entry. `cost` is USD and authoritative when sent.
    `timestamp` is the time of the call, for late entries. `id_at_origin` is the client's conversation, the same for
    every turn; it does not identify a call.
    """

    usage: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    input_includes: InputIncludes | None = None
    cache_write_30m_tokens: Count | None = None
    cache_write_12h_tokens: Count | None = None
    audio_input_tokens: Count | None = None
    cached_audio_tokens: Count | None = None
    image_input_tokens: Count | None = None
    cached_image_tokens: Count | None = None
    video_input_tokens: Count | None = None
    audio_output_tokens: Count | None = None
    image_output_tokens: Count | None = None
    video_output_tokens: Count | None = None
    units: Annotated[dict[Unit, Count], msgspec.Meta(max_length=MAX_UNITS)] | None = None
    processing: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    speed: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    currency: Annotated[str, msgspec.Meta(max_length=16)] | None = None


# The counts whose absence differs from null.
ABSENT_COUNTS = ("input_tokens", "output_tokens", "cached_input_tokens")
# All counts by our own names; where `usage` is given, none of them is.
COUNTS = (
    *ABSENT_COUNTS, "reasoning_tokens", "cache_read_tokens",
    "cache_write_5m_tokens", "cache_write_1h_tokens", "cache_write_tokens", "cache_write_30m_tokens",
    "cache_write_12h_tokens", "audio_input_tokens", "cached_audio_tokens", "image_input_tokens", "cached_image_tokens",
    "video_input_tokens", "audio_output_tokens", "image_output_tokens", "video_output_tokens",
)  # fmt: skip
