"""A client's connection under `llmring-server serve`: uvicorn's HTTP protocol, with limits it does not have.

With uvicorn itself, pass `--http llmring_server.serving.connection:LimitedConnection`.
"""

import asyncio
from http import HTTPStatus
from typing import Any, cast

import msgspec
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from llmring_server.http.errors import PROBLEM_JSON, document
from llmring_server.http.exchange import Scope
from llmring_server.http.middleware.limits import CONNECTION, HEAD_TOO_LARGE, MAX_HEAD_BYTES
from llmring_server.http.security_headers import NOSNIFF_HEADER
from llmring_server.settings import ConnectionLimits

HTTP = "llmring_server.serving.connection:LimitedConnection"
LIMITS = "llmring.connection_limits"
MAX_UNCLAIMED = 4 * MAX_HEAD_BYTES  # a head, as much before it, and what uvicorn buffers of a body
MAX_FRAMING = 8  # bytes per byte of a body: chunks of one byte take six
LINGER_SECONDS = 2.0
CHECKS_PER_LIMIT = 4


class LimitedConnection(asyncio.Protocol):
    """uvicorn's protocol, closed when its client is silent, sends a head too slowly, or does not read.

    It sees bytes alone; what requests they make up the application's `RequestLimits` reports, which finds this object
    in the state of the scope. Bytes that no request claims are bounded: endless heads, chunk extensions, trailers and
    requests that are sent without waiting for responses.
    """

    def __init__(self, app_state: dict[str, Any], **given: Any) -> None:
        self._limits: ConnectionLimits = app_state.get(LIMITS, ConnectionLimits())
        self._protocol = AutoHTTPProtocol(app_state={**app_state, CONNECTION: self}, **given)  # type: ignore[call-arg]
        self._loop = asyncio.get_running_loop()
        self._unclaimed = 0
        self.lost = False
        self._requests = 0  # that are being served
        self._silent_since: float | None = None  # when a head began to be awaited
        self._timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Pass the connection on, and expect a head."""
        self._transport = cast(asyncio.Transport, transport)
        self._silent_since = self._loop.time()
        self._protocol.connection_made(transport)
        self._check_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass the end of the connection on."""
        for timer in (self._timer, self._unread):
            if timer is not None:
                timer.cancel()
        self.lost = True
        self._protocol.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on, unless there are too many that belong to no request."""
        if self._unclaimed > MAX_UNCLAIMED:
            return self._refuse(431, HEAD_TOO_LARGE)
        self._unclaimed += len(data)
        if self._silent_since is None and not self._requests:
            self._silent_since = self._loop.time()
        return self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass the client's end of sending on."""
        return self._protocol.eof_received()

    def pause_writing(self) -> None:
        """Give the client time to read what it asked for."""
        self._protocol.pause_writing()
        if self._unread is None:
            self._unread = self._loop.call_later(self._limits.unread, self._transport.abort)

    def resume_writing(self) -> None:
        """Go on: the client reads."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        self._protocol.resume_writing()

    def request_started(self, scope: Scope) -> bool:
        """Claim the bytes of a request's head, and return whether it is within `MAX_HEAD_BYTES`."""
        self._requests += 1
        self._silent_since = None
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
        """Take note of the end of a response."""
        self._requests -= 1

    def _claim(self, size: int) -> None:
        self._unclaimed = max(0, self._unclaimed - size)

    def _check_later(self) -> None:
        self._timer = self._loop.call_later(self._limits.arrival / CHECKS_PER_LIMIT, self._check)

    def _check(self) -> None:
        """Close the connection when a head has been awaited for too long."""
        if self._silent_since is None or self._loop.time() - self._silent_since < self._limits.arrival:
            self._check_later()
        elif self._unclaimed:
            self._refuse(408, "the request did not arrive in time")
        else:
            self._transport.close()

    def _refuse(self, status: int, detail: str) -> None:
        """Answer unless another response is being sent, and close, soon even when the client does not read."""
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
