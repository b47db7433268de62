"""Positions of receipts and statements in the log, for other plugins."""

from collections.abc import Sequence
from datetime import UTC, datetime

from llmring_server.contracts.transparency import Cosigner, LogPosition, NoPosition
from llmring_server.tlog import checkpoints
from llmring_server.tlog.leaves import EntryKind
from llmring_server.tlog.notes import Note, Verifier
from llmring_transparency.publishing.proofs import PublishedLog
from llmring_transparency.storage.store import LogStore


class PositionService:
    """Implements `LogPositions`; `witnesses` are the configured ones, lines of others are ignored."""

    def __init__(self, store: LogStore, published: PublishedLog, witnesses: Sequence[Verifier]) -> None:
        self._store = store
        self._published = published
        self._witnesses = witnesses

    async def receipt_position(self, project: str, receipt_id: str) -> LogPosition | NoPosition:
        """Return the position of a project's receipt."""
        return await self._find(project, EntryKind.RECEIPT, receipt_id)

    async def statement_position(self, project: str, statement_id: str) -> LogPosition | NoPosition:
        """Return the position of a project's statement."""
        return await self._find(project, EntryKind.STATEMENT, statement_id)

    async def _find(self, project: str, kind: EntryKind, reference: str) -> LogPosition | NoPosition:
        # The queue is read first: a row that leaves it in between has a leaf by then, and does not appear unknown.
        if await self._store.is_queued(project, kind, reference):
            return NoPosition("waiting")
        leaf = await self._store.leaf(project, kind, reference)
        if leaf is None:
            return NoPosition("unknown")
        if kind is EntryKind.RECEIPT and leaf.salt is None:
            return NoPosition("erased")
        content = (await self._published.state()).checkpoint_for(leaf.leaf_index) or b""
        checkpoint, note = checkpoints.read(content)
        return LogPosition(
            origin=checkpoint.origin, index=leaf.leaf_index, size=checkpoint.size, seq=leaf.seq,
            checkpoint=content.decode(), cosigners=self._cosigners(note),
        )  # fmt: skip

    def _cosigners(self, note: Note) -> list[Cosigner]:
        found = note.signatures(self._witnesses)
        return [Cosigner(one.verifier.name, datetime.fromtimestamp(one.time or 0, UTC)) for one in found]
