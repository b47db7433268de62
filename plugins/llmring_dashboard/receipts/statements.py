"""The statement pages: the list with totals, one statement with its verification, and downloads."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated

import falcon
import msgspec

from llmring_dashboard.receipts.checks import list_statement_checks
from llmring_dashboard.receipts.log_positions import load_log_status
from llmring_dashboard.rendering.downloads import PROOF, TABLE, send_file
from llmring_dashboard.rendering.layout import Layout
from llmring_dashboard.rendering.pages import FeaturePage
from llmring_server.contracts.statements import StatementBook, StoredStatement
from llmring_server.contracts.transparency import LogPositions, LogProofs
from llmring_server.contracts.usage_lines import UsageLines
from llmring_server.http.errors import Problem
from llmring_server.http.routing import Route
from llmring_server.plugins.pages.views import view
from llmring_server.plugins.pages.visit import PageResource, TemplateResponse, Visit
from llmring_server.server import Server

PAGE_SIZE = 24
MAX_CORRECTIONS = 50
MAX_NUMBER = 2**31 - 1


class StatementsPageQuery(msgspec.Struct, frozen=True):
    """The number below which the list continues."""

    before: Annotated[int, msgspec.Meta(ge=1, le=MAX_NUMBER)] | None = None


class Statements(PageResource):
    """`/ui/statements`."""

    def __init__(
        self, layout: Layout, book: StatementBook, places: LogPositions | None, proofs: LogProofs | None
    ) -> None:
        super().__init__(layout)
        self._book = book
        self._places = places
        self._proofs = proofs

    @view(query=StatementsPageQuery, errors=(422,))
    async def on_get(self, visit: Visit, query: StatementsPageQuery) -> TemplateResponse:
        """List the statements of the project with their totals, newest first."""
        found = await self._book.page(visit.project_id, PAGE_SIZE + 1, query.before)
        page = found[:PAGE_SIZE]
        values = {
            "statements": [(one, get_closed_month(one)) for one in page],
            "next": page[-1].number if len(found) > PAGE_SIZE else None,
            "first": query.before is None,
        }
        return TemplateResponse("receipts/statements.html", values)

    @view()
    async def on_get_one(self, visit: Visit, number: str) -> TemplateResponse:
        """Show one statement: totals, verification, corrections and position in the log."""
        statement = await self._find(visit, number)
        proof = await self._book.prove(visit.project_id, statement)
        places = self._places
        values = {
            "statement": statement,
            "stated": statement.summary,
            "month": get_closed_month(statement),
            "proof": proof,
            "checks": list_statement_checks(proof),
            "corrections": await self._book.corrections(visit.project_id, statement, MAX_CORRECTIONS),
            "log_status": await load_log_status(places.statement_position(visit.project_id, str(statement.number)))
            if places
            else None,
            "raw": statement.content.decode(errors="backslashreplace"),
        }
        return TemplateResponse("receipts/statement.html", values)

    @view(media=falcon.MEDIA_JSON)
    async def on_get_signed(self, visit: Visit, number: str) -> None:
        """Download a signed statement."""
        statement = await self._find(visit, number)
        send_file(visit, statement.content, falcon.MEDIA_JSON, f"statement-{statement.number}.json")

    @view(media="text/csv")
    async def on_get_lines(self, visit: Visit, number: str) -> None:
        """Download the lines of a statement as CSV."""
        statement = await self._find(visit, number)
        if visit.has_body:
            lines = await self._book.csv(visit.project_id, statement.number)
            if lines is None:
                raise _not_found(number)
            visit.resp.stream = lines
        visit.resp.content_type = TABLE
        visit.resp.downloadable_as = f"statement-{statement.number}.csv"

    @view(media="text/plain")
    async def on_get_proof(self, visit: Visit, number: str) -> None:
        """Download the proof that a statement is in the log."""
        statement = await self._find(visit, number)
        lookup = self._proofs.statement_proof(visit.project_id, str(statement.number)) if self._proofs else None
        proof = await lookup if lookup else None
        if proof is None:
            raise Problem(404, f"The log does not have statement {statement.number} of this project yet.")
        send_file(visit, proof, PROOF, f"statement-{statement.number}.proof")

    async def _find(self, visit: Visit, number: str) -> StoredStatement:
        known = number.isascii() and number.isdecimal() and len(number) <= 10 and int(number) <= MAX_NUMBER
        statement = await self._book.get(visit.project_id, int(number)) if known else None
        if statement is None:
            raise _not_found(number)
        return statement


def get_closed_month(statement: StoredStatement) -> str | None:
    """Return the month (UTC) that a statement closes, such as `2026-10`, or None for one created on demand."""
    end: datetime | None = statement.summary.end if statement.summary else None
    if end is None or end != end.replace(day=1, hour=0, minute=0, second=0, microsecond=0):
        return None
    return f"{end - timedelta(days=1):%Y-%m}"


def _not_found(number: str) -> Problem:
    return Problem(404, f"This project has no statement {number[:40]!r}.")


def _build_routes(server: Server, layout: Layout) -> Iterable[Route]:
    places, proofs = server.service(LogPositions, default=None), server.service(LogProofs, default=None)
    statements = Statements(layout, server.service(StatementBook), places, proofs)
    one = f"{PAGE.path}/{{number}}"
    suffixes = {
        PAGE.path: None,
        one: "one",
        f"{one}/signed": "signed",
        f"{one}/lines": "lines",
        f"{one}/proof": "proof",
    }
    return [Route(path=path, resource=statements, suffix=suffix, public=True) for path, suffix in suffixes.items()]


PAGE = FeaturePage(
    name="statements", title="Statements", contract=StatementBook, also_requires=UsageLines, build_routes=_build_routes
)
