"""The log while the server runs: create it, grow it, have it cosigned, and report its state."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from llmring_server.database import Database
from llmring_server.database.required_plugins import expect_plugin
from llmring_server.errors import StartupError
from llmring_server.http.errors import DATABASE_UNAVAILABLE
from llmring_server.runtime.background import beside
from llmring_server.tlog.hashing import EMPTY_ROOT
from llmring_server.tlog.leaves import EntryKind
from llmring_server.tlog.signers import Signer
from llmring_transparency.models import DEPLOYMENT, LogState, QueueItem
from llmring_transparency.sequencing.cosigning import WitnessClient
from llmring_transparency.sequencing.key_events import KeyEventCollector, checkpoint_key_event
from llmring_transparency.sequencing.queue import LogQueue
from llmring_transparency.sequencing.sequencer import BATCH, Sequencer
from llmring_transparency.storage.guard import RestoreGuard
from llmring_transparency.storage.store import LogStore

log = logging.getLogger(__name__)

TURN_SECONDS = 0.2
IDLE_SECONDS = 1.0
EXPECTED_BECAUSE = "it has a transparency log, which receipts enter only once the plugin is enabled again"


class SigningStopped(Exception):
    """Signing is stopped; the message gives the reason."""


class TransparencyLog:
    """The deployment's log, as this process grows it."""

    def __init__(
        self, database: Database, store: LogStore, signer: Signer, guard: RestoreGuard, queue: LogQueue,
        sequencer: Sequencer, witness_client: WitnessClient, key_events: KeyEventCollector,
    ) -> None:  # fmt: skip
        self._database = database
        self._store = store
        self._signer = signer
        self._guard = guard
        self._queue = queue
        self._sequencer = sequencer
        self._witness_client = witness_client
        self._key_events = key_events
        self._state: LogState | None = None
        self._oldest: datetime | None = None
        self._fault: str | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Create the log if there is none, and grow it while the block runs.

        Raises:
            StartupError: the database has a log with another name, or the restore guard cannot be used.
        """
        await asyncio.to_thread(self._guard.open)
        await self._begin()
        await self._warn_if_unguarded()
        async with self._witness_client.running(), beside(self._run(), "llmring transparency log"):
            yield

    async def check(self) -> None:
        """Raise `SigningStopped` if signing is stopped, or if the last turn failed; for `/health`."""
        alarm = self._state.alarm if self._state else None
        if alarm or self._fault:
            raise SigningStopped(alarm or self._fault)

    @property
    def size(self) -> int | None:
        """The number of leaves, as this process last read it; None before that."""
        return self._state.size if self._state else None

    @property
    def signing_stopped(self) -> int:
        """1 while signing is stopped, else 0."""
        return int(bool(self._state and self._state.alarm))

    @property
    def queue_age(self) -> float:
        """The age of the oldest queue row in seconds, 0 if the queue is empty."""
        return max(0.0, (datetime.now(UTC) - self._oldest).total_seconds()) if self._oldest else 0.0

    async def _begin(self) -> None:
        verifier = self._signer.verifier
        async with self._database.transaction() as connection:
            await self._store.lock(connection, wait=True)
            await self._store.create(connection, verifier.name, EMPTY_ROOT)
            await expect_plugin(connection, "transparency", EXPECTED_BECAUSE)
            state = await self._store.state(connection)
            if state is None or state.origin != verifier.name:
                raise StartupError(
                    f"plugin 'transparency': this deployment's log is {state.origin if state else None!r}, and the key "
                    f"is for {verifier.name!r}; create one with `llmring-server tlog keygen` and the log's name"
                )
            if await self._store.add_key(connection, verifier.vkey()):
                event = checkpoint_key_event(verifier.vkey(), datetime.now(UTC))
                await self._store.put(connection, [QueueItem(DEPLOYMENT, EntryKind.KEY_EVENT, verifier.vkey(), event)])

    async def _warn_if_unguarded(self) -> None:
        """Log a warning if this machine cannot detect a restored backup: its guard has no checkpoint."""
        state = await self._store.state()
        if state and state.size and await asyncio.to_thread(self._guard.read_checkpoint) is None:
            log.warning(
                "the restore guard %s has no checkpoint, and the log has %d leaves: if the database was restored from "
                "an older backup, this machine cannot detect it, and forks the log; keep the file on a permanent disk",
                self._guard.path,
                state.size,
            )

    async def _run(self) -> None:
        taken = 0
        while True:
            taken = await self._turn(busy=taken == BATCH)
            if not taken:
                await self._queue.wait_filled(IDLE_SECONDS)
            if taken < BATCH:
                await asyncio.sleep(TURN_SECONDS)

    async def _turn(self, *, busy: bool) -> int:
        """Take a turn and return the number of leaves; errors are logged, reported by `check`, and tried again."""
        first = self._state is None
        try:
            if self._fault:  # the age of the queue must be current also while turns fail
                self._oldest = await self._store.oldest_queued_at(self._sequencer.queue_start)
            if not busy:
                await self._key_events.queue()
            turn = await self._sequencer.turn()
            self._state = turn.state or await self._store.state()
            self._oldest = await self._store.oldest_queued_at(self._sequencer.queue_start)
        except Exception as error:
            self._fault = f"{type(error).__name__}: {error}"
            known = isinstance(
                error, (OSError, *DATABASE_UNAVAILABLE)
            )  # errors that operators can fix; others are bugs
            log.error("the log did not grow; trying again: %s", self._fault, exc_info=not known)
            return 0
        self._fault = None
        if turn.state and turn.state.checkpoint and not turn.state.alarm and (turn.taken or first):
            self._witness_client.publish(turn.state)
        return turn.taken
