"""What every worker process of this server has counted, whichever of them is asked."""

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
        """Take part while the block runs.

        Raises:
            StartupError: the workers cannot meet.
        """
        ...

    async def everyone(self) -> Everyone:
        """Return what each has counted: this one as of now, the others as of the last second.

        Raises:
            OSError: the folder in which they meet cannot be read or written.
        """
        ...

    async def admit(self, wanted: Iterable[Labels], most: int) -> list[Labels]:
        """Ask for sets of label values to be among the first `most` of all workers, and return those first ones.

        Raises:
            OSError: as `everyone`.
        """
        ...


class Alone:
    """A process that has no fellow workers."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._admitted: dict[Labels, None] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Need nothing."""
        yield

    async def everyone(self) -> Everyone:
        """Return what this process has counted."""
        return Everyone([self._figures.take()], [])

    async def admit(self, wanted: Iterable[Labels], most: int) -> list[Labels]:
        """Take the first ones."""
        self._admitted |= dict.fromkeys(wanted)
        return list(self._admitted)[:most]


class Together:
    """Workers that meet in a folder: each shows its figures there once a second, and before it answers for all."""

    def __init__(self, path: Path, figures: Figures) -> None:
        self._figures = figures
        self._folder = Folder(path, figures.remains)
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Come into the folder, and leave it at the end."""
        try:
            await asyncio.to_thread(_remove_abandoned, self._folder.path)
            await asyncio.to_thread(self._folder.enter, self._figures.take())
        except OSError as error:
            raise StartupError(f"the workers cannot meet for their metrics: {error}") from error
        try:
            async with beside(self._keep_publishing(), "llmring metrics"):
                yield
        finally:
            await self._leave()

    async def everyone(self) -> Everyone:
        """Show this worker's figures, then read those of all."""
        await self._publish()
        return await asyncio.to_thread(self._folder.everyone)

    async def admit(self, wanted: Iterable[Labels], most: int) -> list[Labels]:
        """Take the first ones of all workers."""
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
                    log.warning("this worker's metrics cannot be shown to the others: %s", error)
                failing = True
            else:
                failing = False

    async def _leave(self) -> None:
        try:
            await self._publish()
            await asyncio.to_thread(self._folder.leave)
        except OSError as error:
            log.warning("this worker's metrics are lost: %s", error)


def _remove_abandoned(mine: Path) -> None:
    """Remove the temporary folders of this user's servers that were killed."""
    for path in mine.parent.glob(f"{_prefix()}*"):
        try:
            if path != mine:
                Folder(path, remains=lambda snapshots: {}).remove_abandoned()
        except OSError as error:
            log.info("%s is left as it is: %s", path, error)


def _prefix() -> str:
    return f"llmring-metrics-{os.geteuid()}-"


def open_workers(folder: Path | None, figures: Figures) -> Workers:
    """Return the workers that this process is one of: those of `folder`, or those that uvicorn has started, or none."""
    if folder is not None:
        return Together(folder / "workers", figures)
    parent = multiprocessing.parent_process()
    if parent is None:
        return Alone(figures)
    return Together(Path(tempfile.gettempdir()) / f"{_prefix()}{__version__}-{parent.pid}", figures)
