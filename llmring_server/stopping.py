"""The moment a process is asked to end, before uvicorn closes its connections.

At SIGTERM a process first drains: it takes no new connections, says in each answer that the connection ends with it,
and is closed when nobody asks any more, so that no client loses an answer on a connection that it was about to use.
"""

import asyncio
import contextlib
import functools
import signal
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

from llmring_server.exchange import AnyRequest, AnyResponse

SIGNALS = (signal.SIGINT, signal.SIGTERM)
QUIET_SECONDS = 0.25
DRAIN_SECONDS = 2.0


class Drain:
    """Whether this process is about to end, and for how long it still waits for those who ask."""

    def __init__(self, seconds: float) -> None:
        self.begun = False
        self._limit = min(DRAIN_SECONDS, seconds / 2)
        self._quiet = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Have each connection end with its next answer."""
        self.begun = True
        self.asked()

    def asked(self) -> None:
        """Take note that somebody asked."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(QUIET_SECONDS, self._quiet.set)

    async def over(self) -> None:
        """Return when nobody has asked for a moment, or when the time for that is up."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._quiet.wait(), self._limit)


class LastAnswers:
    """Middleware of a process that drains: each answer is its connection's last."""

    def __init__(self, drain: Drain) -> None:
        self._drain = drain

    async def process_response(self, req: AnyRequest, resp: AnyResponse, resource: object, req_succeeded: bool) -> None:
        """Say so, and that somebody asked."""
        resp.set_header("Connection", "close")
        self._drain.asked()


@contextmanager
def on_signal(stop: Callable[[], None], drained: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Call `stop` on the event loop at SIGINT or SIGTERM, then do what was done before; at SIGTERM after `drained`.

    A second signal is not kept waiting. A signal that nobody handles is left alone, and so is everything outside of the
    main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ending = _Ending(stop, drained)
    before = {number: signal.getsignal(number) for number in SIGNALS}
    ours = {number: ending.handler(then) for number, then in before.items() if callable(then)}
    for number, handler in ours.items():
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, handler in ours.items():
            if signal.getsignal(number) is handler:
                signal.signal(number, before[number])


class _Ending:
    """What a signal sets off on the event loop."""

    def __init__(self, stop: Callable[[], None], drained: Callable[[], Awaitable[None]]) -> None:
        self._stop = stop
        self._drained = drained
        self._loop = asyncio.get_running_loop()
        self._draining: asyncio.Task[None] | None = None

    def handler(self, then: Callable[[int, FrameType | None], object]) -> Callable[[int, FrameType | None], None]:
        """Return what stands in for the handler `then`."""

        def handle(number: int, frame: FrameType | None) -> None:
            last = functools.partial(then, number, frame)
            listeners = getattr(getattr(then, "__self__", None), "servers", ())  # uvicorn's, whose handler this is
            if self._loop.is_closed():
                last()
            else:
                self._loop.call_soon_threadsafe(self._begin, number, listeners, last)

        return handle

    def _begin(self, number: int, listeners: Iterable[asyncio.Server], last: Callable[[], object]) -> None:
        for listener in listeners:
            listener.close()
        self._stop()
        if number == signal.SIGTERM and self._draining is None:
            self._draining = self._loop.create_task(self._drain(last), name="llmring drain")
        else:
            last()

    async def _drain(self, last: Callable[[], object]) -> None:
        await self._drained()
        last()
