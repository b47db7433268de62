"""Changes as they happen: one feed a project in this process, shared by everyone who watches that project.

A feed reads the history behind its last change whenever the channel says that there is more; watchers read the feed,
and the history when they are too far behind. Nobody has a queue, so a slow watcher costs nothing and loses nothing.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import msgspec
import psycopg

from llmring_aliases.change_notices import News
from llmring_aliases.models import Entry
from llmring_aliases.tables.reader import AliasStore
from llmring_server.database import Notifications
from llmring_server.http import codec

log = logging.getLogger(__name__)

RECENT = 2_000
RECENT_BYTES = 8 * 1024 * 1024
POLL_SECONDS = 1.0
AWAY = (psycopg.Error, TimeoutError)  # any error: a feed must outlive a database that is being restored


class Event(msgspec.Struct, frozen=True):
    """One change, encoded once for all who watch."""

    seq: int
    profile: str
    frame: bytes


class Feed:
    """One project's changes above `upto`'s first value, in order; in memory the last `RECENT`, or fewer large ones."""

    def __init__(self, project: str, store: AliasStore, version: int) -> None:
        self.upto = version
        self.watchers = 0
        self._project = project
        self._store = store
        self._horizon = version
        self._recent: deque[Event] = deque()
        self._bytes = 0
        self._more = asyncio.Event()
        self._tick = asyncio.Event()
        self.task = asyncio.create_task(self._run(), name="llmring aliases feed")

    def look(self) -> None:
        """See whether there is more."""
        self._more.set()

    def since(self, position: int) -> list[Event] | None:
        """Return the events above `position`, or None when they are no longer all in memory."""
        if position < self._horizon:
            return None
        found = []
        for event in reversed(self._recent):
            if event.seq <= position:
                break
            found.append(event)
        return found[::-1]

    async def news(self, seconds: float) -> None:
        """Return at the next event, or after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._tick.wait()

    def wake(self) -> None:
        """Have every `news` return now."""
        self._tick.set()
        self._tick = asyncio.Event()

    async def _run(self) -> None:
        self.look()
        while True:
            await self._more.wait()
            self._more.clear()
            try:
                await self._read()
            except AWAY as error:
                log.warning("a feed of aliases waits for the database (%s)", type(error).__name__)
                await asyncio.sleep(POLL_SECONDS)
                self.look()

    async def _read(self) -> None:
        more = True
        while more:
            page = await self._store.changes(self._project, None, self.upto)
            for entry in page.entries:
                self._keep(event_of(entry))
            self.upto = page.entries[-1].seq if page.entries else self.upto
            self.wake()
            more = page.more

    def _keep(self, event: Event) -> None:
        self._recent.append(event)
        self._bytes += len(event.frame)
        while len(self._recent) > RECENT or self._bytes > RECENT_BYTES:
            oldest = self._recent.popleft()
            self._horizon = oldest.seq
            self._bytes -= len(oldest.frame)


class Feeds:
    """The feeds of this process: one a project that somebody watches."""

    def __init__(self, store: AliasStore, channel: Notifications) -> None:
        self.stopped = False
        self._store = store
        self._channel = channel
        self._feeds: dict[str, Feed] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Poll for watched projects while the channel is lost; end all streams in the end."""
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
    def joined(self, project: str, version: int) -> Iterator[Feed]:
        """Give a project's feed for as long as the block runs; `version` is the project's, read just before."""
        feed = self._feeds.get(project)
        if feed is None:
            feed = self._feeds[project] = Feed(project, self._store, version)
        feed.watchers += 1
        try:
            yield feed
        finally:
            feed.watchers -= 1
            if not feed.watchers:
                feed.task.cancel()
                del self._feeds[project]

    def heard(self, news: News) -> None:
        """Have the feed of a changed project read on."""
        feed = self._feeds.get(news.project)
        if feed is not None and news.version > feed.upto:
            feed.look()

    def reset(self) -> None:
        """Have every feed read on: news may have been missed."""
        for feed in self._feeds.values():
            feed.look()

    def stop(self) -> None:
        """Have every stream end."""
        self.stopped = True
        for feed in self._feeds.values():
            feed.wake()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if self._feeds and not self._channel.live:
                with contextlib.suppress(*AWAY):
                    for project, version in (await self._store.versions(self._feeds)).items():
                        self.heard(News(project, version))


def event_of(entry: Entry) -> Event:
    """Return a change as a server-sent event; JSON's own line ends, which metadata may have, become spaces."""
    data = codec.encode(entry).replace(b"\n", b" ").replace(b"\r", b" ")
    return Event(
        entry.seq, entry.profile, b"id: %d\nevent: %s\ndata: %s\n\n" % (entry.seq, entry.action.encode(), data)
    )
