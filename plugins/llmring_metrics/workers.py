"""The metrics of all worker processes of this server, available in each of them."""

import asyncio
import logging
import multiprocessing
import os
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from llmring_metrics.figures import Figures
from llmring_metrics.folder import Folder
from llmring_metrics.models import Everyone
from llmring_server import __version__
from llmring_server.background import beside
from llmring_server.contracts.figures import Labels
from llmring_server.errors import StartupError

log = logging.getLogger(__name__)

PUBLISH_SECONDS = 1.0


class Workers(Protocol):
    """The worker processes of one server."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Join the other workers while the block runs.

        Raises:
            StartupError: the shared directory cannot be used.
        """
        ...

    async def everyone(self) -> Everyone:
        """Return the snapshots of all workers: current for this one, at most a second old for the others.

        Raises:
            OSError: the shared directory cannot be read or written.
        """
        ...

    async def admit(self, wanted: Iterable[Labels], most: int) -> list[Labels]:
        """Add label sets to those of all workers, and return the first `most` of them.

        Raises:
            OSError: as `everyone`.
        """
        ...


class Alone:
    """A server with one process."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._admitted: dict[Labels, None] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do nothing."""
        yield

    async def everyone(self) -> Everyone:
        """Return the snapshot of this process."""
        return Everyone([self._figures.take()], [])

    async def admit(self, wanted: Iterable[Labels], most: int) -> list[Labels]:
        """Return the first label sets of this process."""
        self._admitted |= dict.fromkeys(wanted)
        return list(self._admitted)[:most]


class Together:
    """Workers with a shared directory: each publishes its snapshot there every second, and before it reads all."""

    def __init__(self, path: Path, figures: Figures) -> None:
        self._figures = figures
        self._folder = Folder(path, figures.remains)
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Join, publish every second, and leave at the end."""
        try:
            await asyncio.to_thread(_remove_abandoned, self._folder.path)
            await asyncio.to_thread(self._folder.enter, self._figures.take())
        except OSError as error:
            raise StartupError(f"the workers cannot share their metrics: {error}") from error
        try:
            async with beside(self._keep_publishing(), "llmring metrics"):
                yield
        finally:
            await self._leave()

    async def everyone(self) -> Everyone:
        """Publish this worker's snapshot, then read all."""
        await self._publish()
        return await asyncio.to_thread(self._folder.everyone)

    async def admit(self, wanted: Iterable[Labels], most: int) -> list[Labels]:
        """Return the first label sets of all workers."""
        return await asyncio.to_thread(self._folder.admit, wanted, most)

    async def _publish(self) -> None:
        async with self._turn:
            await asyncio.to_thread(self._folder.publish, self._figures.take())

    async def _keep_publishing(self) -> None:
        failing = False
        while True:
            await asyncio.sleep(PUBLISH_SECONDS)
            try:
                await self._publish()
            except OSError as error:
                if not failing:
                    log.warning("the metrics of this worker cannot be published: %s", error)
                failing = True
            else:
                failing = False

    async def _leave(self) -> None:
        try:
            await self._publish()
            await asyncio.to_thread(self._folder.leave)
        except OSError as error:
            log.warning("the metrics of this worker are lost: %s", error)


def _remove_abandoned(mine: Path) -> None:
    """Remove the temporary directories of this user's killed servers."""
    for path in mine.parent.glob(f"{_prefix()}*"):
        try:
            if path != mine:
                Folder(path, remains=lambda snapshots: {}).remove_abandoned()
        except OSError as error:
            log.info("%s cannot be removed: %s", path, error)


def _prefix() -> str:
    return f"llmring-metrics-{os.geteuid()}-"


def open_workers(folder: Path | None, figures: Figures) -> Workers:
    """Return the workers of this server: those sharing `folder`, those started by uvicorn, or this process alone."""
    if folder is not None:
        return Together(folder / "workers", figures)
    parent = multiprocessing.parent_process()
    if parent is None:
        return Alone(figures)
    return Together(Path(tempfile.gettempdir()) / f"{_prefix()}{__version__}-{parent.pid}", figures)
