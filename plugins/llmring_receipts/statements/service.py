"""Statements for other plugins: the contract `StatementBook`."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal

import msgspec

from llmring_receipts.formats import keys
from llmring_receipts.statements.export import csv_chunks
from llmring_receipts.statements.formats import document, lines
from llmring_receipts.statements.formats.document import Statement
from llmring_receipts.statements.formats.totals import Totals
from llmring_receipts.statements.store import LineRecord, StatementRecord, StatementStore
from llmring_server.contracts.receipts import ReceiptBook
from llmring_server.contracts.statements import (
    Correction,
    StatementCheck,
    StatementProof,
    StatementSummary,
    StoredStatement,
)
from llmring_server.tlog.growing_trees import BlockTree

MAX_LINES = 10_000
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
LINE_ERRORS = (ValueError, ArithmeticError)


class StatementService:
    """The statements of any project; see `StatementBook`."""

    def __init__(self, store: StatementStore, receipts: ReceiptBook) -> None:
        self._store = store
        self._receipts = receipts

    async def page(self, project: str, limit: int, before: int | None = None) -> list[StoredStatement]:
        """Return some statements, newest first."""
        found = await self._store.page(project, limit, before)
        return [StoredStatement(listed.number, listed.content, _parse_summary(listed.content)) for listed in found]

    async def get(self, project: str, number: int) -> StoredStatement | None:
        """Return a statement, or None."""
        record = await self._store.get(project, number)
        return StoredStatement(record.number, record.content, _parse_summary(record.content)) if record else None

    async def prove(self, project: str, statement: StoredStatement) -> StatementProof:
        """Verify a stored statement and return every check."""
        signature = await self._receipts.prove(statement.content)
        record = await self._store.get(project, statement.number)
        signed = _parse_statement(statement.content)
        if record is None or signed is None:
            return StatementProof(signature, [])
        before = await self._store.get(project, record.number - 1)
        checks = [StatementCheck("follows", _chain_fault(record, signed, before))]
        return StatementProof(signature, checks + await self._line_checks(record, signed))

    async def corrections(self, project: str, statement: StoredStatement, limit: int) -> list[Correction]:
        """Return the first corrections of a statement that can be parsed; none if its totals have none."""
        stated = statement.summary is not None and any(total.corrections for total in statement.summary.totals)
        record = await self._store.get(project, statement.number) if stated else None
        found = await self._store.corrections(record, limit) if record else []
        return [correction for one in found if (correction := _to_correction(one)) is not None]

    async def csv(self, project: str, number: int) -> AsyncIterator[bytes] | None:
        """Return the lines of a statement as CSV, or None."""
        record = await self._store.get(project, number)
        return csv_chunks(self._store, record) if record else None

    async def _line_checks(self, record: StatementRecord, signed: Statement) -> list[StatementCheck]:
        """Compare the stored lines with the signed root and totals, unless there are too many."""
        if record.line_count > MAX_LINES:
            return []
        tree, totals = BlockTree(), Totals()
        try:
            async for chunk in self._store.lines(record):
                await asyncio.to_thread(_add_lines, chunk, tree, totals)
        except LINE_ERRORS:
            return [StatementCheck("lines", f"Line {record.first_seq + tree.size} cannot be parsed.")]
        root_matches = (tree.size, keys.encode(tree.root())) == (signed.lines.count, signed.lines.root)
        totals_match = totals.to_fields(signed.version) == msgspec.to_builtins(signed.totals)
        return [
            StatementCheck("lines", None if root_matches else "The stored lines do not match the signed root."),
            StatementCheck("totals", None if totals_match else "The stored lines do not add up to the signed totals."),
        ]


def _parse_summary(content: bytes) -> StatementSummary | None:
    """Return a summary of a statement's bytes, or None if they cannot be parsed."""
    try:
        return msgspec.json.decode(content, type=StatementSummary, strict=False)
    except UNREADABLE:
        return None


def _parse_statement(content: bytes) -> Statement | None:
    try:
        return msgspec.json.decode(content, type=Statement)
    except UNREADABLE:
        return None


def _chain_fault(record: StatementRecord, signed: Statement, before: StatementRecord | None) -> str | None:
    """Return why a statement is not this project's next one, or None if it is."""
    if (signed.project, signed.number) != (record.project_id, record.number):
        return f"It states that it is statement {signed.number} of project {signed.project}."
    fault = document.find_contradiction(signed)
    if fault or record.number == 1:
        return fault
    earlier = _parse_statement(before.content) if before else None
    if before is None or earlier is None:
        return f"Statement {record.number - 1} is missing, or cannot be parsed."
    if not document.follows(signed, earlier, before.content):
        return f"Its digest of statement {record.number - 1} does not match the stored one: one of the two was changed."
    if signed.lines.first not in (None, before.last_seq + 1):
        return f"Its lines begin with number {signed.lines.first}, those before end with {before.last_seq}."
    return None


def _add_lines(chunk: list[LineRecord], tree: BlockTree, totals: Totals) -> None:
    """Add lines to a tree and to totals.

    Raises:
        LINE_ERRORS: a line cannot be parsed; the tree has those before it.
    """
    for stated in chunk:
        totals.add(lines.parse(stated.content))
        tree.add(stated.hash)


def _to_correction(stated: LineRecord) -> Correction | None:
    """Return the correction in a line, or None if it cannot be parsed."""
    try:
        line = lines.parse(stated.content)
        return Correction(
            seq=stated.seq,
            corrects=int(line.corrects),
            call_id=line.id,
            occurred_at=datetime.fromisoformat(line.occurred_at),
            model=f"{line.provider}:{line.model}",
            cost=Decimal(line.cost) if line.cost else None,
            change=Decimal(line.amount),
            currency=line.currency,
        )
    except LINE_ERRORS:
        return None
