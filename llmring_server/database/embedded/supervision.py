"""Supervision of the bundled PostgreSQL while the server runs: it is started again when it has died, a few times."""

import asyncio
import logging
import signal
import time

from llmring_server.database.embedded import EmbeddedPostgres
from llmring_server.errors import StartupError

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
MAX_STARTS = 3
PERIOD_SECONDS = 600.0


async def supervise(postgres: EmbeddedPostgres, url: str) -> None:
    """Start the server that is used at `url` again whenever its process is gone, until cancelled.

    After `MAX_STARTS` within `PERIOD_SECONDS`, or if it would have another address, this process is terminated, so that
    its own supervisor starts both.
    """
    starts: list[float] = []
    while True:
        await asyncio.sleep(POLL_SECONDS)
        if await asyncio.to_thread(postgres.is_alive):
            continue
        starts = [start for start in starts if start > time.monotonic() - PERIOD_SECONDS]
        if len(starts) >= MAX_STARTS:
            log.critical("the bundled PostgreSQL was started %d times and died again; the process ends", MAX_STARTS)
            break
        starts.append(time.monotonic())
        if not await _start(postgres, url):
            break
    signal.raise_signal(signal.SIGTERM)


async def _start(postgres: EmbeddedPostgres, url: str) -> bool:
    """Start the server; a failure is logged. Return False if it has another address."""
    log.error("the bundled PostgreSQL has died and is started again")
    starting = asyncio.ensure_future(asyncio.to_thread(postgres.start))
    try:
        found = await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait({starting})  # so that it is not stopped while it starts
        raise
    except StartupError as error:
        log.error("%s", error)
        return True
    if found != url:
        log.critical("the bundled PostgreSQL has another address since it was started again; the process ends")
    return found == url
