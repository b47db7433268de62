"""Background tasks that run during a block and end with it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import psycopg

log = logging.getLogger(__name__)

HOUR_SECONDS = 3600.0
Work = Callable[[], Awaitable[None]]


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Run a coroutine, usually an endless one, during the block; at the end it is cancelled and awaited."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def upkeep(
    work: Callable[[], Awaitable[None]], feature: str, seconds: float = HOUR_SECONDS
) -> AsyncIterator[None]:
    """Run periodic work during the block: at the start, and again `seconds` after each end.

    A database error is logged, and the work is tried again at the next time.
    """
    async with beside(_repeat(work, feature, seconds), f"llmring {feature} upkeep"):
        yield


async def _repeat(work: Work, feature: str, seconds: float) -> None:
    while True:
        try:
            await work()
        except (psycopg.Error, TimeoutError) as error:
            log.warning("%s upkeep failed and will be tried again: %s", feature, error)
        await asyncio.sleep(seconds)
