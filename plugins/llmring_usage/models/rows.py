"""A row as the repository sends it to PostgreSQL."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from llmring_usage.models.series import Series
from llmring_usage.pricing.tokens import RareCounts


class UsageRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry as stored: priced, its token kinds disjoint, its fields named as the columns.

    `input_tokens` and `cached_input_tokens` are as reported, `output_tokens` include the reasoning; the kinds below
    them are priced. `cost` is USD, None while unpriced; `computed_cost` is our cost if the client sent its own,
    `list_cost` our cost before a discount. `received_at` is omitted if it equals `occurred_at`.
    Two fields are no columns. `former_fingerprint` is the one that earlier versions stored under an idempotency key;
    `unconfirmed_key` is the id of the key, if that has to be checked before the row is stored.
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
    rare_counts: RareCounts | None = None
    cost: Decimal | None = None
    computed_cost: Decimal | None = None
    list_cost: Decimal | None = None
    latency_ms: float | None = None
    status: str = "success"
    service_tier: str | None = None
    processing: str | None = None
    speed: str | None = None
    operation_id: str | None = None
    attempt: int | None = None
    tags: dict[str, str] | None = None
    metadata: msgspec.Raw | None = None
    idempotency_key: str | None = None
    fingerprint: str | None = None
    former_fingerprint: str | None = None
    unconfirmed_key: str | None = None


def uuid_timestamp(uuid: UUID) -> datetime:
    """Return the time (UTC) at which a UUIDv7 was created, to the millisecond."""
    return datetime.fromtimestamp((uuid.int >> 80) / 1000, UTC)


def key_expiry(rows: Sequence[UsageRow], lifetime: timedelta) -> datetime:
    """Return the time (UTC) before which keys had expired when the first of the rows was received."""
    return min(row.received_at or row.occurred_at for row in rows) - lifetime
