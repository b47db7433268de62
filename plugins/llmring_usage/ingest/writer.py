"""Group commit: one writer per process. It flushes when idle and gathers while busy; there is no timer.

A request gets its response after the commit of its batch, or 503 within `write_timeout` seconds of its arrival; with a
journal, calls are appended there while the database is down. Late entries, of a month without a partition, wait for it
separately, up to `LATE_SECONDS`. The queue is bounded in entries and bytes; beyond the
bounds, submissions of the project with the most bytes are rejected at once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any

from llmring_server.http.errors import DATABASE_UNAVAILABLE, Unavailable, unavailable
from llmring_usage.ingest import fair_queue
from llmring_usage.ingest.fair_queue import (
    ARRIVED,
    BATCH_BYTES,
    MAX_BATCH,
    ROWS,
    SIZE,
    FairQueue,
    PendingOutcomes,
    PendingRows,
    size_of,
)
from llmring_usage.ingest.repository import Outcome, UsageRepository, deferred_response
from llmring_usage.journal.journal import Journal
from llmring_usage.models.rows import UsageRow
from llmring_usage.settings import UsageSettings
from llmring_usage.tables.partitions import Month, PartitionPending, months_of

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.05
LATE_SECONDS = 10.0  # for entries that wait for a partition, without a journal
TIME_TO_WRITE = 0.1  # of the write timeout; less would cut the whole batch short
NO_RESPONSE = "The database does not respond. Try again shortly."
TOO_MANY = "Too many entries wait for the database. Try again shortly."
OnStored = Callable[[Sequence[UsageRow], Sequence[Outcome]], None]


class UsageWriter:
    """The queue in front of the repository; `on_stored` is called after each batch."""

    def __init__(
        self, repository: UsageRepository, settings: UsageSettings, on_stored: OnStored, journal: Journal | None = None
    ) -> None:
        self._repository = repository
        self._journal = journal
        self._settings = settings
        self._on_stored = on_stored
        self._waiting: FairQueue[PendingRows[Any]] = FairQueue()
        self._entries = 0
        self._bytes = 0
        self._late: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._closing = False
        self._max_entries = max(settings.queue_entries, MAX_BATCH)

    @property
    def has_journal(self) -> bool:
        """Whether a journal is configured."""
        return self._journal is not None

    @property
    def is_down(self) -> bool:
        """Whether calls are appended to the journal at once."""
        return self.database_down

    async def mark_down(self, error: BaseException) -> None:
        """Append calls to the journal until the database responds."""
        if self._journal is not None:
            self._journal.mark_database_down(error)

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
        parts = list(_split(rows))
        if len(parts) <= 1:
            return await self.submit(rows, arrived)
        finished = await asyncio.gather(*(self.submit(part, arrived) for part in parts), return_exceptions=True)
        if all(isinstance(part, BaseException) for part in finished):
            raise next(part for part in finished if isinstance(part, BaseException))
        outcomes = map(_part_outcomes, parts, finished)
        return list(chain.from_iterable(outcomes))

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
        """Store rows of one batch; the future resolves to their outcomes, as `record` returns them."""
        loop = asyncio.get_running_loop()
        submission = PendingOutcomes(rows, loop.time() if arrived is None else arrived, loop.create_future())
        self.enqueue([submission])
        return submission.future

    def enqueue(self, submissions: Iterable[PendingRows[Any]]) -> None:
        """Append submissions to the queue; beyond its bounds, those of the project with the most bytes are rejected."""
        for submission in submissions:
            if not self._closing and self._make_room(submission):
                self._entries += len(submission.rows)
                self._bytes += submission.size
                self._waiting.append(submission)
            else:
                submission.reject(Unavailable(TOO_MANY))
        self._wake.set()

    def _make_room(self, submission: PendingRows[Any]) -> bool:
        """Whether a submission is within the bounds, if necessary after rejecting those of projects with more bytes."""
        while (
            self._entries + len(submission.rows) > self._max_entries
            or self._bytes + submission.size > self._settings.queue_bytes
        ):
            dropped = self._waiting.drop_for(submission)
            if dropped is None:
                return False
            self._release((dropped,))
            dropped.reject(Unavailable(TOO_MANY))
        return True

    async def _run(self) -> None:
        while self._waiting or self._late or not self._closing:
            if self._waiting:
                await self.flush(self._separate_late(self._take_batch()))
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
        """Take the next batch from the queue; submissions that have hardly any time left are rejected."""
        batch = self._waiting.take_batch()
        late = asyncio.get_running_loop().time() - self._settings.write_timeout * (1 - TIME_TO_WRITE)
        if self._journal is not None or min(map(ARRIVED, batch)) > late:
            return batch
        expired = [submission for submission in batch if submission.arrived <= late]
        fair_queue.reject(expired, Unavailable(NO_RESPONSE))
        self._release(expired)
        return [submission for submission in batch if submission.arrived > late]

    def _separate_late(self, batch: list[PendingRows[Any]]) -> list[PendingRows[Any]]:
        """Return the batch without submissions for months without a partition; these wait for it separately."""
        missing = self._missing_months(batch)
        if not missing:
            return batch
        late = [submission for submission in batch if not missing.isdisjoint(fair_queue.months_of(submission))]
        task = asyncio.create_task(self._wait_for_partitions(late, missing), name="llmring usage late entries")
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        return [submission for submission in batch if missing.isdisjoint(fair_queue.months_of(submission))]

    def _missing_months(self, batch: list[PendingRows[Any]]) -> set[Month]:
        """Return the months whose partition is not known to exist."""
        if not batch or self.is_down:
            return set()
        return self._repository.partitions.missing(months_of([row.occurred_at for row in fair_queue.rows_of(batch)]))

    async def _wait_for_partitions(self, late: list[PendingRows[Any]], months: set[Month]) -> None:
        """Queue late submissions again when their partitions are there; at the deadline, append them to the journal."""
        now = asyncio.get_running_loop().time
        seconds = LATE_SECONDS if self._journal is None else self._settings.write_timeout * (1 - 2 * TIME_TO_WRITE)
        try:
            await self._repository.partitions.ensure(months, min(map(ARRIVED, late)) + seconds - now())
        except Exception as error:
            rows = fair_queue.rows_of(late)
            await self._respond(late, rows, self._defer(rows, error))
        else:
            for submission in late:
                submission.arrived = now()  # the write timeout starts now
                self._waiting.append(submission)
            self._wake.set()

    async def flush(self, batch: Sequence[PendingRows[Any]]) -> None:
        """Store a batch, and resolve its submissions."""
        if batch:
            rows = fair_queue.rows_of(batch)
            deadline = min(map(ARRIVED, batch)) + self._settings.write_timeout
            await self._respond(batch, rows, self._store(rows, deadline))

    async def _respond(
        self, batch: Sequence[PendingRows[Any]], rows: Sequence[UsageRow], stored: Awaitable[list[Outcome]]
    ) -> None:
        """Resolve a batch's submissions with the outcomes of its rows, or with the error of storing them."""
        try:
            outcomes = await stored
        except Exception as error:
            log.warning("usage batch of %d entries failed: %s: %s", len(rows), type(error).__name__, error)
            fair_queue.reject(batch, unavailable(error) if isinstance(error, DATABASE_UNAVAILABLE) else error)
        else:
            fair_queue.resolve(batch, outcomes)
            self._on_stored(rows, outcomes)
        finally:
            self._release(batch)

    async def _store(self, rows: Sequence[UsageRow], deadline: float) -> list[Outcome]:
        """Store rows, in the journal while the database is down or a key is unconfirmed; return their outcomes."""
        journal = self._journal
        if journal is None:
            return await self._repository.store(rows, deadline)
        if not self.is_down and not any(row.unconfirmed_key for row in rows):
            try:
                return await self._repository.store(rows, deadline)
            except PartitionPending as error:
                return await self._defer(rows, error)
            except DATABASE_UNAVAILABLE as error:
                await self.mark_down(error)
        await journal.append(rows)
        return [deferred_response(row) for row in rows]

    async def _defer(self, rows: Sequence[UsageRow], error: Exception) -> list[Outcome]:
        """Append rows to the journal, or raise the error if there is none or it is not temporary."""
        if self._journal is None or not isinstance(error, (*DATABASE_UNAVAILABLE, TimeoutError)):
            raise error
        await self._journal.append(rows)
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


def _split(rows: Sequence[UsageRow]) -> Iterator[Sequence[UsageRow]]:
    """Yield rows in parts of at most `MAX_BATCH` rows and `BATCH_BYTES`, at least one row each."""
    start = size = 0
    for end, row in enumerate(rows):
        size += size_of(row)
        if end > start and (end - start == MAX_BATCH or size > BATCH_BYTES):
            yield rows[start:end]
            start, size = end, size_of(row)
    if start < len(rows):
        yield rows[start:]


def _part_outcomes(rows: Sequence[UsageRow], part: "list[Outcome] | BaseException") -> Sequence[Outcome]:
    """Return the outcomes of one part; if that part failed, each of its entries is unavailable."""
    return [Unavailable(NO_RESPONSE)] * len(rows) if isinstance(part, BaseException) else part
