"""Background work during a block."""

import asyncio

import psycopg
import pytest

from llmring_server.runtime.background import beside, upkeep


def test_work_runs_during_the_block_and_ends_with_it():
    async def main():
        seen = asyncio.Event()

        async def work():
            seen.set()
            await asyncio.Event().wait()

        async with beside(work(), "endless"):
            await asyncio.wait_for(seen.wait(), 5)
        return [task for task in asyncio.all_tasks() if task.get_name() == "endless"]

    assert asyncio.run(main()) == []


def test_a_failure_of_the_work_is_raised_at_the_end_of_the_block():
    async def work():
        raise LookupError("of the work")

    async def main():
        async with beside(work(), "failing"):
            await asyncio.sleep(0)

    with pytest.raises(LookupError, match="of the work"):
        asyncio.run(main())


def test_work_is_repeated_after_database_errors(caplog):
    failures = [psycopg.OperationalError("away"), psycopg.errors.UndefinedTable("gone"), TimeoutError("late")]

    async def main():
        done = asyncio.Event()

        async def work():
            if failures:
                raise failures.pop(0)
            done.set()

        async with upkeep(work, "tidy", 0.001):
            await asyncio.wait_for(done.wait(), 5)

    asyncio.run(main())
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"tidy upkeep failed and will be tried again: {why}" for why in ("away", "gone", "late")]
