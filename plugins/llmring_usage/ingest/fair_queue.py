"""The queue of the writer, which projects share by bytes: large rows of one project do not delay those of another.

Batches are formed by start-time fair queueing (Goyal, Vin, Chen 1996): the next submission is one of the project that
has sent the fewest bytes since it began to wait. A large submission shares its batch with its own project only, since
the rows of a batch fail together when the database takes too long.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar

from llmring_usage.ingest.repository import Outcome
from llmring_usage.models.rows import UsageRow
from llmring_usage.tables.partitions import Month, month_of

MAX_BATCH = 1_000  # rows
BATCH_BYTES = 512 * 1024
LARGE_BYTES = 64 * 1024
ROW_BYTES = 512
ROWS, SIZE, ARRIVED = attrgetter("rows"), attrgetter("size"), attrgetter("arrived")
ResultT = TypeVar("ResultT")


class Submission(Protocol):
    """Rows of one project that arrived together, with their size in bytes."""

    project: str
    rows: Sequence[Any]
    size: int


T = TypeVar("T", bound=Submission)


class ProjectLine(Generic[T]):
    """The waiting submissions of one project, their size, and the bytes that it has sent, on the queue's clock."""

    __slots__ = ("sent", "size", "submissions")

    def __init__(self, sent: int) -> None:
        self.submissions: deque[T] = deque()
        self.size = 0
        self.sent = sent


class FairQueue(Generic[T]):
    """The submissions that wait, by project; the order within a project is that of arrival."""

    def __init__(self) -> None:
        self._lines: dict[str, ProjectLine[T]] = {}
        self._rows = 0
        self._bytes = 0
        self._clock = 0

    def __bool__(self) -> bool:
        return bool(self._lines)

    def append(self, submission: T) -> None:
        """Add a submission to the end of its project's line."""
        line = self._lines.get(submission.project)
        if line is None:
            line = self._lines[submission.project] = ProjectLine(self._clock)
        line.submissions.append(submission)
        line.size += submission.size
        self._rows += len(submission.rows)
        self._bytes += submission.size

    def drop_for(self, submission: T) -> T | None:
        """Remove and return the newest submission of the project with the most bytes, to make room for another.

        None means that the other's own project would then have the most, so that there is no room for it.
        """
        own = self._lines.get(submission.project)
        project, longest = max(self._lines.items(), key=lambda item: item[1].size, default=("", None))
        if longest is None or longest.size <= submission.size + (own.size if own else 0):
            return None
        dropped = longest.submissions.pop()
        self._remove(project, longest, dropped)
        return dropped

    def take_batch(self) -> list[T]:
        """Take the next batch: at most `MAX_BATCH` rows and about `BATCH_BYTES`, at least one submission."""
        if self._bytes <= LARGE_BYTES or (len(self._lines) == 1 and self._fits):
            everything = list(chain.from_iterable(map(SUBMISSIONS, self._lines.values())))
            self._lines.clear()
            self._rows = self._bytes = 0
            return everything
        batch: list[T] = []
        rows = size = largest = 0
        turns = [(line.sent, project) for project, line in self._lines.items()]
        heapq.heapify(turns)
        while turns:
            self._clock, project = turns[0]
            line = self._lines[project]
            head = line.submissions[0]
            rows, size, largest = rows + len(head.rows), size + head.size, max(largest, head.size)
            mixed = batch and project != batch[0].project and largest > LARGE_BYTES
            if batch and (rows > MAX_BATCH or size > BATCH_BYTES or mixed):
                break
            batch.append(line.submissions.popleft())
            line.sent += head.size
            self._remove(project, line, head)
            if line.submissions:
                heapq.heapreplace(turns, (line.sent, project))
            else:
                heapq.heappop(turns)
        return batch

    @property
    def _fits(self) -> bool:
        return self._rows <= MAX_BATCH and self._bytes <= BATCH_BYTES

    def _remove(self, project: str, line: ProjectLine[T], submission: T) -> None:
        """Subtract a removed submission, and forget its project when none is left."""
        line.size -= submission.size
        self._rows -= len(submission.rows)
        self._bytes -= submission.size
        if not line.submissions:
            del self._lines[project]


SUBMISSIONS = attrgetter("submissions")


class PendingRows(Generic[ResultT]):
    """Rows of one project that arrived together, their arrival (the loop's time), and the future of their result."""

    __slots__ = ("arrived", "future", "project", "rows", "size")

    def __init__(self, rows: Sequence[UsageRow], arrived: float, future: "asyncio.Future[ResultT]") -> None:
        self.rows = rows
        self.project = rows[0].series.project_id if rows else ""
        self.size = sum(map(size_of, rows))
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

    def result(self, outcomes: list[Outcome]) -> ResultT:
        """Return the result of the rows' outcomes, or raise."""
        raise NotImplementedError


class PendingOutcomes(PendingRows[list[Outcome]]):
    """Rows whose result is the list of their outcomes."""

    __slots__ = ()

    def result(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Return the outcomes."""
        return outcomes


def rows_of(batch: Sequence[PendingRows[Any]]) -> list[UsageRow]:
    """Return the rows of submissions, in order."""
    return list(chain.from_iterable(map(ROWS, batch)))


def months_of(submission: PendingRows[Any]) -> set[Month | None]:
    """Return the months of a submission's rows."""
    return {month_of(row.occurred_at) for row in submission.rows}


def size_of(row: UsageRow) -> int:
    """Return the approximate size of a row in bytes."""
    return ROW_BYTES + len(row.metadata) if row.metadata else ROW_BYTES


def resolve(batch: Sequence[PendingRows[Any]], outcomes: list[Outcome]) -> None:
    """Resolve submissions with the outcomes of all their rows, in order."""
    end = 0
    for submission in batch:
        start, end = end, end + len(submission.rows)
        submission.resolve(outcomes[start:end])


def reject(batch: Sequence[PendingRows[Any]], error: Exception) -> None:
    """Resolve submissions with an error."""
    for submission in batch:
        submission.reject(error)
