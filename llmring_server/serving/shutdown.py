"""Graceful shutdown: from SIGINT or SIGTERM to the end of the process.

After the signal the process is not ready, its streams end, and each response closes its connection. After SIGTERM, open
connections are closed only once no request has arrived for a moment, so that no client loses a response on a connection
that it was about to use. Under `llmring-server serve` with one worker no new connections are accepted meanwhile; the
command `uvicorn`, and several workers, which share a socket, still accept them.
"""

import asyncio
import functools
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import socket
from types import FrameType

import falcon.asgi
import uvicorn

SIGNALS = (signal.SIGINT, signal.SIGTERM)
Handler = Callable[[int, FrameType | None], object]
STATE = "llmring.drain"
IDLE_SECONDS = 0.25
DRAIN_SECONDS = 2.0
POLL_SECONDS = 0.02


class Drain:
    """The drain of a process: whether it has begun, and whether the process is idle."""

    def __init__(self, shutdown_seconds: float) -> None:
        self.begun = False
        self._shutdown_seconds = shutdown_seconds
        self._limit = min(DRAIN_SECONDS, shutdown_seconds / 2)
        self._began = self._last = 0.0

    def begin(self) -> None:
        """Begin to drain."""
        self.begun = True
        self._began = self._last = time.monotonic()

    @property
    def seconds_left(self) -> float:
        """The seconds that are left to finish work: all of them before the drain, at least one."""
        passed = time.monotonic() - self._began if self.begun else 0.0
        return max(self._shutdown_seconds - passed, 1.0)

    def touch(self) -> None:
        """Restart the idle time."""
        self._last = time.monotonic()

    async def wait_idle(self, hurried: Callable[[], bool] = lambda: False) -> None:
        """Return once no request has arrived for `IDLE_SECONDS`, the limit has passed, or `hurried` is true."""
        while not hurried():
            now = time.monotonic()
            if now - self._last >= IDLE_SECONDS or now - self._began >= self._limit:
                return
            await asyncio.sleep(POLL_SECONDS)


class ConnectionCloseMiddleware:
    """Falcon middleware during the drain: each response closes its connection."""

    def __init__(self, drain: Drain) -> None:
        self._drain = drain

    async def process_response(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, req_succeeded: bool
    ) -> None:
        """Add `Connection: close` and restart the idle time."""
        resp.set_header("Connection", "close")
        self._drain.touch()


class GracefulServer(uvicorn.Server):
    """uvicorn's server, which drains before it closes connections; a second signal ends the drain."""

    hurried = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Accept no more connections and exit after the drain, or immediately at a second signal."""
        self.hurried = self.should_exit
        if self.started:  # closed before clients reconnect: connections in a closed listener's backlog are reset
            for server in self.servers:
                server.close()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Wait until the application has drained, then shut down."""
        drain: Drain | None = self.lifespan.state.get(STATE)
        if drain is not None and drain.begun:
            await drain.wait_idle(lambda: self.hurried)
        await super().shutdown(sockets)


@contextmanager
def on_signal(stop: Callable[[], None], drain: Drain) -> Iterator[None]:
    """Call `stop` on the event loop at SIGINT or SIGTERM, then the previous handler; at SIGTERM after the drain.

    A second signal is not delayed. Signals without a handler are not changed, and neither is anything outside the main
    thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    chain = _Chain(stop, drain)
    ours = {number: chain.handler(then) for number, then in before.items() if callable(then)}
    for number, handler in ours.items():
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, handler in ours.items():
            if signal.getsignal(number) is handler:
                signal.signal(number, before[number])


class _Chain:
    """Signal handlers that begin the drain before the previous handlers."""

    def __init__(self, stop: Callable[[], None], drain: Drain) -> None:
        self._stop = stop
        self._drain = drain
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    def handler(self, then: Handler) -> Handler:
        """Return the handler to call before `then`."""

        def handle(number: int, frame: FrameType | None) -> None:
            last = functools.partial(then, number, frame)
            drains = isinstance(getattr(then, "__self__", None), GracefulServer)
            if self._loop.is_closed():
                last()
            else:
                self._loop.call_soon_threadsafe(self._begin, last, number == signal.SIGTERM and not drains)

        return handle

    def _begin(self, last: Callable[[], object], wait: bool) -> None:
        if not self._drain.begun:
            self._stop()
        elif self._task is not None:
            wait = False
        if wait:
            self._task = self._loop.create_task(self._finish(last), name="llmring drain")
        else:
            last()

    async def _finish(self, last: Callable[[], object]) -> None:
        await self._drain.wait_idle()
        last()
