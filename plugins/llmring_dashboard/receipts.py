"""The receipt pages: the list, one receipt with its verification and its position in the log, and downloads."""

import asyncio
from collections.abc import Iterable

import falcon
import msgspec

from llmring_dashboard.downloads import PROOF, ZIP, hand_out
from llmring_dashboard.frame import Frame, Framed, Visit
from llmring_dashboard.log_places import logged
from llmring_dashboard.pages import Page
from llmring_dashboard.receipt_text import brief, lines, steps
from llmring_dashboard.sessions import PATH
from llmring_dashboard.statements import PAGE as STATEMENTS
from llmring_dashboard.views import MAX_FORM, View, view
from llmring_server.contracts.log_places import LogPlaces
from llmring_server.contracts.receipts import KeptReceipt, ReceiptBook, ReceiptBundles
from llmring_server.contracts.transparency import LogProofs
from llmring_server.errors import Problem
from llmring_server.lifecycle import Server
from llmring_server.routing import Route

RECEIPTS = f"{PATH}/receipts"
SHOWN = 50
LINES = 500


class Place(msgspec.Struct, frozen=True):
    """The cursor after which the list continues."""

    cursor: str | None = None


class Offers(msgspec.Struct, frozen=True):
    """Optional features, None or False if no enabled plugin provides them."""

    places: LogPlaces | None
    proofs: LogProofs | None
    bundles: ReceiptBundles | None
    statements: bool


class Receipts(Framed):
    """`/ui/receipts`."""

    def __init__(self, frame: Frame, book: ReceiptBook, offers: Offers) -> None:
        super().__init__(frame)
        self._book = book
        self._offers = offers

    @view(query=Place, errors=(422,))
    async def on_get(self, visit: Visit, query: Place) -> View:
        """List the receipts of the project, newest first."""
        page = await self._book.page(visit.project_id, SHOWN, query.cursor)
        briefs = [brief(receipt) for receipt in page.receipts]
        values = {"briefs": briefs, "next": page.next, "first": query.cursor is None}
        return View("receipts.html", values | {"statements": self._offers.statements})

    @view()
    async def on_get_one(self, visit: Visit, receipt_id: str) -> View:
        """Show one receipt, its verification and its position in the log."""
        receipt = await self._find(visit, receipt_id)
        proof = await self._book.prove(receipt.content)
        readable = proof.checks[0].fault is None
        said = await asyncio.to_thread(lines, receipt.content, LINES + 1) if readable else []
        places = self._offers.places
        values = {
            "receipt": receipt,
            "proof": proof,
            "steps": steps(proof),
            "lines": said[:LINES],
            "cut": len(said) > LINES,
            "logged": await logged(places.receipt_place(visit.project_id, receipt_id)) if places else None,
            "bundled": self._offers.bundles is not None,
            "raw": receipt.content.decode(errors="backslashreplace"),
        }
        return View("receipt.html", values)

    @view(media=falcon.MEDIA_JSON)
    async def on_get_signed(self, visit: Visit, receipt_id: str) -> None:
        """Download a signed receipt."""
        receipt = await self._find(visit, receipt_id)
        hand_out(visit, receipt.content, falcon.MEDIA_JSON, f"{receipt.receipt_id}.json")

    @view(media="text/plain", errors=(410,))
    async def on_get_proof(self, visit: Visit, receipt_id: str) -> None:
        """Download the proof that a receipt is in the log."""
        receipt, proofs = await self._find(visit, receipt_id), self._offers.proofs
        proof = await proofs.receipt_proof(visit.project_id, receipt.receipt_id) if proofs else None
        if proof is None:
            raise Problem(404, f"The log does not have a receipt {receipt_id!r} of this project yet.")
        hand_out(visit, proof, PROOF, f"{receipt.receipt_id}.proof")

    @view(media=ZIP, errors=(410,))
    async def on_get_bundle(self, visit: Visit, receipt_id: str) -> None:
        """Download a receipt with its verification bundle as a zip file."""
        bundles = self._offers.bundles
        content = await bundles.zipped(visit.project_id, receipt_id) if bundles else None
        if content is None:
            raise _missing(receipt_id)
        hand_out(visit, content, ZIP, f"{receipt_id}.zip")

    async def _find(self, visit: Visit, receipt_id: str) -> KeptReceipt:
        receipt = await self._book.get(visit.project_id, receipt_id)
        if receipt is None:
            raise _missing(receipt_id)
        return receipt


def _missing(receipt_id: str) -> Problem:
    return Problem(404, f"This project has no receipt {receipt_id!r}.")


def _routes(server: Server, frame: Frame) -> Iterable[Route]:
    offers = Offers(
        server.service(LogPlaces, default=None),
        server.service(LogProofs, default=None),
        server.service(ReceiptBundles, default=None),
        STATEMENTS.shown(server),
    )
    receipts, one = Receipts(frame, server.service(ReceiptBook), offers), f"{RECEIPTS}/{{receipt_id}}"
    templates = {RECEIPTS: None, one: "one", **{f"{one}/{part}": part for part in ("signed", "proof", "bundle")}}
    return [
        Route(path=path, resource=receipts, suffix=suffix, public=True, max_body=MAX_FORM)
        for path, suffix in templates.items()
    ]


PAGE = Page(name="receipts", title="Receipts", reads=ReceiptBook, routes=_routes)
