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

MIN_RATE = 4_096  # bytes per second


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
    `check` ends a wait that takes longer than `arrival` seconds, and one more for every `MIN_RATE` bytes of the body,
    for the request, or `unread` seconds for the client to read.
    """

    __slots__ = (
        "_arrival_due",
        "_connection",
        "_gone",
        "_late",
        "_more_body",
        "_receive",
        "_receiver",
        "_send",
        "_sender",
        "_unread",
        "_unread_due",
        "broke_off",
        "started",
    )

    def __init__(
        self, receive: Receive, send: Send, arrival: float, unread: float, connection: Connection | None
    ) -> None:
        self._receive = receive
        self._send = send
        self._connection = connection
        self._arrival_due = time.monotonic() + arrival
        self._unread = unread
        self._unread_due = 0.0
        self._more_body = True
        self._receiver: asyncio.Task[Any] | None = None
        self._sender: asyncio.Task[Any] | None = None
        self._late: asyncio.Task[Any] | None = None
        self._gone: asyncio.Event | None = None
        self.broke_off = False
        self.started = False

    async def receive(self) -> Event:
        """Return the next event of the request.

        Raises:
            Problem: 408, the request did not arrive in time.
        """
        self._receiver = asyncio.current_task() if self._more_body else None
        try:
            event = await self._receive()
        except asyncio.CancelledError:
            if not self._was_late():
                raise
            detail = "the request did not arrive in time"
            raise Problem(408, detail, headers={"Connection": "close"}) from None
        finally:
            self._receiver = None
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
        self.started = True
        self._unread_due = time.monotonic() + self._unread
        self._sender = asyncio.current_task()
        try:
            await self._send(event)
        except asyncio.CancelledError:
            if not self._was_late():
                raise
            raise UnreadResponse from None
        except RuntimeError:
            # uvicorn reports a lost connection to the latest request on it alone; earlier ones write to it
            if self._connection is None or not self._connection.lost:
                raise
        finally:
            self._sender = None

    async def disconnected(self) -> None:
        """Return when the client has disconnected, which another task finds out by receiving."""
        self._gone = self._gone or asyncio.Event()
        await self._gone.wait()

    def check(self, now: float) -> None:
        """End the wait for a client that has taken too long; `now` is `time.monotonic()`."""
        if self._receiver is not None and now > self._arrival_due:
            self._late = self._receiver
        elif self._sender is not None and now > self._unread_due:
            self._late = self._sender
        else:
            return
        self._late.cancel()

    def _count(self, event: Event) -> None:
        self._more_body = event.get("more_body", False)
        size = len(event.get("body", b""))
        if size:
            self._arrival_due += size / MIN_RATE
            if self._connection is not None:
                self._connection.body_received(size)

    def _was_late(self) -> bool:
        """Whether the running task was cancelled by `check`; it then goes on."""
        task = asyncio.current_task()
        if task is None or task is not self._late:
            return False
        self._late = None
        return task.uncancel() == 0
