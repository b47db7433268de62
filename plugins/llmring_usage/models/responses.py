"""The responses to logged calls."""

from datetime import datetime
from decimal import Decimal

import msgspec


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
