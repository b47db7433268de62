"""Group commit: one writer a process. It flushes when idle and gathers while busy; there is no timer.

A request is answered after the commit of its batch, or with 503 within `write_timeout` seconds of its arrival; with a
journal, calls go there while the database is away. The queue is bounded in entries and bytes; what does not fit is
refused at once.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from operator import attrgetter
from typing import Any, Generic, TypeVar

from llmring_server.http.errors import DATABASE_AWAY, Unavailable
from llmring_usage.ingest.repository import Ledger, Outcome, deferred
from llmring_usage.journal.journal import Journal
from llmring_usage.models.rows import Row
from llmring_usage.settings import UsageSettings

log = logging.getLogger(__name__)

MAX_BATCH = 1_000
ROW_BYTES = 512
REST_SECONDS = 0.05
ROWS, SIZE, ARRIVED = attrgetter("rows"), attrgetter("size"), attrgetter("arrived")
AWAY = "the database does not answer; try again shortly"
T = TypeVar("T")
Told = Callable[[Sequence[Row], Sequence[Outcome]], None]


class Submission(Generic[T]):
    """Rows that arrived together, when (the loop's time), and who waits for what is made of their outcomes."""

    __slots__ = ("arrived", "made", "rows", "size")

    def __init__(self, rows: Sequence[Row], arrived: float, made: "asyncio.Future[T]") -> None:
        self.rows = rows
        self.size = ROW_BYTES * len(rows)
        for row in rows:
            if row.metadata:
                self.size += len(memoryview(row.metadata))
        self.arrived = arrived
        self.made = made

    def settle(self, outcomes: list[Outcome]) -> None:
        """Give what is made of the rows' outcomes to who waits."""
        if self.made.done():
            return
        try:
            self.made.set_result(self.make(outcomes))
        except Exception as error:  # it is of these rows, and concerns nobody else's
            self.made.set_exception(error)

    def refuse(self, error: Exception) -> None:
        """Tell who waits that the rows are not stored."""
        if not self.made.done():
            self.made.set_exception(error)

    def make(self, outcomes: list[Outcome]) -> T:
        """Return what is waited for, or raise."""
        raise NotImplementedError


class Outcomes(Submission[list[Outcome]]):
    """Rows whose outcomes are waited for as they are."""

    __slots__ = ()

    def make(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Return the outcomes."""
        return outcomes


class UsageWriter:
    """The queue in front of the ledger."""

    def __init__(self, ledger: Ledger, settings: UsageSettings, told: Told, journal: Journal | None = None) -> None:
        self._ledger = ledger
        self._journal = journal
        self._settings = settings
        self._told = told
        self._waiting: deque[Submission[Any]] = deque()
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
        submission = Outcomes(rows, loop.time() if arrived is None else arrived, loop.create_future())
        self.put([submission])
        return submission.made

    def put(self, submissions: Iterable[Submission[Any]]) -> None:
        """Put submissions at the end of the queue; those for which there is no room are refused."""
        most, most_bytes = 0 if self._closing else self._most, self._settings.queue_bytes
        for submission in submissions:
            entries, size = self._entries + len(submission.rows), self._bytes + submission.size
            if entries > most or size > most_bytes:
                submission.refuse(Unavailable("too many entries wait for the database; try again shortly"))
            else:
                self._entries, self._bytes = entries, size
                self._waiting.append(submission)
        self._wake.set()

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

    def _take(self) -> list[Submission[Any]]:
        """Take what waits, oldest first, up to a batch; whose time is up is refused."""
        batch = self._batch()
        late = asyncio.get_running_loop().time() - self._settings.write_timeout
        if self._journal is not None or min(map(ARRIVED, batch)) > late:
            return batch
        refused = [submission for submission in batch if submission.arrived <= late]
        _refuse(refused, Unavailable(AWAY))
        self._forget(refused)
        return [submission for submission in batch if submission.arrived > late]

    def _batch(self) -> list[Submission[Any]]:
        """Take what waits, oldest first, up to a batch."""
        if self._entries <= MAX_BATCH:
            batch = list(self._waiting)
            self._waiting.clear()
            return batch
        batch, rows = [], 0
        while self._waiting and (not batch or rows + len(self._waiting[0].rows) <= MAX_BATCH):
            batch.append(self._waiting.popleft())
            rows += len(batch[-1].rows)
        return batch

    async def _flush(self, batch: Sequence[Submission[Any]]) -> None:
        if not batch:
            return
        rows = list(chain.from_iterable(map(ROWS, batch)))
        try:
            outcomes = await self._store(rows, batch[0].arrived + self._settings.write_timeout)
        except Exception as error:
            log.warning("usage batch of %d entries failed: %s: %s", len(rows), type(error).__name__, error)
            _refuse(batch, Unavailable(AWAY) if isinstance(error, DATABASE_AWAY) else error)
        else:
            _answer(batch, outcomes)
            self._told(rows, outcomes)
        finally:
            self._forget(batch)

    async def _store(self, rows: Sequence[Row], deadline: float) -> list[Outcome]:
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

    def _forget(self, batch: Sequence[Submission[Any]]) -> None:
        """Make room in the queue for what comes after these."""
        self._entries -= sum(map(len, map(ROWS, batch)))
        self._bytes -= sum(map(SIZE, batch))

    @property
    def entries(self) -> int:
        """How many entries wait for the database, or are on their way to it."""
        return self._entries

    @property
    def bytes(self) -> int:
        """How many bytes those entries take."""
        return self._bytes


def _answer(batch: Sequence[Submission[Any]], outcomes: list[Outcome]) -> None:
    at = 0
    for submission in batch:
        before, at = at, at + len(submission.rows)
        submission.settle(outcomes[before:at])


def _refuse(batch: Sequence[Submission[Any]], error: Exception) -> None:
    for submission in batch:
        submission.refuse(error)
