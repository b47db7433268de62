"""Work that goes on beside a block and ends with it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import psycopg

log = logging.getLogger(__name__)


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Run a coroutine, usually an endless one, while the block runs; at its end it is cancelled and awaited."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def every(seconds: float, work: Callable[[], Awaitable[None]], what: str) -> None:
    """Do work now, and again `seconds` after its end, for ever; what fails in the database is logged and tried again.

    `what` is the log's word for the work.
    """
    while True:
        try:
            await work()
        except (psycopg.Error, TimeoutError) as error:
            log.warning("%s failed and will be tried again: %s", what, error)
        await asyncio.sleep(seconds)
