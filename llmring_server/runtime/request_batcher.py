"""Batching: requests that arrive together are executed together, one batch at a time."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

RequestT = TypeVar("RequestT")
ResultT = TypeVar("ResultT")


class RequestBatcher(Generic[RequestT, ResultT]):
    """Each request joins the next batch to start, so it never gets a result read before it was made.

    While a batch is executed, requests wait for the next one: there is one round trip at a time, and no timer. `batch`
    receives at most `most` requests and returns their results in order. When it raises, all waiting requests fail,
    those of the next batch too, since an unavailable service would only delay them more. `room` limits the number of
    waiting requests.
    """

    def __init__(
        self,
        batch: Callable[[Sequence[RequestT]], Awaitable[Sequence[ResultT]]],
        *,
        most: int,
        name: str,
        room: int | None = None,
    ) -> None:
        self._batch = batch
        self._most = most
        self._room = room
        self._name = name
        self._waiting: dict[asyncio.Future[ResultT], RequestT] = {}
        self._running: asyncio.Task[None] | None = None

    async def execute(self, request: RequestT, within: float | None = None) -> ResultT:
        """Return the result of a request; raises what `batch` raises.

        Raises:
            TimeoutError: its batch has not started within `within` seconds.
            asyncio.QueueFull: too many requests are waiting.
        """
        starts_batch = self._running is None
        result = self.submit(request)
        if starts_batch or within is None:
            return await result
        timer = asyncio.get_running_loop().call_later(within, self._expire, result)
        try:
            return await result
        finally:
            timer.cancel()

    def submit(self, request: RequestT) -> "asyncio.Future[ResultT]":
        """Return the future result of a request, which takes part in its batch also if nothing waits for it.

        Raises:
            asyncio.QueueFull: too many requests are waiting.
        """
        if self._room is not None and len(self._waiting) >= self._room:
            raise asyncio.QueueFull
        result: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        self._waiting[result] = request
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name=self._name)
        return result

    async def close(self) -> None:
        """Stop; waiting requests are cancelled."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    async def _run(self) -> None:
        current: list[tuple[RequestT, asyncio.Future[ResultT]]] = []
        try:
            while self._waiting:
                waiting = [(request, result) for result, request in self._waiting.items() if not result.done()]
                current = waiting[: self._most]
                self._waiting = {result: request for request, result in waiting[self._most :]}
                results = await self._batch([request for request, _ in current]) if current else []
                for (_, result), found in zip(current, results, strict=True):
                    if not result.done():
                        result.set_result(found)
        except asyncio.CancelledError:
            for result in self._take_pending(current):
                result.cancel()
            raise
        except Exception as error:
            for result in self._take_pending(current):
                result.set_exception(error)
        finally:
            self._running = None

    def _take_pending(
        self, current: list[tuple[RequestT, "asyncio.Future[ResultT]"]]
    ) -> list["asyncio.Future[ResultT]"]:
        """Return the pending results, including those of the next batch."""
        left, self._waiting = [*(result for _, result in current), *self._waiting], {}
        return [result for result in left if not result.done()]

    def _expire(self, result: "asyncio.Future[ResultT]") -> None:
        """Fail a request whose batch has not started."""
        if result in self._waiting and not result.done():
            result.set_exception(TimeoutError())
