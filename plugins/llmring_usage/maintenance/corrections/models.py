"""The requests of corrections, and a row as a correction reads it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from llmring_server.contracts.usage_lines import UsageCorrection
from llmring_usage.pricing.tokens import Tokens, tokens_of

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class VoidRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Take an entry back; `reason` is stored with it."""

    reason: Reason


class CorrectionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Replace an entry by a corrected one: `fields` are those of `/log` that change, null clears one."""

    fields: msgspec.Raw
    reason: Reason


class StoredEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `usage_logs`: what a corrected entry takes over from it."""

    id: UUID
    occurred_at: datetime
    provider: str
    model: str
    alias: str | None
    profile: str
    origin: str | None
    key_id: str | None
    id_at_origin: str | None
    input_tokens: int
    cached_input_tokens: int
    fresh: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    cache_write: int
    output: int
    reasoning: int
    rare_counts: msgspec.Raw | None
    cost: Decimal | None
    cost_source: str | None
    cost_status: str
    latency_ms: float | None
    status: str
    service_tier: str | None
    processing: str | None
    speed: str | None
    operation_id: str | None
    attempt: int | None
    tags: msgspec.Raw | None
    metadata: msgspec.Raw | None
    corrected_at: datetime | None

    @property
    def tokens(self) -> Tokens:
        """The counts."""
        return tokens_of(self, self.rare_counts)


class CorrectionRecord(UsageCorrection, frozen=True, kw_only=True):
    """A correction as it is stored, with the project and the time of its entry."""

    project_id: str
    occurred_at: datetime


class TakenBack(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that counts no longer, and its cost (USD, None while unpriced)."""

    id: UUID
    occurred_at: datetime
    provider: str
    model: str
    cost: Decimal | None
