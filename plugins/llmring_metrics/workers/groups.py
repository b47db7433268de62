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

from llmring_metrics.metric_registry import MetricRegistry
from llmring_metrics.models import AllWorkers
from llmring_metrics.workers.worker_snapshots import WorkerSnapshots
from llmring_server import __version__
from llmring_server.contracts.metrics import Labels
from llmring_server.errors import StartupError
from llmring_server.runtime.background import beside

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

    async def read_all(self) -> AllWorkers:
        """Return the snapshots of all workers: current for this one, at most a second old for the others.

        Raises:
            OSError: the shared directory cannot be read or written.
        """
        ...

    async def admit(self, wanted: Iterable[Labels], most: int) -> list[Labels]:
        """Add label sets to those of all workers, and return the first `most` of them.

        Raises:
            OSError: as `read_all`.
        """
        ...


class SingleWorker:
    """A server with one process."""

    def __init__(self, figures: MetricRegistry) -> None:
        self._figures = figures
        self._admitted: dict[Labels, None] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do nothing."""
        yield

    async def read_all(self) -> AllWorkers:
        """Return the snapshot of this process."""
        return AllWorkers([self._figures.take_snapshot()], [])

    async def admit(self, wanted: Iterable[Labels], most: int) -> list[Labels]:
        """Return the first label sets of this process."""
        self._admitted |= dict.fromkeys(wanted)
        return list(self._admitted)[:most]


class WorkerGroup:
    """Workers with a shared directory: each publishes its snapshot there every second, and before it reads all."""

    def __init__(self, path: Path, figures: MetricRegistry) -> None:
        self._figures = figures
        self._snapshots = WorkerSnapshots(path, figures.merge_exited)
        self._publish_lock = asyncio.Lock()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Join, publish every second, and leave at the end."""
        try:
            await asyncio.to_thread(_remove_abandoned, self._snapshots.path)
            await asyncio.to_thread(self._snapshots.enter, self._figures.take_snapshot())
        except OSError as error:
            raise StartupError(f"the workers cannot share their metrics: {error}") from error
        try:
            async with beside(self._publish_periodically(), "llmring metrics"):
                yield
        finally:
            await self._leave()

    async def read_all(self) -> AllWorkers:
        """Publish this worker's snapshot, then read all."""
        await self._publish()
        return await asyncio.to_thread(self._snapshots.read_all)

    async def admit(self, wanted: Iterable[Labels], most: int) -> list[Labels]:
        """Return the first label sets of all workers."""
        return await asyncio.to_thread(self._snapshots.admit, wanted, most)

    async def _publish(self) -> None:
        async with self._publish_lock:
            await asyncio.to_thread(self._snapshots.publish, self._figures.take_snapshot())

    async def _publish_periodically(self) -> None:
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
            await asyncio.to_thread(self._snapshots.leave)
        except OSError as error:
            log.warning("the metrics of this worker are lost: %s", error)


def _remove_abandoned(mine: Path) -> None:
    """Remove the temporary directories of this user's killed servers."""
    for path in mine.parent.glob(f"{_directory_prefix()}*"):
        try:
            if path != mine:
                WorkerSnapshots(path, merge_exited=lambda snapshots: {}).remove_abandoned()
        except OSError as error:
            log.info("%s cannot be removed: %s", path, error)


def _directory_prefix() -> str:
    return f"llmring-metrics-{os.geteuid()}-"


def create_workers(folder: Path | None, figures: MetricRegistry) -> Workers:
    """Return the workers of this server: those sharing `folder`, those started by uvicorn, or this process alone."""
    if folder is not None:
        return WorkerGroup(folder / "workers", figures)
    parent = multiprocessing.parent_process()
    if parent is None:
        return SingleWorker(figures)
    return WorkerGroup(Path(tempfile.gettempdir()) / f"{_directory_prefix()}{__version__}-{parent.pid}", figures)
