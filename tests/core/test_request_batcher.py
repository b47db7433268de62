"""RequestBatcher: many questions in few round trips, each answered by one that left after it was asked."""

import asyncio
import contextlib

import pytest

from llmring_server.runtime.request_batcher import RequestBatcher


class Port:
    """Where batcher arrive: notes who was aboard, and lets each of them go on when it is told to."""

    def __init__(self):
        self.batches = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def execute(self, questions):
        self.batches.append(list(questions))
        await self.gate.wait()
        return [question * 10 for question in questions]


def ran(scene, most=100, room=None):
    """Run `scene(port, batcher)` and return what it gives."""

    async def run():
        port = Port()
        batcher = RequestBatcher(port.execute, most=most, name="test", room=room)
        try:
            return await asyncio.wait_for(scene(port, batcher), 10)
        finally:
            await batcher.close()

    return asyncio.run(run())


async def begun(*asked):
    """Start tasks and return them once each has asked."""
    tasks = [asyncio.create_task(one) for one in asked]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def test_everyone_gets_an_answer_of_their_own():
    async def scene(port, batcher):
        return await asyncio.gather(*(batcher.execute(n) for n in range(50)))

    assert ran(scene) == [n * 10 for n in range(50)]


def test_whoever_finds_no_room_to_wait_in_is_refused_at_once_and_nobody_else():
    async def scene(port, batcher):
        port.gate.clear()
        aboard = await begun(batcher.execute(1))
        waiting = await begun(*(batcher.execute(n) for n in (2, 3)))
        with pytest.raises(asyncio.QueueFull):
            await batcher.execute(4)
        port.gate.set()
        return await asyncio.gather(*aboard, *waiting), await batcher.execute(5)

    assert ran(scene, room=2) == ([10, 20, 30], 50)


def test_who_asks_during_a_flight_shares_the_next():
    async def scene(port, batcher):
        port.gate.clear()
        first = await begun(batcher.execute(1))
        later = await begun(*(batcher.execute(n) for n in (2, 3, 4)))
        port.gate.set()
        await asyncio.gather(*first, *later)
        return port.batches

    assert ran(scene) == [[1], [2, 3, 4]]


def test_a_flight_has_so_many_places_and_no_more():
    async def scene(port, batcher):
        await asyncio.gather(*(batcher.execute(n) for n in range(5)))
        return port.batches

    assert ran(scene, most=2) == [[0, 1], [2, 3], [4]]


def test_who_goes_away_takes_no_other_along():
    async def scene(port, batcher):
        port.gate.clear()
        gone, stays = await begun(batcher.execute(1), batcher.execute(2))
        gone.cancel()
        port.gate.set()
        return await stays

    assert ran(scene) == 20


def test_a_failure_is_told_to_all_who_wait_and_the_next_flight_leaves_again():
    async def scene(port, batcher):
        answers = iter([OSError("away"), [30]])

        async def execute(questions):
            await port.gate.wait()
            answer = next(answers)
            if isinstance(answer, OSError):
                raise answer
            return answer

        batcher = RequestBatcher(execute, most=1, name="test")
        port.gate.clear()
        waiting = await begun(batcher.execute(1), batcher.execute(2))
        port.gate.set()
        told = await asyncio.gather(*waiting, return_exceptions=True)
        return [str(error) for error in told], await batcher.execute(3)

    assert ran(scene) == (["away", "away"], 30)


def test_nobody_waits_for_ever_on_answers_that_are_too_few():
    async def scene(port, batcher):
        async def execute(questions):
            return []

        with pytest.raises(ValueError, match="zip"):
            await RequestBatcher(execute, most=1, name="test").execute(1)

    ran(scene)


def test_at_the_end_whoever_waits_is_cancelled():
    async def scene(port, batcher):
        port.gate.clear()
        waiting = [*await begun(batcher.execute(1)), *await begun(batcher.execute(2))]
        await batcher.close()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*waiting)
        return [task.cancelled() for task in waiting]

    assert ran(scene) == [True, True]


def test_who_gathers_too_long_for_the_next_flight_is_told_so_and_is_not_aboard_of_it():
    async def scene(port, batcher):
        port.gate.clear()
        (first,) = await begun(batcher.execute(1))
        second, third = await begun(batcher.execute(2, within=0.01), batcher.execute(3, within=5))
        with pytest.raises(TimeoutError):
            await second
        port.gate.set()
        return await first, await third, port.batches

    assert ran(scene) == (10, 30, [[1], [3]])
