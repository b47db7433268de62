"""Group commit: one writer a process. It flushes when idle and gathers while busy; there is no timer.

A request is answered after the commit of its batch, or with 503 within `write_timeout` seconds of its arrival; with a
journal, calls go there while the database is away. The queue is bounded in entries and bytes; what does not fit is
refused at once.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from llmring_server.errors import DATABASE_AWAY, Unavailable
from llmring_usage.journal import Journal
from llmring_usage.ledger import Ledger, Outcome, deferred
from llmring_usage.models import Row
from llmring_usage.settings import UsageSettings

log = logging.getLogger(__name__)

MAX_BATCH = 1_000
ROW_BYTES = 512
REST_SECONDS = 0.05
AWAY = "the database does not answer; try again shortly"
Told = Callable[[Sequence[Row], Sequence[Outcome]], None]


class Submission:
    """Rows that arrived together, and who waits for their outcomes."""

    __slots__ = ("deadline", "outcomes", "rows", "size")

    def __init__(self, rows: Sequence[Row], deadline: float, outcomes: "asyncio.Future[list[Outcome]]") -> None:
        self.rows = rows
        self.size = ROW_BYTES * len(rows)
        for row in rows:
            if row.metadata:
                self.size += len(memoryview(row.metadata))
        self.deadline = deadline
        self.outcomes = outcomes


class UsageWriter:
    """The queue in front of the ledger."""

    def __init__(self, ledger: Ledger, settings: UsageSettings, told: Told, journal: Journal | None = None) -> None:
        self._ledger = ledger
        self._journal = journal
        self._settings = settings
        self._told = told
        self._waiting: deque[Submission] = deque()
        self._entries = 0
        self._bytes = 0
        self._wake = asyncio.Event()
        self._closing = False
        self._most = max(settings.queue_entries, MAX_BATCH)

    @property
    def keeps(self) -> bool:
        """Whether there is a journal for calls that the database does not take."""
        return self._journal is not None

    @property
    def away(self) -> bool:
        """Whether calls go to the journal, since the database is away."""
        return self._journal is not None and self._journal.away

    async def record(self, rows: Sequence[Row], arrived: float | None = None) -> list[Outcome]:
        """Store rows and return their outcomes, in order, after the commit.

        `arrived` is the loop's time from which the write timeout counts; absent means now.

        Raises:
            Unavailable: the queue is full, or the database does not answer in time.
        """
        if len(rows) <= MAX_BATCH:
            return await self.submit(rows, arrived)
        parts = [self.submit(rows[at : at + MAX_BATCH], arrived) for at in range(0, len(rows), MAX_BATCH)]
        settled = await asyncio.gather(*parts, return_exceptions=True)
        if all(isinstance(part, BaseException) for part in settled):
            raise next(part for part in settled if isinstance(part, BaseException))
        return [outcome for number, part in enumerate(settled) for outcome in self._each(rows, number, part)]

    def _each(self, rows: Sequence[Row], number: int, part: "list[Outcome] | BaseException") -> Sequence[Outcome]:
        """Return a part's outcomes; one that could not be stored is unavailable entry by entry."""
        if not isinstance(part, BaseException):
            return part
        return [Unavailable(AWAY)] * len(rows[number * MAX_BATCH : (number + 1) * MAX_BATCH])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write while the block runs; what waits at its end is written before it is left."""
        task = asyncio.create_task(self._run(), name="llmring usage writer")
        try:
            yield
        finally:
            self._closing = True
            self._wake.set()
            await task

    def submit(self, rows: Sequence[Row], arrived: float | None = None) -> "asyncio.Future[list[Outcome]]":
        """Have a batch's rows at most stored; what is returned gives their outcomes, as `record` does."""
        loop = asyncio.get_running_loop()
        since = loop.time() if arrived is None else arrived
        submission = Submission(rows, since + self._settings.write_timeout, loop.create_future())
        full = self._entries + len(rows) > self._most
        if self._closing or full or self._bytes + submission.size > self._settings.queue_bytes:
            submission.outcomes.set_exception(Unavailable("too many entries wait for the database; try again shortly"))
            return submission.outcomes
        self._entries += len(rows)
        self._bytes += submission.size
        self._waiting.append(submission)
        self._wake.set()
        return submission.outcomes

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            if self._waiting:
                await self._flush(self._take())
            else:
                await self._idle()
        await self._ledger.rest()

    async def _idle(self) -> None:
        """Wait for entries; the connection goes back to the pool when none come for a while."""
        self._wake.clear()
        alarm = asyncio.get_running_loop().call_later(REST_SECONDS, self._wake.set)
        await self._wake.wait()
        alarm.cancel()
        if self._waiting or self._closing:
            return
        await self._ledger.rest()
        self._wake.clear()
        if not self._waiting and not self._closing:
            await self._wake.wait()

    def _take(self) -> list[Submission]:
        """Take what waits, oldest first, up to a batch; whose time is up is refused."""
        batch: list[Submission] = []
        rows, now = 0, asyncio.get_running_loop().time()
        while self._waiting and (not batch or rows + len(self._waiting[0].rows) <= MAX_BATCH):
            submission = self._waiting.popleft()
            if submission.deadline <= now and self._journal is None:
                _refuse([submission], Unavailable(AWAY))
                self._forget([submission])
            else:
                batch.append(submission)
                rows += len(submission.rows)
        return batch

    async def _flush(self, batch: Sequence[Submission]) -> None:
        if not batch:
            return
        rows = [row for submission in batch for row in submission.rows]
        try:
            outcomes = await self._store(rows, batch[0].deadline)
        except Exception as error:
            log.warning("usage batch of %d entries failed: %s: %s", len(rows), type(error).__name__, error)
            _refuse(batch, Unavailable(AWAY) if isinstance(error, DATABASE_AWAY) else error)
        else:
            _answer(batch, outcomes)
            self._told(rows, outcomes)
        finally:
            self._forget(batch)

    async def _store(self, rows: Sequence[Row], deadline: float) -> Sequence[Outcome]:
        """Store rows, in the journal while the database is away, and return their outcomes."""
        journal = self._journal
        if journal is None:
            return await self._ledger.store(rows, deadline)
        if not journal.away:
            try:
                return await self._ledger.store(rows, deadline)
            except DATABASE_AWAY as error:
                journal.lost(error)
        await journal.keep(rows)
        return [deferred(row) for row in rows]

    def _forget(self, batch: Sequence[Submission]) -> None:
        """Make room in the queue for what comes after these."""
        self._entries -= sum(len(submission.rows) for submission in batch)
        self._bytes -= sum(submission.size for submission in batch)

    @property
    def entries(self) -> int:
        """How many entries wait for the database, or are on their way to it."""
        return self._entries

    @property
    def bytes(self) -> int:
        """How many bytes those entries take."""
        return self._bytes


def _answer(batch: Sequence[Submission], outcomes: Sequence[Outcome]) -> None:
    at = 0
    for submission in batch:
        end = at + len(submission.rows)
        if not submission.outcomes.done():
            submission.outcomes.set_result(list(outcomes[at:end]))
        at = end


def _refuse(batch: Sequence[Submission], error: Exception) -> None:
    for submission in batch:
        if not submission.outcomes.done():
            submission.outcomes.set_exception(error)
