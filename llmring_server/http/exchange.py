"""One request and its response, as ASGI events, with the time that the client may take for both."""

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
LATE = "the request did not arrive in time"


class UnreadResponse(ConnectionError):
    """The client has left a response unread for too long."""


class Connection(Protocol):
    """What the connection of `llmring-server serve` wants to know of the requests on it; `lost` once it is closed."""

    lost: bool

    def request_started(self, scope: Scope) -> bool:
        """Take note of a request, and return whether its head is within the limit."""
        ...

    def body_received(self, size: int) -> None:
        """Take note of `size` bytes of a request body that the application has received."""
        ...

    def request_finished(self) -> None:
        """Take note of the end of a response."""
        ...


class Exchange:
    """A request and its response; `receive` and `send` are the ASGI callables for the application.

    `started` is true once the response has begun, `broke_off` once the client has gone before the end of its request.
    `check` ends a wait for the request that takes longer than `arrival` seconds and one more for every `MIN_RATE` bytes
    of the body, and a wait for the client to read that takes too long.
    """

    __slots__ = (
        "_arrival_due",
        "_blocked_since",
        "_connection",
        "_gone",
        "_late",
        "_more_body",
        "_receive",
        "_receiving",
        "_seen",
        "_send",
        "_sending",
        "_sends",
        "_task",
        "broke_off",
    )

    def __init__(self, receive: Receive, send: Send, arrival: float, connection: Connection | None) -> None:
        self._receive = receive
        self._send = send
        self._connection = connection
        self._task = asyncio.current_task()
        self._arrival_due = time.monotonic() + arrival
        self._more_body = True
        self._receiving = self._sending = self._late = self.broke_off = False
        self._sends = self._seen = 0
        self._gone: asyncio.Event | None = None

    @property
    def started(self) -> bool:
        """Whether the response has begun."""
        return self._sends > 0

    async def receive(self) -> Event:
        """Return the next event of the request.

        Raises:
            Problem: 408, the request did not arrive in time.
        """
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
            self.broke_off = self._more_body
            self._gone = self._gone or asyncio.Event()
            self._gone.set()
        return event

    async def send(self, event: dict[str, Any]) -> None:
        """Send an event of the response.

        Raises:
            UnreadResponse: the client has left the response unread for too long.
        """
        self._sends += 1
        self._sending = True
        try:
            await self._send(event)
        except asyncio.CancelledError:
            if self._end_late_wait():
                raise UnreadResponse from None
            raise
        except RuntimeError:
            # uvicorn reports a lost connection to the latest request on it alone; earlier ones write to it
            if self._connection is None or not self._connection.lost:
                raise
        self._sending = False

    async def disconnected(self) -> None:
        """Return when the client has disconnected, which another task finds out by receiving."""
        self._gone = self._gone or asyncio.Event()
        await self._gone.wait()

    def check(self, now: float, unread: float) -> None:
        """End the wait for a client that has taken too long; `now` is `time.monotonic()`, `unread` in seconds.

        A wait for the client to read is measured from the first check that sees it.
        """
        if self._sending and self._seen != self._sends:
            self._seen, self._blocked_since = self._sends, now
        elif (self._sending and now - self._blocked_since > unread) or (self._receiving and now > self._arrival_due):
            self._late = True
            if self._task is not None:
                self._task.cancel()

    def _count(self, event: Event) -> None:
        self._more_body = event.get("more_body", False)
        size = len(event.get("body", b""))
        if size:
            self._arrival_due += size / MIN_RATE
            if self._connection is not None:
                self._connection.body_received(size)

    def _end_late_wait(self) -> bool:
        """Whether the running task was cancelled by `check`, in which case it goes on."""
        self._receiving = self._sending = False
        task = asyncio.current_task()
        if not self._late or task is None or task is not self._task:
            return False
        self._late = False
        return task.uncancel() == 0
