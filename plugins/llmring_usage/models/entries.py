"""The structs of usage: what clients send, what a row is, and what they get back."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from llmring_server.http.codec import null
from llmring_usage.models.series import Series

MAX_COUNT = 2**63 - 1
MAX_COST = Decimal(10) ** 15
MAX_DECIMALS = 40
MAX_TAGS = 10

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Label = Annotated[str, msgspec.Meta(max_length=128)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
Tag = Annotated[str, msgspec.Meta(max_length=64)]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One LLM call as a client logs it.

    Counts are tokens; null means 0. `cost` is USD and authoritative when sent. `timestamp` is when the call happened,
    for late entries. `id_at_origin` is the client's conversation, the same for every turn; it is no identity.
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


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry as the writer hands it to PostgreSQL: priced, its token kinds disjoint, its names those of columns.

    `input_tokens`, `output_tokens` and `cached_input_tokens` are as the client sent them; the kinds below are what is
    priced. `cost` is USD, None while unpriced; `computed_cost` is what the registry says beside a client's own cost.
    `received_at` is left out where it is `occurred_at`.
    """

    series: Series
    id: str
    occurred_at: datetime
    received_at: datetime | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    id_at_origin: str | None = None
    fresh_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost: Decimal | None = None
    computed_cost: Decimal | None = None
    latency_ms: float | None = None
    status: str = "success"
    service_tier: str | None = None
    operation_id: str | None = None
    attempt: int | None = None
    tags: dict[str, str] | None = None
    metadata: msgspec.Raw | None = None
    idempotency_key: str | None = None
    fingerprint: str | None = None


def made_at(made: UUID) -> datetime:
    """Return when a UUIDv7 was made (UTC), to the millisecond."""
    return datetime.fromtimestamp((made.int >> 80) / 1000, UTC)


class Logged(msgspec.Struct, frozen=True):
    """The answer to a logged call, after its commit; `cost` in USD, null while unpriced.

    `receipt` is there where calls get receipts: the signed one, or null for a call that has none.
    """

    log_id: str
    cost: Decimal | None
    cost_source: str | None
    cost_status: str
    timestamp: datetime
    receipt: msgspec.Raw | msgspec.UnsetType | None = msgspec.UNSET


class Deferred(Logged, frozen=True):
    """The answer to a call that waits in the journal, safe on the disk, until the database is back."""
