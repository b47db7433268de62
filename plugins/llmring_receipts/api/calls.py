"""`/receipts/calls` and `/receipts/{receipt_id}/call`: whether the calls of receipts count."""

import falcon.asgi

from llmring_receipts.api.request_parsing import read_page
from llmring_receipts.receipts import models
from llmring_receipts.receipts.corrections import ReceiptCorrections, describe_call
from llmring_receipts.receipts.models import ReceiptCall, ReceiptsQuery
from llmring_receipts.receipts.store import ReceiptStore
from llmring_server.http.errors import Problem
from llmring_server.http.operations import operation


class ReceiptCallsResource:
    """The calls of receipts, which may be taken back after a receipt was signed."""

    def __init__(self, store: ReceiptStore, corrections: ReceiptCorrections) -> None:
        self._store = store
        self._corrections = corrections

    @operation(query=ReceiptsQuery, answer=list[ReceiptCall])
    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: ReceiptsQuery
    ) -> list[ReceiptCall]:
        """List the status of the calls of receipts, in the pages of the list of receipts."""
        project = req.context.project_id
        rows = await read_page(self._store, req, resp, query)
        found = await self._corrections.of_receipts(project, rows)
        return [describe_call(row, correction) for row, correction in zip(rows, found, strict=True)]

    @operation(answer=ReceiptCall, errors=(404,))
    async def on_get_one(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, receipt_id: str) -> ReceiptCall:
        """The status of the call of a receipt: whether it counts, or was voided or superseded."""
        project = req.context.project_id
        row = await self._store.get(project, receipt_id) if models.is_receipt_id(receipt_id) else None
        if row is None:
            raise Problem(404, f"This project has no receipt {receipt_id!r}.")
        (correction,) = await self._corrections.of_receipts(project, [row])
        return describe_call(row, correction)
