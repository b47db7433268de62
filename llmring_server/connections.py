"""One client's connection: uvicorn's, with limits on how long it may be kept waiting and on what it holds meanwhile.

`llmring-server serve` uses it; with uvicorn itself, pass `--http llmring_server.connections:Connection`.
"""

import asyncio
import resource
from operator import itemgetter
from typing import Any

import msgspec
from uvicorn.config import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from llmring_server.at_once import AT_ONCE, AtOnce
from llmring_server.errors import PROBLEM_JSON, RETRY_AFTER_SECONDS, document
from llmring_server.outgoing import Outgoing, outbox_of
from llmring_server.security import TAKE_AT_ITS_WORD

HTTP = "llmring_server.connections:Connection"
STATE = "llmring_connections"
MAX_HEAD_BYTES = 65_536
MAX_HEADERS = 128
MAX_PIPELINED = 256
MAX_FRAMING = 8  # bytes for each byte of a body: chunks of one byte take five
MIN_RATE = 4_096  # bytes a second
LINGER_SECONDS = 2.0
RESERVED_FILES = 128
FORWARDED = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})
NAME = itemgetter(0)


class ConnectionLimits(msgspec.Struct, frozen=True):
    """What a connection may cost: `arrival` and `unread` in seconds, `number` of connections of a process.

    A request must have arrived whole after `arrival` seconds and one more for every `MIN_RATE` bytes of it; a client
    that leaves an answer unread for `unread` seconds is cut off.
    """

    arrival: float = 20.0
    unread: float = 30.0
    number: int = 10_000


class Refused(Exception):
    """A request that is not read on: its status, and a sentence that says why."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Connection(HttpToolsProtocol):
    """uvicorn's connection that answers 408, 431 or 503 and closes where the other would wait or grow without end."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits: ConnectionLimits = app_state.get(STATE, DEFAULTS)
        self.access_log = self.access_log and config.access_log  # uvicorn goes by the log's handlers alone
        self._behind: Any = self.app.app if isinstance(self.app, ProxyHeadersMiddleware) else self.app
        self._since = 0.0
        self._received = 0
        self._body = 0
        self._arrival: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._refused: Refused | None = None
        self._earlier: list[RequestResponseCycle] = []

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or refuse it when there are too many."""
        super().connection_made(transport)
        self.transport = self._outgoing = Outgoing(transport, outbox_of(self.app_state, self.loop))  # type: ignore[assignment]
        if len(self.connections) > self._limits.number:
            self._refuse(Refused(503, "this server has as many connections as it takes; try again shortly"))
        else:
            self._await_rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timers, and tell every request that is not answered yet; uvicorn tells the latest alone."""
        self._cancel_arrival()
        self.resume_writing()
        for cycle in self._earlier:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and mind time and size while a request has not arrived whole."""
        self._received += len(data)
        super().data_received(data)
        if self._in_head() or self.cycle.more_body:
            self._await_rest()
        else:
            self._received = self._body = 0
            if self._arrival is not None:
                self._cancel_arrival()

    def on_headers_complete(self) -> None:
        """Refuse a head that is too large, and requests that come faster than they are answered."""
        if len(self.headers) > MAX_HEADERS or (self._received > MAX_HEAD_BYTES and self._head_bytes() > MAX_HEAD_BYTES):
            self._refused = head_too_large()
        elif len(self.pipeline) >= MAX_PIPELINED:
            self._refused = Refused(429, f"more than {MAX_PIPELINED} requests wait on this connection")
        if self._refused is not None:
            raise self._refused
        if self.cycle is not None and not self.cycle.response_complete:
            self._earlier = [cycle for cycle in self._earlier if not cycle.response_complete] + [self.cycle]
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Begin to serve: at once where the application can, and past the reading of proxies' headers without any."""
        extensions: dict[str, Any] = cycle.scope.setdefault("extensions", {})
        extensions[AT_ONCE] = AtOnce(cycle)
        if app is self.app and FORWARDED.isdisjoint(map(NAME, cycle.scope["headers"])):
            app = self._behind
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """Note how much of what has arrived is body."""
        self._body += len(body)
        super().on_body(body)

    def eof_received(self) -> None:
        """Send what waits to a client that says no more: with its half of the connection, the transport closes ours."""
        self._outgoing.send()

    def pause_writing(self) -> None:
        """Give the client time to read what it asked for."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self._limits.unread, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: the client reads."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def shutdown(self) -> None:
        """End the connection, soon when its client does not read."""
        super().shutdown()
        if self._unread is not None or self.transport.is_closing():
            self._abort_later()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, even one whose client has left an answer unread."""
        super().timeout_keep_alive_handler()
        self._abort_later()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or what was found too much while it was read."""
        self._refuse(self._refused or Refused(400, "this is no HTTP/1.1 request"))

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing of clients that offer HTTP/2 or WebSockets: they are answered in HTTP/1.1."""

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _await_rest(self) -> None:
        """Have the rest of a request arrive in time, with no more beside its body than a head may have."""
        if self.transport.is_closing():
            return
        if self._received > MAX_HEAD_BYTES + MAX_FRAMING * self._body:
            self._refuse(head_too_large())
        elif self._arrival is None:
            self._since = self.loop.time()
            self._arrival = self.loop.call_later(self._limits.arrival, self._late)

    def _late(self) -> None:
        """Close when the time is up; wait on for a body that comes fast enough, or that waits for us to read it."""
        wanted = self.cycle is not None and not self.cycle.response_complete and not self._in_head()
        due = self._since + self._limits.arrival + (self._body / MIN_RATE if wanted else 0)
        left = self._limits.arrival if wanted and self.flow.read_paused else due - self.loop.time()
        if left > 0:
            self._arrival = self.loop.call_later(left, self._late)
        elif self._received:
            self._refuse(Refused(408, "the request did not arrive in time"))
        else:
            self.transport.close()

    def _cancel_arrival(self) -> None:
        if self._arrival is not None:
            self._arrival.cancel()
            self._arrival = None

    def _refuse(self, refused: Refused) -> None:
        """Answer where an answer is due, and close."""
        self._cancel_arrival()
        if self.transport.is_closing():
            return
        if self._due():
            self.transport.write(_answer(refused, self.server_state.default_headers))
        self.transport.close()
        self._abort_later()

    def _due(self) -> bool:
        """Whether the request that arrives is the next one to be answered, and has no answer yet."""
        if self.cycle is None or self.cycle.response_complete:
            return self.cycle is None or self._in_head()
        return not self.cycle.response_started and not self._in_head()

    def _in_head(self) -> bool:
        """Whether the head of a request is being read: the application has not been given its scope."""
        return self.cycle is None or self.cycle.scope is not self.scope

    def _abort_later(self) -> None:
        """Have a closed connection gone in a moment, whether or not its client reads what is left."""
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)


DEFAULTS = ConnectionLimits()


def head_too_large() -> Refused:
    """Return the refusal of a request line and headers beyond their limits."""
    return Refused(431, f"a request's head has at most {MAX_HEAD_BYTES} bytes and {MAX_HEADERS} headers")


def most_connections() -> int:
    """Return how many connections a process can hold: its open files, less those that it needs itself."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(RESERVED_FILES, allowed - RESERVED_FILES)


def _answer(refused: Refused, headers: list[tuple[bytes, bytes]]) -> bytes:
    body = msgspec.json.encode(document(refused.status, refused.detail))
    said = [name + b": " + value + b"\r\n" for name, value in headers]
    said.append("{}: {}\r\n".format(*TAKE_AT_ITS_WORD).encode())
    if refused.status == 503:
        said.append(f"retry-after: {RETRY_AFTER_SECONDS}\r\n".encode())
    ending = f"content-type: {PROBLEM_JSON}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return b"".join([STATUS_LINE[refused.status], *said, ending.encode(), body])
