"""For plugins' commands: the configured server, opened without serving requests."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from llmring_server.plugins.manager import load
from llmring_server.server import Server
from llmring_server.settings import load_settings

T = TypeVar("T")


def run_with_server(work: Callable[[Server], Awaitable[T]], *, lifespans: bool = True) -> T:
    """Open the server with the settings of conf file and environment, and return the result of `work`.

    With `lifespans`, all enabled plugins are running during the work; without, only the database is open.

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
