"""What is published of the log, and proofs of what projects have in it."""

import asyncio

from llmring_server.http.errors import Problem, Unavailable
from llmring_server.tlog import checkpoints
from llmring_server.tlog.leaves import EntryKind, LeafOpening
from llmring_server.tlog.proof_files import InclusionProof
from llmring_transparency.models import Leaf, LogState
from llmring_transparency.storage import guard
from llmring_transparency.storage.guard import RestoreGuard
from llmring_transparency.storage.store import LogStore
from llmring_transparency.storage.tree import Tree

NOT_RECORDED = "the checkpoint cannot be noted outside the database; see the server's log"
NO_CHECKPOINT = "the log has no checkpoint yet; is a key configured? `llmring-server tlog keygen` makes one"


class PublishedLog:
    """The log as it is published: a checkpoint that was not noted outside the database is not, nor is a fork."""

    def __init__(self, store: LogStore, noted: RestoreGuard) -> None:
        self._store = store
        self._guard = noted

    async def state(self) -> LogState:
        """Return the log's state, its checkpoint noted.

        Raises:
            Unavailable: there is no checkpoint yet, it cannot be noted, or it does not continue what was published.
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
        """Return a state, or a newer one, once it is noted."""
        noted = await asyncio.to_thread(self._guard.read_checkpoint)
        if noted and noted.size > state.size:  # read before the file was: the database may have what is noted by now
            state = await self._read()
        if self._guard.matches(state):
            return state
        fault = guard.find_fault(noted, state, await self._store.tiles(guard.tiles_to_check(noted)))
        if fault:
            raise Unavailable(f"this checkpoint is not shown: {fault}")
        await asyncio.to_thread(self._guard.record, state.checkpoint or b"")
        return state


class ProofService:
    """Proofs of what projects have in the log; fulfils `LogProofs`."""

    def __init__(self, store: LogStore, tree: Tree, published: PublishedLog) -> None:
        self._store = store
        self._tree = tree
        self._published = published

    async def proof(self, project: str, kind: EntryKind, reference: str) -> bytes | None:
        """Return the proof file of a project's receipt or statement, or None when it has no leaf.

        Raises:
            Problem: 410, its salt was destroyed.
            Unavailable: no checkpoint can be published.
        """
        leaf = await self._store.leaf(project, kind, reference)
        if leaf is None:
            return None
        state = await self._published.state()
        checkpoint = state.proving(leaf.leaf_index) or b""
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
        """Whether a project's receipt or statement waits for its leaf."""
        return await self._store.is_queued(project, kind, reference)


def _extra(leaf: Leaf) -> bytes | None:
    if leaf.kind != EntryKind.RECEIPT:
        return None
    if leaf.salt is None or leaf.seq is None:
        raise Problem(410, "what opens this receipt's entry was destroyed on request; a tombstone in the log says so")
    return LeafOpening(leaf.project_id, leaf.seq, leaf.salt).text()
