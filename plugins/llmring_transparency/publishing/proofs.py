"""The published log, and proofs of projects' receipts and statements."""

import asyncio

from llmring_server.http.errors import Problem, Unavailable
from llmring_server.tlog import checkpoints
from llmring_server.tlog.leaves import EntryKind, LeafOpening
from llmring_server.tlog.proof_files import InclusionProof
from llmring_transparency.models import LeafRecord, LogState
from llmring_transparency.storage import guard
from llmring_transparency.storage.guard import RestoreGuard
from llmring_transparency.storage.store import LogStore
from llmring_transparency.storage.tree import Tree

NOT_RECORDED = "The checkpoint cannot be recorded outside the database; see the server's log."
NO_CHECKPOINT = "The log has no checkpoint yet. Is a key configured? `llmring-server tlog keygen` creates one."


class PublishedLog:
    """The log as published: only a checkpoint that is recorded in the restore guard, and no fork."""

    def __init__(self, store: LogStore, restore_guard: RestoreGuard) -> None:
        self._store = store
        self._guard = restore_guard

    async def state(self) -> LogState:
        """Return the log's state, after recording its checkpoint in the restore guard.

        Raises:
            Unavailable: no checkpoint yet, it cannot be recorded, or it does not continue the published one.
        """
        state = await self._read()
        if self._guard.matches(state):
            return state
        try:
            return await self._record(state)
        except OSError as error:
            raise Unavailable(NOT_RECORDED) from error

    async def _read(self) -> LogState:
        state = await self._store.state()
        if state is None or state.checkpoint is None:
            raise Unavailable(NO_CHECKPOINT)
        return state

    async def _record(self, state: LogState) -> LogState:
        """Record the checkpoint of a state, or of a newer one, and return that state."""
        recorded = await asyncio.to_thread(self._guard.read_checkpoint)
        if recorded and recorded.size > state.size:  # the state was read first; the database may be newer now
            state = await self._read()
        if self._guard.matches(state):
            return state
        fault = guard.find_fault(recorded, state, await self._store.tiles(guard.tiles_to_check(recorded)))
        if fault:
            raise Unavailable(f"The checkpoint is not published: {fault}.")
        await asyncio.to_thread(self._guard.record, state.checkpoint or b"")
        return state


class ProofService:
    """Proofs of projects' receipts and statements; implements `LogProofs`."""

    def __init__(self, store: LogStore, tree: Tree, published: PublishedLog) -> None:
        self._store = store
        self._tree = tree
        self._published = published

    async def proof(self, project: str, kind: EntryKind, reference: str) -> bytes | None:
        """Return the proof file of a project's receipt or statement, or None if it has no leaf.

        Raises:
            Problem: 410, its salt was destroyed.
            Unavailable: no checkpoint can be published.
        """
        leaf = await self._store.leaf(project, kind, reference)
        if leaf is None:
            return None
        state = await self._published.state()
        checkpoint = state.checkpoint_for(leaf.leaf_index) or b""
        size = checkpoints.read(checkpoint)[0].size
        hashes = await self._tree.inclusion(leaf.leaf_index, size)
        return InclusionProof(leaf.leaf_index, tuple(hashes), checkpoint, _extra(leaf)).content()

    async def receipt_proof(self, project_id: str, receipt_id: str) -> bytes | None:
        """Return the proof file of a project's receipt; as `proof`."""
        return await self.proof(project_id, EntryKind.RECEIPT, receipt_id)

    async def statement_proof(self, project_id: str, statement_id: str) -> bytes | None:
        """Return the proof file of a project's statement; as `proof`."""
        return await self.proof(project_id, EntryKind.STATEMENT, statement_id)

    async def is_queued(self, project: str, kind: EntryKind, reference: str) -> bool:
        """Return whether a project's receipt or statement waits for its leaf."""
        return await self._store.is_queued(project, kind, reference)


def _extra(leaf: LeafRecord) -> bytes | None:
    if leaf.kind != EntryKind.RECEIPT:
        return None
    if leaf.salt is None or leaf.seq is None:
        raise Problem(410, "The data that opens this receipt's entry was erased on request; the log has a tombstone.")
    return LeafOpening(leaf.project_id, leaf.seq, leaf.salt).text()
