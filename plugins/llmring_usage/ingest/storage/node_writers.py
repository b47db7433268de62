"""Group commit on a Citus cluster: one writer per node, so that a node that is down delays only its own projects."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from llmring_server.database import Database
from llmring_server.database.cluster.placements import Placements
from llmring_server.http.errors import DATABASE_UNAVAILABLE
from llmring_usage.ingest.fair_queue import PendingRows
from llmring_usage.ingest.repository import UsageRepository
from llmring_usage.ingest.writer import OnStored, UsageWriter
from llmring_usage.journal.journal import Journal
from llmring_usage.settings import UsageSettings

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5


class NodeWriter(UsageWriter):
    """The writer of one node. While the node is down its calls are appended to the journal, if there is one."""

    def __init__(
        self,
        node: str,
        database: Database,
        repository: UsageRepository,
        settings: UsageSettings,
        on_stored: OnStored,
        journal: Journal | None,
    ) -> None:
        super().__init__(repository, settings, on_stored, journal)
        self._node = node
        self._database = database
        self._retry_at = 0.0

    @property
    def is_down(self) -> bool:
        """Whether the node or the whole database is down; a node is tried again every `RETRY_SECONDS`."""
        return super().is_down or asyncio.get_running_loop().time() < self._retry_at

    async def mark_down(self, error: BaseException) -> None:
        """Append calls to the journal for a while, or until the database responds if the coordinator is down too."""
        log.warning("%s did not store usage: %s: %s", self._node, type(error).__name__, error)
        try:
            await self._database.ping()
        except DATABASE_UNAVAILABLE as unavailable:
            await super().mark_down(unavailable)
        else:
            self._retry_at = asyncio.get_running_loop().time() + RETRY_SECONDS


class NodeWriters(UsageWriter):
    """The writer of any database; on a cluster, its queue distributes calls to the writers of their nodes."""

    def __init__(
        self,
        database: Database,
        create_repository: Callable[[], UsageRepository],
        settings: UsageSettings,
        on_stored: OnStored,
        journal: Journal | None = None,
    ) -> None:
        super().__init__(create_repository(), settings, on_stored, journal)
        self._database = database
        self._create_repository = create_repository
        self._placements = Placements(database, "usage_logs")
        self._nodes: dict[str, NodeWriter] = {}
        self._running = AsyncExitStack()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write while the block runs; the writers of nodes finish after the queue in front of them."""
        async with self._running, super().running():
            yield

    @property
    def entries(self) -> int:
        """The number of entries that wait for the database or are being written."""
        return super().entries + sum(writer.entries for writer in self._nodes.values())

    @property
    def bytes(self) -> int:
        """The size of those entries in bytes."""
        return super().bytes + sum(writer.bytes for writer in self._nodes.values())

    async def flush(self, batch: Sequence[PendingRows[Any]]) -> None:
        """Store a batch, or on a cluster pass its submissions to the writers of their nodes."""
        if not self._database.distributed or self.is_down:
            await super().flush(batch)
            return
        try:
            placements = await self._placements.find({submission.project for submission in batch})
        except DATABASE_UNAVAILABLE:
            await super().flush(batch)  # the coordinator is down: its calls are rejected, or wait in the journal
            return
        parts: defaultdict[str, list[PendingRows[Any]]] = defaultdict(list)
        for submission in batch:
            parts[placements[submission.project].node].append(submission)
        for node, part in parts.items():
            (await self._writer_of(node)).enqueue(part)
        self._release(batch)

    async def _writer_of(self, node: str) -> NodeWriter:
        if node not in self._nodes:
            writer = NodeWriter(
                node, self._database, self._create_repository(), self._settings, self._on_stored, self._journal
            )
            await self._running.enter_async_context(writer.running())
            self._nodes[node] = writer
        return self._nodes[node]
