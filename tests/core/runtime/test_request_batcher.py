"""RequestBatcher: many requests in few batches, each in a batch that starts after the request."""

import asyncio
import contextlib

import pytest

from llmring_server.runtime.request_batcher import RequestBatcher


class Service:
    """A service that records its batches, and completes each while its gate is open."""

    def __init__(self):
        self.batches = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def execute(self, requests):
        self.batches.append(list(requests))
        await self.gate.wait()
        return [request * 10 for request in requests]


def run(scene, most=100, room=None):
    """Run `scene(service, batcher)` and return its result."""

    async def main():
        service = Service()
        batcher = RequestBatcher(service.execute, most=most, name="test", room=room)
        try:
            return await asyncio.wait_for(scene(service, batcher), 10)
        finally:
            await batcher.close()

    return asyncio.run(main())


async def start(*calls):
    """Start tasks and return them once each has made its request."""
    tasks = [asyncio.create_task(call) for call in calls]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def test_each_request_gets_its_own_result():
    async def scene(service, batcher):
        return await asyncio.gather(*(batcher.execute(n) for n in range(50)))

    assert run(scene) == [n * 10 for n in range(50)]


def test_a_request_above_the_limit_is_rejected_immediately():
    async def scene(service, batcher):
        service.gate.clear()
        first = await start(batcher.execute(1))
        waiting = await start(*(batcher.execute(n) for n in (2, 3)))
        with pytest.raises(asyncio.QueueFull):
            await batcher.execute(4)
        service.gate.set()
        return await asyncio.gather(*first, *waiting), await batcher.execute(5)

    assert run(scene, room=2) == ([10, 20, 30], 50)


def test_requests_during_a_batch_share_the_next_one():
    async def scene(service, batcher):
        service.gate.clear()
        first = await start(batcher.execute(1))
        later = await start(*(batcher.execute(n) for n in (2, 3, 4)))
        service.gate.set()
        await asyncio.gather(*first, *later)
        return service.batches

    assert run(scene) == [[1], [2, 3, 4]]


def test_a_batch_has_a_maximum_size():
    async def scene(service, batcher):
        await asyncio.gather(*(batcher.execute(n) for n in range(5)))
        return service.batches

    assert run(scene, most=2) == [[0, 1], [2, 3], [4]]


def test_a_cancelled_request_does_not_affect_others():
    async def scene(service, batcher):
        service.gate.clear()
        cancelled, other = await start(batcher.execute(1), batcher.execute(2))
        cancelled.cancel()
        service.gate.set()
        return await other

    assert run(scene) == 20


def test_a_failure_fails_all_waiting_requests_and_later_ones_are_executed():
    async def scene(service, batcher):
        results = iter([OSError("unavailable"), [30]])

        async def execute(requests):
            await service.gate.wait()
            result = next(results)
            if isinstance(result, OSError):
                raise result
            return result

        batcher = RequestBatcher(execute, most=1, name="test")
        service.gate.clear()
        waiting = await start(batcher.execute(1), batcher.execute(2))
        service.gate.set()
        errors = await asyncio.gather(*waiting, return_exceptions=True)
        return [str(error) for error in errors], await batcher.execute(3)

    assert run(scene) == (["unavailable", "unavailable"], 30)


def test_missing_results_fail_the_requests():
    async def scene(service, batcher):
        async def execute(requests):
            return []

        with pytest.raises(ValueError, match="zip"):
            await RequestBatcher(execute, most=1, name="test").execute(1)

    run(scene)


def test_waiting_requests_are_cancelled_at_the_end():
    async def scene(service, batcher):
        service.gate.clear()
        waiting = [*await start(batcher.execute(1)), *await start(batcher.execute(2))]
        await batcher.close()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*waiting)
        return [task.cancelled() for task in waiting]

    assert run(scene) == [True, True]


def test_a_request_that_waits_too_long_times_out_and_is_not_executed():
    async def scene(service, batcher):
        service.gate.clear()
        (first,) = await start(batcher.execute(1))
        second, third = await start(batcher.execute(2, within=0.01), batcher.execute(3, within=5))
        with pytest.raises(TimeoutError):
            await second
        service.gate.set()
        return await first, await third, service.batches

    assert run(scene) == (10, 30, [[1], [3]])


def test_a_request_whose_batch_has_started_in_time_gets_its_result():
    async def scene(service, batcher):
        service.gate.clear()
        first, second = await start(batcher.execute(1), batcher.execute(2, within=0.01))
        await asyncio.sleep(0.05)
        service.gate.set()
        return await first, await second, service.batches

    assert run(scene) == (10, 20, [[1, 2]])
