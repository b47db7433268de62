"""Statements for other features: the contract `StatementBook`, over the same store as the JSON calls."""

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
from llmring_server.tlog.blocks import BlockTree

MAX_LINES = 10_000
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
NO_LINE = (ValueError, ArithmeticError)


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
        kept = await self._store.get(project, number)
        return StoredStatement(kept.number, kept.content, _parse_summary(kept.content)) if kept else None

    async def prove(self, project: str, statement: StoredStatement) -> StatementProof:
        """Verify a kept statement, and spell out how."""
        signature = await self._receipts.prove(statement.content)
        kept = await self._store.get(project, statement.number)
        said = _parse_statement(statement.content)
        if kept is None or said is None:
            return StatementProof(signature, [])
        before = await self._store.get(project, kept.number - 1)
        checks = [StatementCheck("follows", _chain_fault(kept, said, before))]
        return StatementProof(signature, checks + await self._line_checks(kept, said))

    async def corrections(self, project: str, statement: StoredStatement, limit: int) -> list[Correction]:
        """Return the first corrections of a statement, those that can be read; none where its totals count none."""
        stated = statement.said is not None and any(total.corrections for total in statement.said.totals)
        kept = await self._store.get(project, statement.number) if stated else None
        found = await self._store.corrections(kept, limit) if kept else []
        return [correction for one in found if (correction := _to_correction(one)) is not None]

    async def csv_chunks(self, project: str, number: int) -> AsyncIterator[bytes] | None:
        """Return the lines of a statement as CSV, or None."""
        kept = await self._store.get(project, number)
        return csv_chunks(self._store, kept) if kept else None

    async def _line_checks(self, kept: StatementRecord, said: Statement) -> list[StatementCheck]:
        """Hold the kept lines against the root and the totals that were signed, where they are few enough."""
        if kept.line_count > MAX_LINES:
            return []
        tree, totals = BlockTree(), Totals()
        try:
            async for chunk in self._store.lines(kept):
                await asyncio.to_thread(_add_lines, chunk, tree, totals)
        except NO_LINE:
            return [StatementCheck("lines", f"line {kept.first_seq + tree.size} cannot be read any more")]
        led = (tree.size, keys.encode(tree.root())) == (said.lines.count, said.lines.root)
        added = totals.said() == msgspec.to_builtins(said.totals)
        return [
            StatementCheck("lines", None if led else "the lines that are kept do not lead to the root that was signed"),
            StatementCheck("totals", None if added else "the lines that are kept do not add up to the signed totals"),
        ]


def _parse_summary(content: bytes) -> StatementSummary | None:
    """Return what a statement's bytes say, its figures as numbers, or None where they cannot be read."""
    try:
        return msgspec.json.decode(content, type=StatementSummary, strict=False)
    except UNREADABLE:
        return None


def _parse_statement(content: bytes) -> Statement | None:
    try:
        return msgspec.json.decode(content, type=Statement)
    except UNREADABLE:
        return None


def _chain_fault(kept: StatementRecord, said: Statement, before: StatementRecord | None) -> str | None:
    """Say why a statement is not this project's next one, or None when it is."""
    if (said.project, said.number) != (kept.project_id, kept.number):
        return f"it says that it is statement {said.number} of project {said.project}"
    wrong = document.find_contradiction(said)
    if wrong or kept.number == 1:
        return wrong
    earlier = _parse_statement(before.content) if before else None
    if before is None or earlier is None:
        return f"statement {kept.number - 1} is missing, or cannot be read any more"
    if not document.follows(said, earlier, before.content):
        return f"it does not name statement {kept.number - 1} as that is kept: one of the two was changed"
    if said.lines.first not in (None, before.last_seq + 1):
        return f"its lines begin with number {said.lines.first}, those before end with {before.last_seq}"
    return None


def _add_lines(chunk: list[LineRecord], tree: BlockTree, totals: Totals) -> None:
    """Add lines to a tree and to sums.

    Raises:
        NO_LINE: one cannot be read; the tree has those before it.
    """
    for stated in chunk:
        totals.add(lines.parse(stated.content))
        tree.add(stated.hash)


def _to_correction(stated: LineRecord) -> Correction | None:
    """Return what a line of kind `correction` says, or None when it cannot be read any more."""
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
    except NO_LINE:
        return None
