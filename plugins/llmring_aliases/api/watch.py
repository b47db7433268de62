"""`/watch`: a project's changes as server-sent events (WHATWG HTML §9.2), resumable at any event."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from itertools import accumulate
from typing import Any

import falcon.asgi
import msgspec

from llmring_aliases.api.stream_limiter import StreamLimiter
from llmring_aliases.cache.feeds import DATABASE_ERRORS, Feed, Feeds, StreamEvent, encode_event
from llmring_aliases.models import MAX_SEQ, AliasHistoryEntry, WatchQuery, WatchReady
from llmring_aliases.tables.reader import PAGE_BYTES, AliasReader
from llmring_server.contracts import Authenticator
from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_server.http.middleware.authentication import read_key
from llmring_server.http.operations import operation

RETRY = b"retry: 1000\n\n"
HEARTBEAT = b": still here\n\n"
PAUSE_SECONDS = 1.0
AccessCheck = Callable[[], Awaitable[bool]]


class EncodedEvents(msgspec.Struct, frozen=True):
    """Encoded events, with the interface that Falcon requires of a single one."""

    content: bytes

    def serialize(self, handler: object = None) -> bytes:
        """Return the bytes to send."""
        return self.content


class WatchResource:
    """`/watch`: the stream of changes."""

    def __init__(
        self,
        feeds: Feeds,
        reader: AliasReader,
        limiter: StreamLimiter,
        authenticator: Authenticator | None,
        heartbeat: float,
    ) -> None:
        self._feeds = feeds
        self._reader = reader
        self._limiter = limiter
        self._authenticator = authenticator
        self._heartbeat = heartbeat

    @operation(
        query=WatchQuery,
        events={"ready": WatchReady, "bind": AliasHistoryEntry, "unbind": AliasHistoryEntry},
        headers=("Last-Event-ID",),
        errors=(429,),
    )
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, query: WatchQuery) -> None:
        """Stream a project's changes as they happen, as server-sent events `bind` and `unbind`.

        Resumes after `Last-Event-ID` (or `?last_event_id=`; the `X-Alias-Version` of a list is also valid). Without
        one, the stream starts now, with an event `ready` that contains the version.
        """
        last_event = _last_event_id(req, query)
        project = req.context.project_id
        version = (await self._reader.history_span(project)).version
        resp.set_header("Cache-Control", "no-store")
        resp.set_header("X-Accel-Buffering", "no")
        resumed = last_event is not None and last_event <= version
        first = RETRY if resumed else RETRY + _encode_ready(version)
        self._limiter.check(project)
        stream = EventStream(self._feeds, self._reader, project, query.profile, self._access_check(req))
        position = last_event if resumed and last_event is not None else version
        resp.sse = self._limit(req, project, stream.events(first, position, version, self._heartbeat))

    async def _limit(
        self, req: falcon.asgi.Request, project: str, events: AsyncGenerator[EncodedEvents, None]
    ) -> AsyncIterator[Any]:
        """Pass a stream on until the client disconnects, counted by the limiter.

        Nothing is awaited between `check` and this, so a stream that passed the check is within the limit.
        """
        with self._limiter.acquire(project, codec.wait_for_disconnect(req)) as disconnect:
            async with contextlib.aclosing(events):
                async for event in events:
                    if disconnect.done():
                        return
                    yield event

    def _access_check(self, req: falcon.asgi.Request) -> AccessCheck:
        """Return a function that checks, while the stream lasts, whether the key still has read access."""
        authenticator, key = self._authenticator, read_key(req)

        async def may_read() -> bool:
            identity = await authenticator.identify(key) if authenticator is not None else None
            return authenticator is None or (identity is not None and identity.may("read"))

        return may_read


class EventStream:
    """The events of one client."""

    def __init__(
        self, feeds: Feeds, reader: AliasReader, project: str, profile: str | None, may_read: AccessCheck
    ) -> None:
        self._feeds = feeds
        self._reader = reader
        self._project = project
        self._profile = profile
        self._may_read = may_read

    async def events(
        self, first: bytes, position: int, version: int, heartbeat: float
    ) -> AsyncGenerator[EncodedEvents, None]:
        """Yield `first`, then every change after `position`, then new changes until the server stops.

        The stream stays open while the database is down, because a browser does not reconnect after a 503.
        """
        yield EncodedEvents(first)
        due = time.monotonic() + heartbeat
        with self._feeds.subscribe(self._project, version) as feed:
            while not self._feeds.stopped:
                try:
                    events, reached = await self._next(feed, position)
                    if (events or time.monotonic() >= due) and not await self._may_read():
                        return
                except DATABASE_ERRORS:
                    events, reached = [], position
                    await asyncio.sleep(PAUSE_SECONDS)
                if events or time.monotonic() >= due:
                    yield EncodedEvents(b"".join(event.content for event in events) or HEARTBEAT)
                    due = time.monotonic() + heartbeat
                elif reached == position:
                    await feed.wait(due - time.monotonic())
                position = reached

    async def _next(self, feed: Feed, position: int) -> tuple[list[StreamEvent], int]:
        """Return some of the events after `position`, and the number of the last change that they cover.

        If some of them were dropped from the history, that is a `ready` event: the client has to list again.
        """
        recent = feed.events_after(position)
        if recent is not None:
            page = _first_page(recent)
            events = [event for event in page if self._profile in (None, event.profile)]
            return events, page[-1].seq if page else position
        reached = feed.position
        changes = await self._reader.changes(self._project, self._profile, position)
        span = await self._reader.history_span(self._project)  # read last: changes may have been dropped meanwhile
        if span.pruned > position:
            return [StreamEvent(span.version, self._profile or "", _encode_ready(span.version))], span.version
        last = changes.entries[-1].seq if changes.entries else position
        return [encode_event(entry) for entry in changes.entries], last if changes.more else max(last, reached)


def _first_page(events: list[StreamEvent]) -> list[StreamEvent]:
    """Return the first events, limited in size because they stay in memory while the client does not read."""
    sizes = accumulate(len(event.content) for event in events)
    return events[: 1 + sum(size < PAGE_BYTES for size in sizes)]


def _last_event_id(req: falcon.asgi.Request, query: WatchQuery) -> int | None:
    """Return the last change that the client has; the header takes precedence, as reconnecting browsers set it."""
    given = req.get_header("Last-Event-ID")
    if not given:
        return query.last_event_id
    if not (given.isascii() and given.isdigit()) or int(given) > MAX_SEQ:
        raise Problem.validation("header", "Last-Event-ID", msg="This is not an event id of this stream.")
    return int(given)


def _encode_ready(version: int) -> bytes:
    return b"id: %d\nevent: ready\ndata: %s\n\n" % (version, codec.encode(WatchReady(version)))
