"""The receipt pages: the list, one receipt with its verification and its position in the log, and downloads."""

import asyncio
from collections.abc import Iterable

import falcon
import msgspec

from llmring_dashboard.receipts.checks import list_receipt_checks
from llmring_dashboard.receipts.log_positions import load_log_status
from llmring_dashboard.receipts.receipt_fields import flatten_fields, summarize_receipt
from llmring_dashboard.receipts.statements import PAGE as STATEMENTS
from llmring_dashboard.rendering.downloads import PROOF, ZIP, send_file
from llmring_dashboard.rendering.layout import Layout
from llmring_dashboard.rendering.pages import FeaturePage
from llmring_server.contracts.receipts import ReceiptBook, ReceiptBundles, SignedReceipt
from llmring_server.contracts.transparency import LogPositions, LogProofs
from llmring_server.http.errors import Problem
from llmring_server.http.routing import Route
from llmring_server.plugins.pages.views import MAX_FORM_BYTES, view
from llmring_server.plugins.pages.visit import PATH, PageResource, TemplateResponse, Visit
from llmring_server.server import Server

RECEIPTS = f"{PATH}/receipts"
PAGE_SIZE = 50
MAX_FIELDS = 500


class ReceiptsPageQuery(msgspec.Struct, frozen=True):
    """The cursor after which the list continues."""

    cursor: str | None = None


class ReceiptFeatures(msgspec.Struct, frozen=True):
    """Optional features, None or False if no enabled plugin provides them."""

    places: LogPositions | None
    proofs: LogProofs | None
    bundles: ReceiptBundles | None
    statements: bool


class Receipts(PageResource):
    """`/ui/receipts`."""

    def __init__(self, layout: Layout, book: ReceiptBook, features: ReceiptFeatures) -> None:
        super().__init__(layout)
        self._book = book
        self._features = features

    @view(query=ReceiptsPageQuery, errors=(422,))
    async def on_get(self, visit: Visit, query: ReceiptsPageQuery) -> TemplateResponse:
        """List the receipts of the project, newest first."""
        page = await self._book.page(visit.project_id, PAGE_SIZE, query.cursor)
        summaries = [summarize_receipt(receipt) for receipt in page.receipts]
        values = {"summaries": summaries, "next": page.next, "first": query.cursor is None}
        return TemplateResponse("receipts/receipts.html", values | {"statements": self._features.statements})

    @view()
    async def on_get_one(self, visit: Visit, receipt_id: str) -> TemplateResponse:
        """Show one receipt, its verification and its position in the log."""
        receipt = await self._find(visit, receipt_id)
        proof = await self._book.prove(receipt.content)
        readable = proof.checks[0].fault is None
        fields = await asyncio.to_thread(flatten_fields, receipt.content, MAX_FIELDS + 1) if readable else []
        places = self._features.places
        values = {
            "receipt": receipt,
            "summary": summarize_receipt(receipt),
            "proof": proof,
            "checks": list_receipt_checks(proof),
            "fields": fields[:MAX_FIELDS],
            "truncated": len(fields) > MAX_FIELDS,
            "log_status": await load_log_status(places.receipt_position(visit.project_id, receipt_id))
            if places
            else None,
            "bundled": self._features.bundles is not None,
            "raw": receipt.content.decode(errors="backslashreplace"),
        }
        return TemplateResponse("receipts/receipt.html", values)

    @view(media=falcon.MEDIA_JSON)
    async def on_get_signed(self, visit: Visit, receipt_id: str) -> None:
        """Download a signed receipt."""
        receipt = await self._find(visit, receipt_id)
        send_file(visit, receipt.content, falcon.MEDIA_JSON, f"{receipt.receipt_id}.json")

    @view(media="text/plain", errors=(410,))
    async def on_get_proof(self, visit: Visit, receipt_id: str) -> None:
        """Download the proof that a receipt is in the log."""
        receipt, proofs = await self._find(visit, receipt_id), self._features.proofs
        proof = await proofs.receipt_proof(visit.project_id, receipt.receipt_id) if proofs else None
        if proof is None:
            raise Problem(404, f"The log does not have a receipt {receipt_id!r} of this project yet.")
        send_file(visit, proof, PROOF, f"{receipt.receipt_id}.proof")

    @view(media=ZIP, errors=(410,))
    async def on_get_bundle(self, visit: Visit, receipt_id: str) -> None:
        """Download a receipt with its verification bundle as a zip file."""
        bundles = self._features.bundles
        content = await bundles.build_zip(visit.project_id, receipt_id) if bundles else None
        if content is None:
            raise _not_found(receipt_id)
        send_file(visit, content, ZIP, f"{receipt_id}.zip")

    async def _find(self, visit: Visit, receipt_id: str) -> SignedReceipt:
        receipt = await self._book.get(visit.project_id, receipt_id)
        if receipt is None:
            raise _not_found(receipt_id)
        return receipt


def _not_found(receipt_id: str) -> Problem:
    return Problem(404, f"This project has no receipt {receipt_id!r}.")


def _build_routes(server: Server, layout: Layout) -> Iterable[Route]:
    features = ReceiptFeatures(
        server.service(LogPositions, default=None),
        server.service(LogProofs, default=None),
        server.service(ReceiptBundles, default=None),
        STATEMENTS.is_available(server),
    )
    receipts, one = Receipts(layout, server.service(ReceiptBook), features), f"{RECEIPTS}/{{receipt_id}}"
    suffixes = {RECEIPTS: None, one: "one", **{f"{one}/{part}": part for part in ("signed", "proof", "bundle")}}
    return [
        Route(path=path, resource=receipts, suffix=suffix, public=True, max_body=MAX_FORM_BYTES)
        for path, suffix in suffixes.items()
    ]


PAGE = FeaturePage(name="receipts", title="Receipts", contract=ReceiptBook, build_routes=_build_routes)
