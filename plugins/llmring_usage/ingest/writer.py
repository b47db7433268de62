"""Group commit: one writer per process. It flushes when idle and gathers while busy; there is no timer.

A request gets its response after the commit of its batch, or 503 within `write_timeout` seconds of its arrival; with a
journal, calls are appended there while the database is down. The queue is bounded in entries and bytes; submissions
beyond the bounds are rejected at once.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from operator import attrgetter
from typing import Any, Generic, TypeVar

from llmring_server.http.errors import DATABASE_UNAVAILABLE, Unavailable, unavailable
from llmring_usage.ingest.repository import Outcome, UsageRepository, deferred_response
from llmring_usage.journal.journal import Journal
from llmring_usage.models.rows import UsageRow
from llmring_usage.settings import UsageSettings

log = logging.getLogger(__name__)

MAX_BATCH = 1_000
ROW_BYTES = 512
IDLE_SECONDS = 0.05
ROWS, SIZE, ARRIVED = attrgetter("rows"), attrgetter("size"), attrgetter("arrived")
NO_RESPONSE = "The database does not respond. Try again shortly."
T = TypeVar("T")
OnStored = Callable[[Sequence[UsageRow], Sequence[Outcome]], None]


class PendingRows(Generic[T]):
    """Rows that arrived together, their arrival (the loop's time), and the future of their result."""

    __slots__ = ("arrived", "future", "rows", "size")

    def __init__(self, rows: Sequence[UsageRow], arrived: float, future: "asyncio.Future[T]") -> None:
        self.rows = rows
        self.size = ROW_BYTES * len(rows)
        for row in rows:
            if row.metadata:
                self.size += len(memoryview(row.metadata))
        self.arrived = arrived
        self.future = future

    def resolve(self, outcomes: list[Outcome]) -> None:
        """Resolve the waiting future with the result."""
        if self.future.done():
            return
        try:
            self.future.set_result(self.result(outcomes))
        except Exception as error:  # raised to the request that waits for these rows, not to the others
            self.future.set_exception(error)

    def reject(self, error: Exception) -> None:
        """Resolve the waiting future with an error: the rows are not stored."""
        if not self.future.done():
            self.future.set_exception(error)

    def result(self, outcomes: list[Outcome]) -> T:
        """Return the result of the rows' outcomes, or raise."""
        raise NotImplementedError


class PendingOutcomes(PendingRows[list[Outcome]]):
    """Rows whose result is the list of their outcomes."""

    __slots__ = ()

    def result(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Return the outcomes."""
        return outcomes


class UsageWriter:
    """The queue in front of the repository; `on_stored` is called after each batch."""

    def __init__(
        self, repository: UsageRepository, settings: UsageSettings, on_stored: OnStored, journal: Journal | None = None
    ) -> None:
        self._repository = repository
        self._journal = journal
        self._settings = settings
        self._on_stored = on_stored
        self._waiting: deque[PendingRows[Any]] = deque()
        self._entries = 0
        self._bytes = 0
        self._wake = asyncio.Event()
        self._closing = False
        self._max_entries = max(settings.queue_entries, MAX_BATCH)

    @property
    def has_journal(self) -> bool:
        """Whether a journal is configured."""
        return self._journal is not None

    @property
    def database_down(self) -> bool:
        """Whether calls are appended to the journal because the database is down."""
        return self._journal is not None and self._journal.database_down

    async def record(self, rows: Sequence[UsageRow], arrived: float | None = None) -> list[Outcome]:
        """Store rows and return their outcomes, in order, after the commit.

        The write timeout counts from `arrived` (the loop's time), by default from now.

        Raises:
            Unavailable: the queue is full, or the database does not respond in time.
        """
        if len(rows) <= MAX_BATCH:
            return await self.submit(rows, arrived)
        parts = [self.submit(rows[at : at + MAX_BATCH], arrived) for at in range(0, len(rows), MAX_BATCH)]
        finished = await asyncio.gather(*parts, return_exceptions=True)
        if all(isinstance(part, BaseException) for part in finished):
            raise next(part for part in finished if isinstance(part, BaseException))
        return [outcome for number, part in enumerate(finished) for outcome in self._part_outcomes(rows, number, part)]

    def _part_outcomes(
        self, rows: Sequence[UsageRow], number: int, part: "list[Outcome] | BaseException"
    ) -> Sequence[Outcome]:
        """Return the outcomes of one part; if that part failed, each of its entries is unavailable."""
        if not isinstance(part, BaseException):
            return part
        return [Unavailable(NO_RESPONSE)] * len(rows[number * MAX_BATCH : (number + 1) * MAX_BATCH])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write while the block runs; entries that wait at its end are written before it is left."""
        task = asyncio.create_task(self._run(), name="llmring usage writer")
        try:
            yield
        finally:
            self._closing = True
            self._wake.set()
            await task

    def submit(self, rows: Sequence[UsageRow], arrived: float | None = None) -> "asyncio.Future[list[Outcome]]":
        """Store at most `MAX_BATCH` rows; the future resolves to their outcomes, as `record` returns them."""
        loop = asyncio.get_running_loop()
        submission = PendingOutcomes(rows, loop.time() if arrived is None else arrived, loop.create_future())
        self.enqueue([submission])
        return submission.future

    def enqueue(self, submissions: Iterable[PendingRows[Any]]) -> None:
        """Append submissions to the queue; those beyond its bounds are rejected."""
        max_entries, max_bytes = 0 if self._closing else self._max_entries, self._settings.queue_bytes
        for submission in submissions:
            entries, size = self._entries + len(submission.rows), self._bytes + submission.size
            if entries > max_entries or size > max_bytes:
                submission.reject(Unavailable("Too many entries wait for the database. Try again shortly."))
            else:
                self._entries, self._bytes = entries, size
                self._waiting.append(submission)
        self._wake.set()

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            if self._waiting:
                await self._flush(self._take_batch())
            else:
                await self._idle()
        await self._repository.release_connection()

    async def _idle(self) -> None:
        """Wait for entries; after `IDLE_SECONDS` without any, the connection returns to the pool."""
        self._wake.clear()
        alarm = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._wake.set)
        await self._wake.wait()
        alarm.cancel()
        if self._waiting or self._closing:
            return
        await self._repository.release_connection()
        self._wake.clear()
        if not self._waiting and not self._closing:
            await self._wake.wait()

    def _take_batch(self) -> list[PendingRows[Any]]:
        """Take the next batch from the queue; submissions past the write timeout are rejected."""
        batch = self._next_batch()
        late = asyncio.get_running_loop().time() - self._settings.write_timeout
        if self._journal is not None or min(map(ARRIVED, batch)) > late:
            return batch
        expired = [submission for submission in batch if submission.arrived <= late]
        _reject(expired, Unavailable(NO_RESPONSE))
        self._release(expired)
        return [submission for submission in batch if submission.arrived > late]

    def _next_batch(self) -> list[PendingRows[Any]]:
        """Take the oldest submissions from the queue, up to `MAX_BATCH` rows."""
        if self._entries <= MAX_BATCH:
            batch = list(self._waiting)
            self._waiting.clear()
            return batch
        batch, rows = [], 0
        while self._waiting and (not batch or rows + len(self._waiting[0].rows) <= MAX_BATCH):
            batch.append(self._waiting.popleft())
            rows += len(batch[-1].rows)
        return batch

    async def _flush(self, batch: Sequence[PendingRows[Any]]) -> None:
        if not batch:
            return
        rows = list(chain.from_iterable(map(ROWS, batch)))
        try:
            outcomes = await self._store(rows, batch[0].arrived + self._settings.write_timeout)
        except Exception as error:
            log.warning("usage batch of %d entries failed: %s: %s", len(rows), type(error).__name__, error)
            _reject(batch, unavailable(error) if isinstance(error, DATABASE_UNAVAILABLE) else error)
        else:
            _resolve(batch, outcomes)
            self._on_stored(rows, outcomes)
        finally:
            self._release(batch)

    async def _store(self, rows: Sequence[UsageRow], deadline: float) -> list[Outcome]:
        """Store rows, in the journal while the database is down or a key is unconfirmed; return their outcomes."""
        journal = self._journal
        if journal is None:
            return await self._repository.store(rows, deadline)
        if not journal.database_down and not any(row.unconfirmed_key for row in rows):
            try:
                return await self._repository.store(rows, deadline)
            except DATABASE_UNAVAILABLE as error:
                journal.mark_database_down(error)
        await journal.append(rows)
        return [deferred_response(row) for row in rows]

    def _release(self, batch: Sequence[PendingRows[Any]]) -> None:
        """Free the batch's share of the queue's bounds."""
        self._entries -= sum(map(len, map(ROWS, batch)))
        self._bytes -= sum(map(SIZE, batch))

    @property
    def entries(self) -> int:
        """The number of entries that wait for the database or are being written."""
        return self._entries

    @property
    def bytes(self) -> int:
        """The size of those entries in bytes."""
        return self._bytes


def _resolve(batch: Sequence[PendingRows[Any]], outcomes: list[Outcome]) -> None:
    end = 0
    for submission in batch:
        start, end = end, end + len(submission.rows)
        submission.resolve(outcomes[start:end])


def _reject(batch: Sequence[PendingRows[Any]], error: Exception) -> None:
    for submission in batch:
        submission.reject(error)
