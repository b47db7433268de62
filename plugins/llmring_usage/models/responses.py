"""The responses to logged calls."""

from datetime import datetime
from decimal import Decimal

import msgspec


class UsageLogResponse(msgspec.Struct, frozen=True):
    """The response to a logged call, after its commit; `cost` in USD, null while unpriced.

    `price_notes` are present for an estimated cost: what was substituted.
    `receipt` is present where receipts are issued: the signed receipt, or null for a call that has none.
    """

    log_id: str
    cost: Decimal | None
    cost_source: str | None
    cost_status: str
    timestamp: datetime
    receipt: msgspec.Raw | msgspec.UnsetType | None = msgspec.UNSET
    price_notes: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


class DeferredLogResponse(UsageLogResponse, frozen=True):
    """The response to a call that waits in the journal, synced to disk, until the database is up again."""
