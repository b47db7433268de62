"""Feeds of changes: one per watched project and process, shared by all clients that watch the project.

A feed reads the history after its position whenever a change notice arrives. Clients read the feed, or the history when
they are too far behind. No client has a queue of its own, so a slow client costs no memory and loses no event.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import msgspec
import psycopg

from llmring_aliases.change_notices import ChangeNotice
from llmring_aliases.models import AliasHistoryEntry
from llmring_aliases.tables.reader import AliasReader
from llmring_server.database import Notifications
from llmring_server.http import codec

log = logging.getLogger(__name__)

MAX_EVENTS = 2_000
MAX_BYTES = 8 * 1024 * 1024
POLL_SECONDS = 1.0
DATABASE_ERRORS = (psycopg.Error, TimeoutError)  # of any kind: a feed must survive a database that is being restored


class StreamEvent(msgspec.Struct, frozen=True):
    """One change as a server-sent event, encoded once for all clients."""

    seq: int
    profile: str
    content: bytes


class Feed:
    """One project's changes up to `position`, in order; the last `MAX_EVENTS` (or `MAX_BYTES`) are in memory."""

    def __init__(self, project: str, reader: AliasReader, version: int) -> None:
        self.position = version
        self.clients = 0
        self._project = project
        self._reader = reader
        self._before_first = version
        self._events: deque[StreamEvent] = deque()
        self._bytes = 0
        self._unread = asyncio.Event()
        self._arrived = asyncio.Event()
        self.task = asyncio.create_task(self._run(), name="llmring aliases feed")

    def request_read(self) -> None:
        """Read the history again."""
        self._unread.set()

    def events_after(self, position: int) -> list[StreamEvent] | None:
        """Return the events after `position`, or None when they are no longer all in memory."""
        if position < self._before_first:
            return None
        found = []
        for event in reversed(self._events):
            if event.seq <= position:
                break
            found.append(event)
        return found[::-1]

    async def wait(self, seconds: float) -> None:
        """Return at the next event, or after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._arrived.wait()

    def wake(self) -> None:
        """Wake all waiters."""
        self._arrived.set()
        self._arrived = asyncio.Event()

    async def _run(self) -> None:
        self.request_read()
        while True:
            await self._unread.wait()
            self._unread.clear()
            try:
                await self._read()
            except DATABASE_ERRORS as error:
                log.warning("a feed of aliases waits for the database (%s)", type(error).__name__)
                await asyncio.sleep(POLL_SECONDS)
                self.request_read()

    async def _read(self) -> None:
        more = True
        while more:
            page = await self._reader.changes(self._project, None, self.position)
            for entry in page.entries:
                self._append(encode_event(entry))
            self.position = page.entries[-1].seq if page.entries else self.position
            self.wake()
            more = page.more

    def _append(self, event: StreamEvent) -> None:
        self._events.append(event)
        self._bytes += len(event.content)
        while len(self._events) > MAX_EVENTS or self._bytes > MAX_BYTES:
            oldest = self._events.popleft()
            self._before_first = oldest.seq
            self._bytes -= len(oldest.content)


class Feeds:
    """The feeds of this process: one per watched project."""

    def __init__(self, reader: AliasReader, notifications: Notifications) -> None:
        self.stopped = False
        self._reader = reader
        self._notifications = notifications
        self._feeds: dict[str, Feed] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Poll for changes while notifications are not live; at the end, end all streams."""
        self.stopped = False
        poll = asyncio.create_task(self._poll(), name="llmring aliases poll")
        try:
            yield
        finally:
            self.stop()
            tasks = [poll, *(feed.task for feed in self._feeds.values())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @contextmanager
    def subscribe(self, project: str, version: int) -> Iterator[Feed]:
        """Yield a project's feed, which lives as long as it has clients; `version` was read immediately before."""
        feed = self._feeds.get(project)
        if feed is None:
            feed = self._feeds[project] = Feed(project, self._reader, version)
        feed.clients += 1
        try:
            yield feed
        finally:
            feed.clients -= 1
            if not feed.clients:
                feed.task.cancel()
                del self._feeds[project]

    def on_change(self, notice: ChangeNotice) -> None:
        """Let the feed of a changed project read its history."""
        feed = self._feeds.get(notice.project)
        if feed is not None and notice.version > feed.position:
            feed.request_read()

    def reset(self) -> None:
        """Let every feed read its history: notices may have been missed."""
        for feed in self._feeds.values():
            feed.request_read()

    def stop(self) -> None:
        """End all streams."""
        self.stopped = True
        for feed in self._feeds.values():
            feed.wake()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if self._feeds and not self._notifications.live:
                with contextlib.suppress(*DATABASE_ERRORS):
                    for project, version in (await self._reader.versions(self._feeds)).items():
                        self.on_change(ChangeNotice(project, version))


def encode_event(entry: AliasHistoryEntry) -> StreamEvent:
    """Return a change as a server-sent event; line ends between JSON tokens, as metadata may have, become spaces."""
    data = codec.encode(entry).replace(b"\n", b" ").replace(b"\r", b" ")
    return StreamEvent(
        entry.seq, entry.profile, b"id: %d\nevent: %s\ndata: %s\n\n" % (entry.seq, entry.action.encode(), data)
    )
