"""A row as the writer sends it to PostgreSQL."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from llmring_usage.models.series import Series


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
