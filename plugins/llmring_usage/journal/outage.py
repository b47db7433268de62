"""The writer and the journal, which run also before the database has answered for the first time."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import psycopg

from llmring_server.database import Database
from llmring_usage.ingest.replay import JournalReplay
from llmring_usage.ingest.writer import UsageWriter
from llmring_usage.journal.journal import Journal
from llmring_usage.tables.partitions import Partitions


class Ingest:
    """Writes and replays calls; the contract `OutageService` where there is a journal."""

    def __init__(
        self,
        writer: UsageWriter,
        journal: Journal | None,
        replay: JournalReplay,
        database: Database,
        partitions: Partitions,
        is_waiting: Callable[[], bool],
    ) -> None:
        self._writer = writer
        self._journal = journal
        self._replay = replay
        self._database = database
        self._partitions = partitions
        self._is_waiting = is_waiting
        self._entered = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write while the block runs; at its end, waiting calls are written, to the journal if necessary.

        Within another such block it does nothing.

        Raises:
            StartupError: the folder of the journal is not writable.
        """
        if self._entered:
            yield
            return
        self._entered = True
        try:
            async with AsyncExitStack() as stack:
                stack.push_async_callback(self._partitions.close)
                if self._journal is not None:
                    if self._is_waiting():
                        self._journal.mark_database_down(psycopg.OperationalError("it did not answer at start"))
                    await stack.enter_async_context(self._journal.running(self._check_database, self._replay))
                await stack.enter_async_context(self._writer.running())
                yield
        finally:
            self._entered = False

    async def _check_database(self) -> None:
        """Check that calls can be stored: in a database that the server has opened and checked."""
        if self._is_waiting():
            raise psycopg.OperationalError("the database has not answered since the start")
        await self._database.check_writable()
