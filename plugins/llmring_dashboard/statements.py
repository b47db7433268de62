"""The statement pages: the list with totals, one statement with its verification, and downloads."""

from collections.abc import Iterable
from typing import Annotated

import falcon
import msgspec

from llmring_dashboard.downloads import PROOF, TABLE, hand_out
from llmring_dashboard.frame import Frame, Framed, Visit
from llmring_dashboard.log_places import logged
from llmring_dashboard.pages import Page
from llmring_dashboard.statement_text import month, steps
from llmring_dashboard.views import View, view
from llmring_server.contracts.log_places import LogPlaces
from llmring_server.contracts.statements import KeptStatement, StatementBook
from llmring_server.contracts.transparency import LogProofs
from llmring_server.contracts.usage_lines import UsageLines
from llmring_server.errors import Problem
from llmring_server.lifecycle import Server
from llmring_server.routing import Route

SHOWN = 24
CORRECTIONS = 50
MAX_NUMBER = 2**31 - 1


class Place(msgspec.Struct, frozen=True):
    """The number below which the list continues."""

    before: Annotated[int, msgspec.Meta(ge=1, le=MAX_NUMBER)] | None = None


class Statements(Framed):
    """`/ui/statements`."""

    def __init__(self, frame: Frame, book: StatementBook, places: LogPlaces | None, proofs: LogProofs | None) -> None:
        super().__init__(frame)
        self._book = book
        self._places = places
        self._proofs = proofs

    @view(query=Place, errors=(422,))
    async def on_get(self, visit: Visit, query: Place) -> View:
        """List the statements of the project with their totals, newest first."""
        found = await self._book.page(visit.project_id, SHOWN + 1, query.before)
        page = found[:SHOWN]
        values = {
            "statements": [(one, month(one)) for one in page],
            "next": page[-1].number if len(found) > SHOWN else None,
            "first": query.before is None,
        }
        return View("statements.html", values)

    @view()
    async def on_get_one(self, visit: Visit, number: str) -> View:
        """Show one statement: totals, verification, corrections and position in the log."""
        statement = await self._find(visit, number)
        proof = await self._book.prove(visit.project_id, statement)
        places = self._places
        values = {
            "statement": statement,
            "stated": statement.said,
            "month": month(statement),
            "proof": proof,
            "steps": steps(proof),
            "corrections": await self._book.corrections(visit.project_id, statement, CORRECTIONS),
            "logged": await logged(places.statement_place(visit.project_id, str(statement.number))) if places else None,
            "raw": statement.content.decode(errors="backslashreplace"),
        }
        return View("statement.html", values)

    @view(media=falcon.MEDIA_JSON)
    async def on_get_signed(self, visit: Visit, number: str) -> None:
        """Download a signed statement."""
        statement = await self._find(visit, number)
        hand_out(visit, statement.content, falcon.MEDIA_JSON, f"statement-{statement.number}.json")

    @view(media="text/csv")
    async def on_get_lines(self, visit: Visit, number: str) -> None:
        """Download the lines of a statement as CSV."""
        statement = await self._find(visit, number)
        if visit.reads_content:
            lines = await self._book.csv(visit.project_id, statement.number)
            if lines is None:
                raise _missing(number)
            visit.resp.stream = lines
        visit.resp.content_type = TABLE
        visit.resp.downloadable_as = f"statement-{statement.number}.csv"

    @view(media="text/plain")
    async def on_get_proof(self, visit: Visit, number: str) -> None:
        """Download the proof that a statement is in the log."""
        statement = await self._find(visit, number)
        asked = self._proofs.statement_proof(visit.project_id, str(statement.number)) if self._proofs else None
        proof = await asked if asked else None
        if proof is None:
            raise Problem(404, f"The log does not have statement {statement.number} of this project yet.")
        hand_out(visit, proof, PROOF, f"statement-{statement.number}.proof")

    async def _find(self, visit: Visit, number: str) -> KeptStatement:
        known = number.isascii() and number.isdecimal() and len(number) <= 10 and int(number) <= MAX_NUMBER
        statement = await self._book.get(visit.project_id, int(number)) if known else None
        if statement is None:
            raise _missing(number)
        return statement


def _missing(number: str) -> Problem:
    return Problem(404, f"This project has no statement {number[:40]!r}.")


def _routes(server: Server, frame: Frame) -> Iterable[Route]:
    places, proofs = server.service(LogPlaces, default=None), server.service(LogProofs, default=None)
    statements = Statements(frame, server.service(StatementBook), places, proofs)
    one = f"{PAGE.path}/{{number}}"
    suffixes = {
        PAGE.path: None,
        one: "one",
        f"{one}/signed": "signed",
        f"{one}/lines": "lines",
        f"{one}/proof": "proof",
    }
    return [Route(path=path, resource=statements, suffix=suffix, public=True) for path, suffix in suffixes.items()]


PAGE = Page(name="statements", title="Statements", reads=StatementBook, also=UsageLines, routes=_routes)
