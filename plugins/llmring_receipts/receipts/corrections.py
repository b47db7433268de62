"""The status of the calls of receipts: a receipt stays as signed, and its call may be voided or superseded."""

from collections.abc import Sequence
from typing import Any

import msgspec

from llmring_receipts.formats import canonical
from llmring_receipts.receipts.models import ReceiptCall, ReceiptRow, TakenBack
from llmring_receipts.receipts.store import ReceiptStore
from llmring_server.contracts.usage_lines import CorrectionKind, UsageCorrection, UsageCorrections

STATUS: dict[CorrectionKind, TakenBack] = {"void": "voided", "correct": "superseded"}


class _OfCall(msgspec.Struct, frozen=True):
    """The entry that a receipt names."""

    usage_log_id: str | None = None


_of_call = msgspec.json.Decoder(_OfCall)


class ReceiptCorrections:
    """Looks up the corrections of the calls of receipts; without `usage`, none are known."""

    def __init__(self, store: ReceiptStore) -> None:
        self._store = store
        self.usage: UsageCorrections | None = None

    async def find(self, project: str, log_id: str) -> UsageCorrection | None:
        """Return the correction of a project's call, or None."""
        return None if self.usage is None else (await self.usage.find(project, [log_id])).get(log_id)

    async def of_receipts(self, project: str, receipts: Sequence[ReceiptRow]) -> list[UsageCorrection | None]:
        """Return the correction of each receipt's call, or None."""
        log_ids = [_log_id_of(receipt.content) for receipt in receipts]
        named = [log_id for log_id in log_ids if log_id is not None]
        if self.usage is None or not named:
            return [None] * len(receipts)
        found = await self.usage.find(project, named)
        return [None if log_id is None else found.get(log_id) for log_id in log_ids]

    async def of_signed(self, receipt: dict[str, Any]) -> UsageCorrection | None:
        """Return the correction of the call of a receipt that is stored here, of any project, or None."""
        log_id, receipt_id = receipt.get("usage_log_id"), receipt.get("id")
        if self.usage is None or not isinstance(log_id, str) or not isinstance(receipt_id, str):
            return None
        for project, correction in (await self.usage.find_projects(log_id)).items():
            stored = await self._store.get(project, receipt_id)
            if stored is not None and stored.content == canonical.canonicalize(receipt):
                return correction
        return None


def describe_call(receipt: ReceiptRow, correction: UsageCorrection | None) -> ReceiptCall:
    """Return the status of the call of a receipt."""
    return ReceiptCall(
        receipt_id=receipt.receipt_id,
        usage_log_id=_log_id_of(receipt.content),
        call=STATUS[correction.kind] if correction else "counts",
        superseded_by=correction.replaced_by if correction else None,
        corrected_at=correction.corrected_at if correction else None,
        reason=correction.reason if correction else None,
    )


def _log_id_of(content: bytes) -> str | None:
    """Return the entry that a receipt names; None for one that names no entry of the log."""
    try:
        return _of_call.decode(content).usage_log_id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
