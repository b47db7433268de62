"""The sequencer: numbers queued rows, appends them to the tree, and signs the checkpoint, in one transaction.

Every process runs one; the process with the lock takes the turn. A checkpoint is published only after it is committed
and recorded in the restore guard.
"""

import asyncio
import logging
import secrets
from collections.abc import Sequence

import msgspec

from llmring_server.database import Database
from llmring_server.database.connections import Connection
from llmring_server.tlog import leaves
from llmring_server.tlog.checkpoints import Checkpoint
from llmring_server.tlog.growing_trees import TreeAppender, right_edge
from llmring_server.tlog.hashing import leaf_hash
from llmring_server.tlog.leaves import SALT_BYTES, EntryKind, LeafOpening
from llmring_server.tlog.notes import Note
from llmring_server.tlog.signers import Signer
from llmring_server.tlog.tiles import WIDTH, Tile
from llmring_transparency.models import LogState, NumberedRow, QueueRow
from llmring_transparency.sequencing.queue_cursor import QueueCursor
from llmring_transparency.storage import guard
from llmring_transparency.storage.guard import RestoreGuard
from llmring_transparency.storage.store import ENTRIES_LEVEL, LogStore
from llmring_transparency.storage.tree import BUNDLED_BYTES

log = logging.getLogger(__name__)

BATCH = 1_000


class TurnResult(msgspec.Struct, frozen=True):
    """A turn's result: the log's state, None without a log or without the lock; and the number of leaves taken."""

    state: LogState | None
    taken: int = 0


class Sequencer:
    """Grows the log in turns; `queue_start` is the queue position where the last turn started to read."""

    def __init__(self, database: Database, store: LogStore, signer: Signer, guard: RestoreGuard) -> None:
        self._database = database
        self._store = store
        self._signer = signer
        self._guard = guard
        self._cursor = QueueCursor()
        self.queue_start = 0

    async def turn(self) -> TurnResult:
        """Move a batch of the queue into the log.

        If the log is inconsistent, set the alarm instead: nothing is signed until an operator resumes it.

        Raises:
            OSError: the checkpoint cannot be recorded in the restore guard, so it must not be published.
        """
        async with self._database.transaction() as connection:
            turn = await self._turn(connection) if await self._store.lock(connection) else TurnResult(None)
        if turn.state and turn.state.checkpoint and not turn.state.alarm:
            await asyncio.to_thread(self._guard.record, turn.state.checkpoint)
        return turn

    async def _turn(self, connection: Connection) -> TurnResult:
        state = await self._store.state(connection)
        if state is None or state.alarm:
            return TurnResult(state)
        growth, alarm = await self._check(connection, state)
        if alarm:
            await self.raise_alarm(alarm, connection)
            return TurnResult(msgspec.structs.replace(state, alarm=alarm))
        self.queue_start = self._cursor.next()
        rows = await self._store.queue_rows(connection, BATCH, self.queue_start)
        if not rows:
            return TurnResult(state)
        self._cursor.advance(rows[0].queue_id)
        return TurnResult(await self._grow(connection, state, growth, rows), len(rows))

    async def raise_alarm(self, alarm: str, connection: Connection | None = None) -> None:
        """Stop signing in every process, until `llmring-server tlog resume`."""
        log.error("the transparency log stops signing: %s", alarm)
        await self._store.set_alarm(alarm, connection)

    async def _check(self, connection: Connection, state: LogState) -> tuple[TreeAppender, str | None]:
        """Return the right edge, and a fault if it contradicts the state or the published checkpoint."""
        recorded = await asyncio.to_thread(self._guard.read_checkpoint)
        rows = await self._store.tiles(right_edge(state.size) | guard.tiles_to_check(recorded), connection)
        growth = TreeAppender(state.size, rows)
        alarm = guard.find_fault(recorded, state, rows)
        if not alarm and not _root_matches(growth, state):
            alarm = f"the tiles of the {state.size} leaves do not hash to the signed root"
        return growth, alarm

    async def _grow(
        self, connection: Connection, state: LogState, growth: TreeAppender, rows: Sequence[QueueRow]
    ) -> LogState:
        receipts = {row.project_id for row in rows if row.kind == EntryKind.RECEIPT}
        counts = dict.fromkeys(receipts, 0) | await self._store.counts(connection, receipts)
        numbered, entries = _number(rows, counts)
        growth.append(map(leaf_hash, entries))
        checkpoint = Checkpoint(state.origin, growth.size, growth.root())
        note = Note(checkpoint.text(), (self._signer.sign(checkpoint.text()),)).content()
        bundles = await self._bundles(connection, state.size, entries)
        async with connection.pipeline():
            moved = await self._store.move_to_leaves(connection, state.size, numbered)
            await self._store.set_counts(connection, counts)
            await self._store.set_tiles(connection, growth.changed | bundles)
            await self._store.set_state(connection, growth.size, checkpoint.root, note)
        if moved.rowcount != len(numbered):
            raise RuntimeError(f"{moved.rowcount} of {len(numbered)} rows left the queue; another client deletes them")
        return msgspec.structs.replace(state, size=growth.size, root=checkpoint.root, checkpoint=note)

    async def _bundles(self, connection: Connection, size: int, entries: Sequence[bytes]) -> dict[Tile, bytes]:
        """Return the tiles of entries that are new or have grown."""
        number, width = divmod(size, WIDTH)
        last = Tile(ENTRIES_LEVEL, number)
        stored = (await self._store.tiles([last], connection)).get(last, b"") if width else b""
        if len(stored) != width * BUNDLED_BYTES:
            raise RuntimeError(f"the bundle of entries {number} does not have its {width} entries")
        pieces = {last: stored + leaves.bundle(entries[: WIDTH - width])}
        for place in range(WIDTH - width, len(entries), WIDTH):
            number += 1
            pieces[Tile(ENTRIES_LEVEL, number)] = leaves.bundle(entries[place : place + WIDTH])
        return pieces


def _root_matches(growth: TreeAppender, state: LogState) -> bool:
    try:
        return growth.root() == state.root
    except ValueError:
        return False


def _number(rows: Sequence[QueueRow], counts: dict[str, int]) -> tuple[list[NumberedRow], list[bytes]]:
    """Return rows with their numbers, and their entries; adds the receipts of each project to `counts`."""
    numbered, entries = [], []
    salts = secrets.token_bytes(SALT_BYTES * len(rows))  # one call for all rows
    for place, row in enumerate(rows):
        if row.kind != EntryKind.RECEIPT:
            numbered.append(NumberedRow(row.queue_id, None, None))
            entries.append(leaves.public_entry(EntryKind(row.kind), row.content))
            continue
        counts[row.project_id] += 1
        salt = salts[place * SALT_BYTES : (place + 1) * SALT_BYTES]
        opened = LeafOpening(row.project_id, counts[row.project_id], salt)
        numbered.append(NumberedRow(row.queue_id, opened.seq, opened.salt))
        entries.append(leaves.receipt_entry(opened, row.content))
    return numbered, entries
