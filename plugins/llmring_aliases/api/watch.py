"""`/watch`: a project's changes as server-sent events (WHATWG HTML §9.2), resumed from any of them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from itertools import accumulate
from typing import Any

import falcon.asgi
import msgspec

from llmring_aliases.api.stream_limiter import Seats
from llmring_aliases.cache.feeds import AWAY, Event, Feed, Feeds, event_of
from llmring_aliases.models import MAX_SEQ, Entry, Ready, WatchQuery
from llmring_aliases.tables.reader import PAGE_BYTES, AliasStore
from llmring_server.contracts import Authenticator
from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_server.http.middleware.project_keys import read_key
from llmring_server.http.operations import operation

RETRY = b"retry: 1000\n\n"
HEARTBEAT = b": still here\n\n"
PAUSE_SECONDS = 1.0
Allowed = Callable[[], Awaitable[bool]]


class Frames(msgspec.Struct, frozen=True):
    """Encoded events, in the shape in which Falcon takes one."""

    content: bytes

    def serialize(self, handler: object = None) -> bytes:
        """Return the bytes to send."""
        return self.content


class Watch:
    """`/watch`: the stream of changes."""

    def __init__(
        self, feeds: Feeds, store: AliasStore, seats: Seats, projects: Authenticator | None, heartbeat: float
    ) -> None:
        self._feeds = feeds
        self._store = store
        self._seats = seats
        self._projects = projects
        self._heartbeat = heartbeat

    @operation(
        query=WatchQuery,
        events={"ready": Ready, "bind": Entry, "unbind": Entry},
        headers=("Last-Event-ID",),
        errors=(429,),
    )
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: WatchQuery) -> None:
        """A project's changes as they happen, as server-sent events `bind` and `unbind`.

        Goes on behind `Last-Event-ID` (or `?last_event_id=`; `X-Alias-Version` of a list is one too). Without one it
        begins now, with an event `ready` that carries the version.
        """
        since = _since(req, query)
        project = req.context.project_id
        version = (await self._store.span(project)).version
        resp.set_header("Cache-Control", "no-store")
        resp.set_header("X-Accel-Buffering", "no")
        known = since is not None and since <= version
        begun = RETRY if known else RETRY + _ready(version)
        self._seats.check(project)
        stream = Stream(self._feeds, self._store, project, query.profile, self._allowed(req))
        frames = stream.frames(begun, since if known and since is not None else version, version, self._heartbeat)
        resp.sse = self._seated(req, project, frames)

    async def _seated(
        self, req: falcon.asgi.Request, project: str, frames: AsyncGenerator[Frames, None]
    ) -> AsyncIterator[Any]:
        """Pass a stream on while it has a seat and a client; nothing is waited for between `check` and here."""
        with self._seats.taken(project, codec.disconnected(req)) as gone:
            async with contextlib.aclosing(frames):
                async for frame in frames:
                    if gone.done():
                        return
                    yield frame

    def _allowed(self, req: falcon.asgi.Request) -> Allowed:
        """Return a question to ask again while the stream lasts: whether the key may still read."""
        projects, key = self._projects, read_key(req)

        async def allowed() -> bool:
            identity = await projects.identify(key) if projects is not None else None
            return projects is None or (identity is not None and identity.may("read"))

        return allowed


class Stream:
    """One client's stream: what it has been sent, and what comes next."""

    def __init__(self, feeds: Feeds, store: AliasStore, project: str, profile: str | None, allowed: Allowed) -> None:
        self._feeds = feeds
        self._store = store
        self._project = project
        self._profile = profile
        self._allowed = allowed

    async def frames(self, begun: bytes, position: int, version: int, heartbeat: float) -> AsyncGenerator[Frames, None]:
        """Yield `begun`, then every change above `position`, then whatever happens; ends when the server does.

        While the database is away the stream stays open, since a client that is told 503 need not come back.
        """
        yield Frames(begun)
        due = time.monotonic() + heartbeat
        with self._feeds.joined(self._project, version) as feed:
            while not self._feeds.stopped:
                try:
                    events, upto = await self._next(feed, position)
                    if (events or time.monotonic() >= due) and not await self._allowed():
                        return
                except AWAY:
                    events, upto = [], position
                    await asyncio.sleep(PAUSE_SECONDS)
                if events or time.monotonic() >= due:
                    yield Frames(b"".join(event.frame for event in events) or HEARTBEAT)
                    due = time.monotonic() + heartbeat
                elif upto == position:
                    await feed.news(due - time.monotonic())
                position = upto

    async def _next(self, feed: Feed, position: int) -> tuple[list[Event], int]:
        """Return some of the events above `position`, and up to where they reach.

        When some of them are gone from the history, that is a `ready`: whoever hears it lists again.
        """
        fresh = feed.since(position)
        if fresh is not None:
            part = _portion(fresh)
            events = [event for event in part if self._profile in (None, event.profile)]
            return events, part[-1].seq if part else position
        reached = feed.upto
        page = await self._store.changes(self._project, self._profile, position)
        span = await self._store.span(self._project)  # after the changes, which may have been dropped meanwhile
        if span.pruned > position:
            return [Event(span.version, self._profile or "", _ready(span.version))], span.version
        last = page.entries[-1].seq if page.entries else position
        return [event_of(entry) for entry in page.entries], last if page.more else max(last, reached)


def _portion(events: list[Event]) -> list[Event]:
    """Return the first events, no more of them than a client that does not read may have us hold."""
    sizes = accumulate(len(event.frame) for event in events)
    return events[: 1 + sum(size < PAGE_BYTES for size in sizes)]


def _since(req: falcon.asgi.Request, query: WatchQuery) -> int | None:
    """Return the number of the last change that a client has; the header wins, since a reconnecting browser sets it."""
    given = req.get_header("Last-Event-ID")
    if not given:
        return query.last_event_id
    if not (given.isascii() and given.isdigit()) or int(given) > MAX_SEQ:
        raise Problem.validation("header", "Last-Event-ID", msg="no id of an event of this stream")
    return int(given)


def _ready(version: int) -> bytes:
    return b"id: %d\nevent: ready\ndata: %s\n\n" % (version, codec.encode(Ready(version)))
