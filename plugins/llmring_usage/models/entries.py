"""An entry: one LLM call as a client sends it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from llmring_server.http.codec import null

MAX_COUNT = 2**63 - 1
MAX_COST = Decimal(10) ** 15
MAX_DECIMALS = 40
MAX_TAGS = 10

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Label = Annotated[str, msgspec.Meta(max_length=128)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
Tag = Annotated[str, msgspec.Meta(max_length=64)]


class UsageEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One LLM call as a client logs it.

    Counts are tokens; null means 0. `cost` is USD and authoritative when sent. `timestamp` is the time of the call, for
    late entries. `id_at_origin` is the client's conversation, the same for every turn; it does not identify a call.
    """

    provider: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    model: Name
    input_tokens: Count | None = 0
    output_tokens: Count | None = 0
    cached_input_tokens: Count | None = 0
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
    tags: Annotated[dict[Tag, Tag], msgspec.Meta(max_length=MAX_TAGS)] | None = None
