"""A client's connection under `llmring-server serve`: uvicorn's HTTP protocol with additional limits.

With the command `uvicorn`, pass `--http llmring_server.serving.connection:LimitedConnection`.
"""

import asyncio
from http import HTTPStatus
from typing import Any, cast

import falcon
import msgspec
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from llmring_server.http.errors import PROBLEM_JSON, Problem, document
from llmring_server.http.exchange import LATE, Scope
from llmring_server.http.middleware.limits import CONNECTION, HEAD_TOO_LARGE, MAX_HEAD_BYTES
from llmring_server.http.security_headers import NOSNIFF_HEADER
from llmring_server.serving.connection_limits import ConnectionLimits
from llmring_server.serving.framing import RequestFraming

HTTP = "llmring_server.serving.connection:LimitedConnection"
LIMITS = "llmring.connection_limits"
MAX_UNCLAIMED = 4 * MAX_HEAD_BYTES  # a head, as much before it, and uvicorn's buffer of a body
MAX_FRAMING = 8  # bytes per byte of a body: a chunk of one byte is six bytes
LINGER_SECONDS = 2.0
CHECKS_PER_LIMIT = 4


class LimitedConnection(asyncio.Protocol):
    """uvicorn's protocol, closed when the client is idle, sends a head too slowly, or does not read.

    It counts bytes; the application's `RequestLimits` reports their requests to this object, which is in the state of
    the scope. Bytes that belong to no request are limited: endless heads, chunk extensions, trailers and pipelined
    requests.
    """

    def __init__(self, app_state: dict[str, Any], **given: Any) -> None:
        self._limits: ConnectionLimits = app_state.get(LIMITS, ConnectionLimits())
        self._protocol = AutoHTTPProtocol(app_state={**app_state, CONNECTION: self}, **given)  # type: ignore[call-arg]
        self._framing = RequestFraming()
        self._loop = asyncio.get_running_loop()
        self._unclaimed = 0
        self.lost = False
        self._requests = 0  # being served
        self._idle_since: float | None = None  # start of the wait for a head
        self._timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Forward the event, and wait for a head."""
        self._transport = cast(asyncio.Transport, transport)
        self._idle_since = self._loop.time()
        self._protocol.connection_made(transport)
        self._schedule_check()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forward the event, and cancel the timers."""
        for timer in (self._timer, self._unread):
            if timer is not None:
                timer.cancel()
        self.lost = True
        self._protocol.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Forward bytes as `RequestFraming` returns them, unless too many belong to no request.

        The event is forwarded even without bytes, because it ends uvicorn's wait for the next request.
        """
        if self._unclaimed > MAX_UNCLAIMED:
            return self._refuse(431, HEAD_TOO_LARGE)
        self._unclaimed += len(data)
        if self._idle_since is None and not self._requests:
            self._idle_since = self._loop.time()
        try:
            data = self._framing.feed(data)
        except Problem as problem:
            return self._refuse(falcon.http_status_to_code(problem.status), problem.description or "")
        return self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        """Forward the event."""
        return self._protocol.eof_received()

    def pause_writing(self) -> None:
        """Forward the event, and start the time limit for reading."""
        self._protocol.pause_writing()
        if self._unread is None:
            self._unread = self._loop.call_later(self._limits.unread, self._transport.abort)

    def resume_writing(self) -> None:
        """Stop the time limit for reading, and forward the event."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        self._protocol.resume_writing()

    def request_started(self, scope: Scope) -> bool:
        """Claim the bytes of a request's head, and return whether it is within `MAX_HEAD_BYTES`."""
        self._requests += 1
        self._idle_since = None
        if self._unclaimed <= MAX_HEAD_BYTES:
            return True
        size = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
        size += len(scope["raw_path"]) + len(scope["query_string"])
        self._claim(size)
        return size <= MAX_HEAD_BYTES

    def body_received(self, size: int) -> None:
        """Claim the bytes of a part of a body."""
        self._claim(MAX_FRAMING * size)

    def request_finished(self) -> None:
        """Register the end of a response."""
        self._requests -= 1

    def _claim(self, size: int) -> None:
        self._unclaimed = max(0, self._unclaimed - size)

    def _schedule_check(self) -> None:
        self._timer = self._loop.call_later(self._limits.arrival / CHECKS_PER_LIMIT, self._check)

    def _check(self) -> None:
        """Close the connection when the wait for a head is too long."""
        if self._idle_since is None or self._loop.time() - self._idle_since < self._limits.arrival:
            self._schedule_check()
        elif self._unclaimed:
            self._refuse(408, LATE)
        else:
            self._transport.close()

    def _refuse(self, status: int, detail: str) -> None:
        """Send a problem unless a response is in progress, and close soon even if the client does not read."""
        if self._transport.is_closing():
            return
        if not self._requests:
            self._transport.write(_response(status, detail))
        self._transport.close()
        self._loop.call_later(LINGER_SECONDS, self._transport.abort)


def _response(status: int, detail: str) -> bytes:
    body = msgspec.json.encode(document(status, detail))
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{NOSNIFF_HEADER[0]}: {NOSNIFF_HEADER[1]}\r\n"
        f"content-type: {PROBLEM_JSON}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
