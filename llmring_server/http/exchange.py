"""One request and its response, as ASGI events, with time limits for the client."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias

from llmring_server.http.errors import Problem

Scope: TypeAlias = dict[str, Any]
Event: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

EXCHANGE = "llmring.exchange"  # the key of the exchange in the scope
MIN_RATE = 4_096  # bytes per second
LATE = "The request did not arrive in time."
BODY_FOLLOWS: Event = {"type": "http.request", "body": b"", "more_body": True}
CLOSE = (b"connection", b"close")


class UnreadResponse(ConnectionError):
    """The client has left a response unread for too long."""


class Connection(Protocol):
    """The connection of `llmring-server serve`, which is notified of its requests; `lost` once it is closed."""

    lost: bool

    def request_started(self, scope: Scope) -> bool:
        """Register a request, and return whether its head is within the limit."""
        ...

    def body_received(self, size: int) -> None:
        """Register `size` bytes of a request body that the application has received."""
        ...

    def request_finished(self) -> None:
        """Register the end of a response."""
        ...


class Exchange:
    """A request and its response; `receive` and `send` are the ASGI callables for the application.

    `started` is true once the response has begun, `incomplete` once the client has disconnected before the end of its
    request. `check` ends a wait for the request that takes longer than `arrival` seconds plus one per `MIN_RATE` bytes
    of the body, and a wait for the client to read that takes too long.

    Servers send 100 Continue when a body is received, and Falcon receives the first event of every request. With
    `expects_continue` that event is `BODY_FOLLOWS`, and a response before the second closes the connection.
    """

    incomplete = False
    expects_continue = False
    _receives = 0
    _more_body = True
    _receiving = False
    _sending = False
    _sends = 0
    _seen = 0  # the send that the last check saw
    _blocked_since = 0.0
    _late = False
    _disconnected: asyncio.Event | None = None

    def __init__(self, receive: Receive, send: Send, arrival: float, connection: Connection | None) -> None:
        self._receive = receive
        self._send = send
        self._connection = connection
        self._task = asyncio.current_task()
        self._arrival_due = time.monotonic() + arrival

    @property
    def started(self) -> bool:
        """Whether the response has begun."""
        return self._sends > 0

    async def receive(self) -> Event:
        """Return the next event of the request.

        Raises:
            Problem: 408, the request did not arrive in time.
        """
        if self.expects_continue:
            self._receives += 1
            if self._receives == 1:
                return BODY_FOLLOWS
            self.expects_continue = False
        self._receiving = self._more_body
        try:
            event = await self._receive()
        except asyncio.CancelledError:
            if self._end_late_wait():
                raise Problem(408, LATE, headers={"Connection": "close"}) from None
            raise
        self._receiving = False
        if event["type"] == "http.request":
            self._count(event)
        else:
            self.incomplete = self._more_body
            self._disconnected = self._disconnected or asyncio.Event()
            self._disconnected.set()
        return event

    async def send(self, event: dict[str, Any]) -> None:
        """Send an event of the response.

        Raises:
            UnreadResponse: the client has left the response unread for too long.
        """
        if self.expects_continue and not self._sends:
            event = {**event, "headers": [*(pair for pair in event["headers"] if pair != CLOSE), CLOSE]}
        self._sends += 1
        self._sending = True
        try:
            await self._send(event)
        except asyncio.CancelledError:
            if self._end_late_wait():
                raise UnreadResponse from None
            raise
        except RuntimeError:
            # uvicorn reports a lost connection only to the latest request on it; earlier ones still write to it
            if self._connection is None or not self._connection.lost:
                raise
        self._sending = False

    async def wait_for_disconnect(self) -> None:
        """Return when the client has disconnected, which another task detects by receiving."""
        self._disconnected = self._disconnected or asyncio.Event()
        await self._disconnected.wait()

    def check(self, now: float, unread: float) -> None:
        """End the wait for a client that has taken too long; `now` is `time.monotonic()`, `unread` in seconds.

        A wait for the client to read is measured from the first check that sees it.
        """
        if self._sending and self._seen != self._sends:
            self._seen, self._blocked_since = self._sends, now
        elif self._late or self._task is None:
            return
        elif (self._sending and now - self._blocked_since > unread) or (self._receiving and now > self._arrival_due):
            self._late = True
            self._task.cancel()

    def _count(self, event: Event) -> None:
        self._more_body = event.get("more_body", False)
        size = len(event.get("body", b""))
        if size:
            self._arrival_due += size / MIN_RATE
            if self._connection is not None:
                self._connection.body_received(size)

    def _end_late_wait(self) -> bool:
        """Whether the running task was cancelled by `check`, in which case it continues."""
        self._receiving = self._sending = False
        task = asyncio.current_task()
        if not self._late or task is None or task is not self._task:
            return False
        self._late = False
        return task.uncancel() == 0
