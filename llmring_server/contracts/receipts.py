"""What a feature may ask of receipts: a project's list, one as it was signed, and what its signature proves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

import msgspec


class KeptReceipt(msgspec.Struct, frozen=True):
    """A receipt as it is kept; `content` is JSON byte for byte as signed, `issued_at` (UTC) the time that it states."""

    receipt_id: str
    issued_at: datetime
    content: bytes


class ReceiptPage(msgspec.Struct, frozen=True):
    """Some receipts, newest first; `next` is the cursor of the page that follows, None on the last."""

    receipts: Sequence[KeptReceipt]
    next: str | None


Step = Literal[
    "content_readable", "key_known", "signature_present", "signature_spelling", "signature_match", "key_trusted"
]


class ReceiptCheck(msgspec.Struct, frozen=True):
    """One step of a verification: what was asked, and in plain words why it failed; None when it held."""

    about: Step
    fault: str | None


class ReceiptProof(msgspec.Struct, frozen=True, kw_only=True):
    """A verification spelled out: the steps up to the first that failed, and the key that the receipt names.

    The key's times are UTC; all about the key is None when it is not known here.
    """

    valid: bool
    checks: Sequence[ReceiptCheck]
    key_id: str | None
    key_status: Literal["active", "retired", "compromised"] | None = None
    key_created_at: datetime | None = None
    key_retired_at: datetime | None = None


@runtime_checkable
class ReceiptBook(Protocol):
    """A project's receipts, read as the JSON calls do."""

    async def page(self, project: str, limit: int, cursor: str | None = None) -> ReceiptPage:
        """Return up to `limit` receipts, newest first, those after the cursor.

        Raises:
            Problem: 422 for a cursor that is none of this list.
        """
        ...

    async def get(self, project: str, receipt_id: str) -> KeptReceipt | None:
        """Return a receipt, or None when this project has none of that id."""
        ...

    async def prove(self, content: bytes) -> ReceiptProof:
        """Check a kept receipt's signature against the keys of this deployment, as `/verify` does."""
        ...


@runtime_checkable
class ReceiptBundles(Protocol):
    """Receipts with all that checks them, for somebody without this server."""

    async def zipped(self, project: str, receipt_id: str) -> bytes | None:
        """Return a zip file with a receipt, its proof, the keys and how to check them, or None without that receipt.

        Raises:
            Problem: 410, its place in the log cannot be shown any more; 503, not now.
        """
        ...
