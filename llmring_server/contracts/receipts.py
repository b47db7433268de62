"""The contract of receipts: a project's list, one receipt as signed, and its verification."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

import msgspec

from llmring_server.contracts.usage_lines import UsageCorrection


class SignedReceipt(msgspec.Struct, frozen=True):
    """A stored receipt; `content` is JSON byte for byte as signed, `issued_at` (UTC) the time that it states.

    `correction` is that of its call, None for one that counts; the signature stays valid.
    """

    receipt_id: str
    issued_at: datetime
    content: bytes
    correction: UsageCorrection | None = None


class ReceiptPage(msgspec.Struct, frozen=True):
    """A page of receipts, newest first; `next` is the cursor of the next page, None on the last."""

    receipts: Sequence[SignedReceipt]
    next: str | None


Step = Literal[
    "content_readable", "key_known", "signature_present", "signature_spelling", "signature_match", "key_trusted"
]


class ReceiptCheck(msgspec.Struct, frozen=True):
    """One step of a verification, and why it failed, as a sentence; None when it passed."""

    about: Step
    fault: str | None


class ReceiptProof(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a verification: the steps up to the first that failed, and the key that the receipt names.

    The key's times are UTC; its status and times are None when the key is unknown.
    """

    valid: bool
    checks: Sequence[ReceiptCheck]
    key_id: str | None
    key_status: Literal["active", "retired", "compromised"] | None = None
    key_created_at: datetime | None = None
    key_retired_at: datetime | None = None


@runtime_checkable
class ReceiptBook(Protocol):
    """A project's receipts, as the HTTP API returns them."""

    async def page(self, project: str, limit: int, cursor: str | None = None) -> ReceiptPage:
        """Return up to `limit` receipts after the cursor, newest first.

        Raises:
            Problem: 422 for an invalid cursor.
        """
        ...

    async def get(self, project: str, receipt_id: str) -> SignedReceipt | None:
        """Return a receipt, or None when this project has none of that id."""
        ...

    async def prove(self, content: bytes) -> ReceiptProof:
        """Verify a stored receipt's signature against the keys of this deployment, as `/verify` does."""
        ...


@runtime_checkable
class ReceiptBundles(Protocol):
    """Receipts with everything needed to verify them without this server."""

    async def build_zip(self, project: str, receipt_id: str) -> bytes | None:
        """Return a zip file with a receipt, its proof, the keys and instructions, or None without that receipt.

        Raises:
            Problem: 410, its position in the log cannot be proved any more; 503, not now.
        """
        ...
