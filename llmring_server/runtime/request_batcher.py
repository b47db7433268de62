"""Questions that many requests ask one at a time, asked together: one flight under way, the next one gathering."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

QuestionT = TypeVar("QuestionT")
AnswerT = TypeVar("AnswerT")


class Flights(Generic[QuestionT, AnswerT]):
    """Whoever asks is answered by the first flight that leaves afterwards, so never with what was true before.

    While a flight is under way, those who ask gather for the next: however many they are, there is one round trip at
    a time, and no timer. `fly` is given at most `most` questions and returns their answers in order. When it raises,
    everyone who waits is told so, those who gather too: what is away would keep them waiting once more. With `room`,
    no more than that many gather.
    """

    def __init__(
        self,
        fly: Callable[[Sequence[QuestionT]], Awaitable[Sequence[AnswerT]]],
        *,
        most: int,
        name: str,
        room: int | None = None,
    ) -> None:
        self._fly = fly
        self._most = most
        self._room = room
        self._name = name
        self._waiting: list[tuple[QuestionT, asyncio.Future[AnswerT]]] = []
        self._flight: asyncio.Task[None] | None = None

    async def ask(self, question: QuestionT, within: float | None = None) -> AnswerT:
        """Return the answer to a question; raises what `fly` raises.

        Raises:
            TimeoutError: it has waited for the flight before its own, and `within` seconds have gone by.
            asyncio.QueueFull: there is no room to wait in.
        """
        if self._room is not None and len(self._waiting) >= self._room:
            raise asyncio.QueueFull
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[AnswerT] = loop.create_future()
        self._waiting.append((question, answer))
        if self._flight is None:
            self._flight = asyncio.create_task(self._run(), name=self._name)
        elif within is not None:
            timer = loop.call_later(within, _expire, answer)
            try:
                return await answer
            finally:
                timer.cancel()
        return await answer

    async def close(self) -> None:
        """Break off; whoever waits is cancelled."""
        if self._flight is not None:
            self._flight.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._flight

    async def _run(self) -> None:
        aboard: list[tuple[QuestionT, asyncio.Future[AnswerT]]] = []
        try:
            while self._waiting:
                waiting = [(question, answer) for question, answer in self._waiting if not answer.done()]
                aboard, self._waiting = waiting[: self._most], waiting[self._most :]
                answers = await self._fly([question for question, _ in aboard]) if aboard else []
                for (_, answer), found in zip(aboard, answers, strict=True):
                    if not answer.done():
                        answer.set_result(found)
        except asyncio.CancelledError:
            for answer in self._left(aboard):
                answer.cancel()
            raise
        except Exception as error:
            for answer in self._left(aboard):
                answer.set_exception(error)
        finally:
            self._flight = None

    def _left(self, aboard: list[tuple[QuestionT, "asyncio.Future[AnswerT]"]]) -> list["asyncio.Future[AnswerT]"]:
        """Return the answers that nobody will give now, those of the next flight too."""
        left, self._waiting = [*aboard, *self._waiting], []
        return [answer for _, answer in left if not answer.done()]


def _expire(answer: "asyncio.Future[AnswerT]") -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())
