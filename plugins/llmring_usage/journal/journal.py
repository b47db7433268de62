"""The journal: usage waits on disk while the database is down, so that an outage loses nothing.

Batches are appended to this process's segment and synced before their responses are sent. When the database is up
again, the segments that no process writes to are replayed in order at a bounded rate, each by the process that claims
it first. After a kill, a record may be replayed twice: the primary key stores its rows, which keep their ids, once.
"""

import asyncio
import errno
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg

from llmring_server.errors import StartupError
from llmring_server.http.errors import DATABASE_UNAVAILABLE, Unavailable
from llmring_server.runtime.background import beside
from llmring_usage.journal import records
from llmring_usage.journal.quarantine import Quarantine, list_quarantined
from llmring_usage.journal.segments import DamagedSegment, Segment, list_segments
from llmring_usage.models.rows import UsageRow, uuid_timestamp
from llmring_usage.settings import UsageSettings

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
FULL = (errno.ENOSPC, errno.EDQUOT)
SEGMENT_BYTES = 64 * 1024 * 1024
# Stores rows, and returns those of revoked keys, which it does not store.
Store = Callable[[Sequence[UsageRow]], Awaitable[Sequence[UsageRow]]]


class Backlog(Exception):
    """The error of the health check while calls wait in the journal, or files wait for an operator."""


class Journal:
    """The journal of one process, in a folder that several processes may share.

    `database_down` is true from the first batch that the database did not store until the database responds again.
    """

    def __init__(self, folder: Path, settings: UsageSettings) -> None:
        self.database_down = False
        self.replayed = 0
        self.damaged = 0
        self.quarantined = 0
        self._folder = folder
        self._settings = settings
        self._segment: Segment | None = None
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def running(self, ping: Callable[[], Awaitable[None]], store: Store) -> AsyncIterator[None]:
        """While the block runs, poll the database if it is down, and replay waiting segments with `store`.

        A full disk does not stop the start, since the replay frees it.

        Raises:
            StartupError: the folder is not writable.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (await asyncio.to_thread(Segment.create, self._folder)).remove()
        except OSError as error:
            if error.errno not in FULL:
                raise StartupError(f"LLMRING_USAGE_JOURNAL_DIR: {error}. Set it to a writable folder.") from error
            log.warning("the disk of the journal is full; calls of an outage are 503 until it has space: %s", error)
        try:
            async with beside(self._watch(ping, store), "llmring usage journal"):
                yield
        finally:
            self._seal()

    async def append(self, rows: Sequence[UsageRow]) -> None:
        """Append a batch; it is synced to disk when this returns.

        Raises:
            Unavailable: the journal or its disk is full.
        """
        if self.size() > self._settings.journal_bytes:
            raise Unavailable("The database is down and the journal is full. Try again shortly.")
        try:
            async with self._writing:
                await asyncio.to_thread(self._append, records.encode(rows))
        except OSError as error:
            log.error("the journal is not writable: %s", error)
            state = "the disk of the journal is full" if error.errno in FULL else "the journal is not writable"
            raise Unavailable(f"The database is down and {state}. Try again shortly.") from error

    def mark_database_down(self, error: BaseException) -> None:
        """Append later batches to the journal: the database did not store one."""
        if not self.database_down:
            log.warning("the database is down, usage is appended to the journal: %s: %s", type(error).__name__, error)
        self.database_down = True

    def size(self) -> int:
        """Return the bytes in all segments of the folder."""
        return sum(map(_size_of, self._segments()))

    def age(self) -> float:
        """Return the age of the oldest segment in seconds; 0 without segments."""
        segments = self._segments()
        return max(time.time() - _created_at(segments[0]).timestamp(), 0.0) if segments else 0.0

    async def check(self) -> None:
        """Check the health of the journal.

        Raises:
            Backlog: calls wait for the database, segments are damaged, or calls of revoked keys are quarantined.
        """
        quarantined = len(list_quarantined(self._folder))
        if self._segments() or self.damaged or quarantined:
            raise Backlog(
                f"{self.size()} bytes have waited for {self.age():.0f} s; {self.damaged} segments are damaged, "
                f"{quarantined} files are quarantined"
            )

    def _segments(self) -> list[Path]:
        return [path for path in list_segments(self._folder) if path.exists()]

    def _append(self, record: bytes) -> None:
        if self._segment is not None and self._segment.size > SEGMENT_BYTES:
            self._seal()
        if self._segment is None:
            self._segment = Segment.create(self._folder)
        self._segment.append(record)

    def _seal(self) -> None:
        """Close this process's segment, so that it can be replayed."""
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    async def _watch(self, ping: Callable[[], Awaitable[None]], store: Store) -> None:
        while True:
            if self.database_down or self._segments():
                try:
                    await ping()
                    self._mark_database_up()
                    await self._replay(store)
                except DATABASE_UNAVAILABLE as error:
                    log.debug("the database is still down: %s", error)
                except (Unavailable, OSError, psycopg.Error) as error:
                    log.warning("the journal will be replayed later: %s", error)
            await asyncio.sleep(POLL_SECONDS)

    def _mark_database_up(self) -> None:
        if self.database_down:
            log.warning("the database is up again, the journal is replayed")
        self.database_down = False

    async def _replay(self, store: Store) -> None:
        """Replay every segment that no process has locked, oldest first."""
        async with self._writing:
            self._seal()
        for path in self._segments():
            segment = await asyncio.to_thread(Segment.claim, path)
            if segment is None:
                continue
            try:
                await self._replay_segment(segment, store)
            except DamagedSegment as error:
                self.damaged += 1
                log.error("%s; the rest of the segment is quarantined as %s", error, segment.quarantine().name)
            except BaseException as error:
                segment.close()
                if not isinstance(error, OSError) or error.errno not in FULL:
                    raise
                log.warning("%s will be replayed when the next ones have freed the disk: %s", path.name, error)
            else:
                segment.remove()

    async def _replay_segment(self, segment: Segment, store: Store) -> None:
        with Quarantine(segment.path) as quarantine:
            for record in segment.records():
                rows = _decode(segment, record)
                revoked = await store(rows)
                if revoked:
                    await asyncio.to_thread(quarantine.append, revoked)
                self.quarantined += len(revoked)
                self.replayed += len(rows) - len(revoked)
                await asyncio.sleep(len(rows) / self._settings.journal_replay_rate)
        log.info("replayed %s", segment.path.name)


def _decode(segment: Segment, record: bytes) -> list[UsageRow]:
    try:
        return records.decode(record)
    except msgspec.MsgspecError as error:
        raise DamagedSegment(f"{segment.path.name} has a record that this version cannot read: {error}") from error


def _size_of(path: Path) -> int:
    """Return a segment's size; another process may have replayed it by now."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _created_at(path: Path) -> datetime:
    """Return the time (UTC) at which a segment was created, from its name, a UUIDv7."""
    return uuid_timestamp(UUID(path.stem))
