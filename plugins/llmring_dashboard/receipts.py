"""The pages of receipts: the list, one with its verification spelled out, and its signed bytes as they are."""

from collections.abc import Iterable

import falcon
import msgspec

from llmring_dashboard.frame import Frame, Framed, Visit
from llmring_dashboard.pages import Page
from llmring_dashboard.receipt_text import brief, lines, steps
from llmring_dashboard.sessions import PATH
from llmring_dashboard.views import MAX_FORM, View, view
from llmring_server.contracts.receipts import KeptReceipt, ReceiptBook
from llmring_server.errors import Problem
from llmring_server.lifecycle import Server
from llmring_server.routing import Route

RECEIPTS = f"{PATH}/receipts"
SHOWN = 50


class Place(msgspec.Struct, frozen=True):
    """Where in the list: behind the receipt that a cursor names."""

    cursor: str | None = None


class Receipts(Framed):
    """`/ui/receipts`."""

    def __init__(self, frame: Frame, book: ReceiptBook) -> None:
        super().__init__(frame)
        self._book = book

    @view(query=Place, errors=(422,))
    async def on_get(self, visit: Visit, query: Place) -> View:
        """The receipts of the project, newest first."""
        page = await self._book.page(visit.project_id, SHOWN, query.cursor)
        briefs = [brief(receipt) for receipt in page.receipts]
        return View("receipts.html", {"briefs": briefs, "next": page.next, "first": query.cursor is None})

    @view()
    async def on_get_one(self, visit: Visit, receipt_id: str) -> View:
        """One receipt, and what its signature proves."""
        receipt = await self._find(visit, receipt_id)
        proof = await self._book.prove(receipt.content)
        readable = proof.checks[0].fault is None
        values = {
            "receipt": receipt,
            "proof": proof,
            "steps": steps(proof),
            "lines": lines(receipt.content) if readable else [],
            "raw": receipt.content.decode(errors="backslashreplace"),
        }
        return View("receipt.html", values)

    @view(media=falcon.MEDIA_JSON)
    async def on_get_signed(self, visit: Visit, receipt_id: str) -> None:
        """The signed bytes of one receipt, as a file."""
        receipt = await self._find(visit, receipt_id)
        visit.resp.content_type = falcon.MEDIA_JSON
        visit.resp.downloadable_as = f"{receipt.receipt_id}.json"
        visit.resp.data = receipt.content

    async def _find(self, visit: Visit, receipt_id: str) -> KeptReceipt:
        receipt = await self._book.get(visit.project_id, receipt_id)
        if receipt is None:
            raise Problem(404, f"this project has no receipt {receipt_id!r}")
        return receipt


def _routes(server: Server, frame: Frame) -> Iterable[Route]:
    receipts = Receipts(frame, server.service(ReceiptBook))
    templates = {RECEIPTS: None, f"{RECEIPTS}/{{receipt_id}}": "one", f"{RECEIPTS}/{{receipt_id}}/signed": "signed"}
    return [
        Route(path=path, resource=receipts, suffix=suffix, public=True, max_body=MAX_FORM)
        for path, suffix in templates.items()
    ]


PAGE = Page(name="receipts", title="Receipts", reads=ReceiptBook, routes=_routes)
