"""The journal: where usage waits while the database is away, so that an outage loses nothing.

Batches are appended to this process's segment, on the disk before they are answered. When the database is back, all
segments that no process writes to are replayed in order at a bounded rate, by whichever process takes them first. A
record may be replayed twice, after a kill: its rows have their ids, which the primary key stores once.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg

from llmring_server.http.errors import DATABASE_AWAY, StartupError, Unavailable
from llmring_server.runtime.background import beside
from llmring_usage.journal import records
from llmring_usage.journal.segments import Damaged, Segment, waiting
from llmring_usage.models.rows import Row, made_at
from llmring_usage.settings import UsageSettings

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
SEGMENT_BYTES = 64 * 1024 * 1024
Store = Callable[[Sequence[Row]], Awaitable[None]]


class Backlog(Exception):
    """What a health check says while calls wait in the journal."""


class Journal:
    """The journal of one process in a folder that many may share.

    `away` is true from the first batch that the database failed to take until it answers again.
    """

    def __init__(self, folder: Path, settings: UsageSettings) -> None:
        self.away = False
        self.replayed = 0
        self.damaged = 0
        self._folder = folder
        self._settings = settings
        self._segment: Segment | None = None
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def running(self, ping: Callable[[], Awaitable[None]], store: Store) -> AsyncIterator[None]:
        """Look for the database while it is away, and replay what waits with `store`, while the block runs.

        Raises:
            StartupError: the folder cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (await asyncio.to_thread(Segment.create, self._folder)).remove()
        except OSError as error:
            raise StartupError(f"LLMRING_USAGE_JOURNAL_DIR: {error}; name a folder that can be written") from error
        try:
            async with beside(self._watch(ping, store), "llmring usage journal"):
                yield
        finally:
            self._seal()

    async def keep(self, rows: Sequence[Row]) -> None:
        """Append a batch; it is on the disk when this returns.

        Raises:
            Unavailable: the journal is full, or its disk is.
        """
        if self.size() > self._settings.journal_bytes:
            raise Unavailable("the database is away and the journal is full; try again shortly")
        try:
            async with self._writing:
                await asyncio.to_thread(self._append, records.encode(rows))
        except OSError as error:
            log.error("the journal cannot be written: %s", error)
            raise Unavailable("the database is away and the journal cannot be written; try again shortly") from error

    def lost(self, error: BaseException) -> None:
        """Take note that the database did not take a batch."""
        if not self.away:
            log.warning("the database is away, usage goes to the journal: %s: %s", type(error).__name__, error)
        self.away = True

    def size(self) -> int:
        """Return the bytes that wait, in all segments of the folder."""
        return sum(map(_bytes, self._waiting()))

    def age(self) -> float:
        """Return the seconds since the oldest segment that waits was begun; 0 when nothing waits."""
        waits = self._waiting()
        return max(time.time() - _begun(waits[0]).timestamp(), 0.0) if waits else 0.0

    async def check(self) -> None:
        """Pass while nothing waits; a health check.

        Raises:
            Backlog: calls wait for the database.
        """
        if self._waiting() or self.damaged:
            raise Backlog(f"{self.size()} bytes wait for {self.age():.0f} s; {self.damaged} segments are damaged")

    def _waiting(self) -> list[Path]:
        return [path for path in waiting(self._folder) if path.exists()]

    def _append(self, record: bytes) -> None:
        if self._segment is not None and self._segment.size > SEGMENT_BYTES:
            self._seal()
        if self._segment is None:
            self._segment = Segment.create(self._folder)
        self._segment.append(record)

    def _seal(self) -> None:
        """Let go of this process's segment, so that it can be replayed."""
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    async def _watch(self, ping: Callable[[], Awaitable[None]], store: Store) -> None:
        while True:
            if self.away or self._waiting():
                try:
                    await ping()
                    self._back()
                    await self._replay(store)
                except DATABASE_AWAY as error:
                    log.debug("the database is still away: %s", error)
                except (Unavailable, OSError, psycopg.Error) as error:
                    log.warning("the journal will be replayed later: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    def _back(self) -> None:
        if self.away:
            log.warning("the database is back; the journal is replayed")
        self.away = False

    async def _replay(self, store: Store) -> None:
        """Replay every segment that no process holds, oldest first."""
        async with self._writing:
            self._seal()
        for path in self._waiting():
            segment = await asyncio.to_thread(Segment.adopt, path)
            if segment is None:
                continue
            try:
                await self._replay_one(segment, store)
            except Damaged as error:
                self.damaged += 1
                log.error("%s; what comes after it was put aside as %s", error, segment.put_aside().name)
            except BaseException:
                segment.close()
                raise
            else:
                segment.remove()

    async def _replay_one(self, segment: Segment, store: Store) -> None:
        for record in segment.records():
            rows = _decoded(segment, record)
            await store(rows)
            self.replayed += len(rows)
            await asyncio.sleep(len(rows) / self._settings.journal_replay_rate)
        log.info("replayed %s", segment.path.name)


def _decoded(segment: Segment, record: bytes) -> list[Row]:
    try:
        return records.decode(record)
    except msgspec.MsgspecError as error:
        raise Damaged(f"{segment.path.name} has a record that is none of this version's: {error}") from error


def _bytes(path: Path) -> int:
    """Return a segment's size; another process may have replayed it by now."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _begun(path: Path) -> datetime:
    """Return when a segment was begun (UTC), as its name, a UUIDv7, says."""
    return made_at(UUID(path.stem))
