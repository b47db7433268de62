"""For plugins' commands: the configured server, opened for one piece of work without serving requests."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from llmring_server.plugins.manager import load
from llmring_server.server import Server
from llmring_server.settings import load_settings

T = TypeVar("T")


def run_with_server(work: Callable[[Server], Awaitable[T]], *, lifespans: bool = True) -> T:
    """Open the server as conf file and environment say, and do `work` with it.

    With `lifespans`, every enabled plugin is running meanwhile; without, the database alone is open.

    Raises:
        StartupError: the server cannot be opened.
    """
    return asyncio.run(_run(work, lifespans))


async def _run(work: Callable[[Server], Awaitable[T]], lifespans: bool) -> T:
    settings = load_settings()
    server = Server(settings, load(settings.plugins))
    await server.open(lifespans=lifespans)
    try:
        return await work(server)
    finally:
        await server.close()
