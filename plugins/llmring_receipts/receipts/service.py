"""Receipts for other plugins: the contract `ReceiptBook`."""

from collections.abc import Sequence

from llmring_receipts.formats import canonical, signing
from llmring_receipts.formats.canonical import InvalidValue
from llmring_receipts.key_management.keyring import Keyring
from llmring_receipts.receipts import models
from llmring_receipts.receipts.corrections import ReceiptCorrections
from llmring_receipts.receipts.models import ReceiptRow
from llmring_receipts.receipts.store import ReceiptStore
from llmring_server.contracts.receipts import ReceiptCheck, ReceiptPage, ReceiptProof, SignedReceipt
from llmring_server.http.errors import Problem


class ReceiptService:
    """The receipts of any project; see `ReceiptBook`."""

    def __init__(self, keyring: Keyring, store: ReceiptStore, corrections: ReceiptCorrections) -> None:
        self._keyring = keyring
        self._store = store
        self._corrections = corrections

    async def page(self, project: str, limit: int, cursor: str | None = None) -> ReceiptPage:
        """Return some receipts, newest first."""
        try:
            after = models.parse_cursor(cursor) if cursor else None
        except ValueError as error:
            raise Problem.validation("query", "cursor", msg=str(error)) from error
        rows, following = await self._store.page(project, limit, after)
        return ReceiptPage(await self._to_contract(project, rows), following.encode() if following else None)

    async def get(self, project: str, receipt_id: str) -> SignedReceipt | None:
        """Return a receipt, or None."""
        row = await self._store.get(project, receipt_id) if models.is_receipt_id(receipt_id) else None
        return (await self._to_contract(project, [row]))[0] if row else None

    async def _to_contract(self, project: str, rows: Sequence[ReceiptRow]) -> list[SignedReceipt]:
        found = await self._corrections.of_receipts(project, rows)
        return [
            SignedReceipt(row.receipt_id, row.issued_at, row.content, correction)
            for row, correction in zip(rows, found, strict=True)
        ]

    async def prove(self, content: bytes) -> ReceiptProof:
        """Verify a stored receipt and return every step."""
        try:
            receipt = canonical.parse(content)
        except InvalidValue as error:
            return _unreadable_proof(error.sentence)
        if not isinstance(receipt, dict):
            return _unreadable_proof("The content is not a JSON object.")
        key_id = signing.key_id_of(receipt)
        key = await self._keyring.find(key_id)
        steps = signing.verify(receipt, key)
        return ReceiptProof(
            valid=steps[-1].fault is None,
            checks=[ReceiptCheck("content_readable", None), *(ReceiptCheck(step.about, step.fault) for step in steps)],
            key_id=key_id,
            key_status=key.status if key else None,
            key_created_at=key.created_at if key else None,
            key_retired_at=key.retired_at if key else None,
        )


def _unreadable_proof(fault: str) -> ReceiptProof:
    return ReceiptProof(valid=False, checks=[ReceiptCheck("content_readable", fault)], key_id=None)
