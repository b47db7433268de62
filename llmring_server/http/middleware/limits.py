"""ASGI middleware: limits on the size of a request's head and on the time for sending it and reading the response."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import falcon
import msgspec

from llmring_server.http.errors import PROBLEM_JSON, Problem, document
from llmring_server.http.exchange import EXCHANGE, Exchange, Receive, Scope, Send, UnreadResponse
from llmring_server.http.middleware.request_head import check_head
from llmring_server.http.security_headers import NOSNIFF_HEADER

log = logging.getLogger(__name__)

ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

CONNECTION = "llmring.connection"
MAX_HEADERS = 128
MAX_HEAD_BYTES = 65_536  # checked where the connection counts bytes: under `llmring-server serve`
HEAD_TOO_LARGE = f"The head of a request may have at most {MAX_HEAD_BYTES} bytes and {MAX_HEADERS} headers."
CHECKS_PER_LIMIT = 4
NO_STATE: dict[str, Any] = {}


class RequestLimits:
    """The ASGI application `app` with limits for slow clients.

    A head has at most `MAX_HEADERS` headers and passes `check_head`. A request must arrive within `arrival` seconds
    plus one per `MIN_RATE` bytes of its body, otherwise the response is 408; a client that leaves a response unread for
    `unread` seconds is disconnected. The exchange is in the scope as `EXCHANGE`.
    """

    def __init__(self, app: ASGIApp, arrival: float, unread: float, lifespan: ASGIApp | None = None) -> None:
        self._app = app
        self._lifespan = lifespan or app
        self._arrival = arrival
        self._unread = unread
        self._open: set[Exchange] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other scopes go to the application `lifespan`, by default `app`."""
        if scope["type"] != "http":
            return await self._lifespan(scope, receive, send)
        connection = scope.get("state", NO_STATE).get(CONNECTION)
        exchange = scope[EXCHANGE] = Exchange(receive, send, self._arrival, connection)
        self._open.add(exchange)
        if self._timer is None:
            self._schedule()
        try:
            within = connection is None or connection.request_started(scope)
            if not within or len(scope["headers"]) > MAX_HEADERS:
                raise Problem(431, HEAD_TOO_LARGE)
            exchange.expects_continue = check_head(scope)
            await self._app(scope, exchange.receive, exchange.send)
        except UnreadResponse:
            log.info("disconnected a client that left its response unread for %g s", self._unread)
        except Problem as problem:
            if exchange.started:
                raise
            await respond(exchange.send, problem)
        finally:
            self._open.discard(exchange)
            del scope[EXCHANGE]  # a reference cycle through the server's receive and send
            if connection is not None:
                connection.request_finished()
        return None

    def _schedule(self) -> None:
        seconds = min(self._arrival, self._unread) / CHECKS_PER_LIMIT
        self._timer = asyncio.get_running_loop().call_later(seconds, self._check)

    def _check(self) -> None:
        """Check every open exchange, and schedule the next check while there is one."""
        self._timer = None
        now = time.monotonic()
        for exchange in self._open:
            exchange.check(now, self._unread)
        if self._open:
            self._schedule()


async def respond(send: Send, problem: Problem) -> None:
    """Send a problem as the whole response, and close the connection."""
    status = falcon.http_status_to_code(problem.status)
    body = msgspec.json.encode(document(status, problem.description or ""))
    headers = [
        (b"content-type", PROBLEM_JSON.encode()),
        (b"content-length", b"%d" % len(body)),
        (NOSNIFF_HEADER[0].lower().encode(), NOSNIFF_HEADER[1].encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
