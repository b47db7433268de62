"""Rows that wait for the writer, and the futures of their results."""

import asyncio
from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Generic, TypeVar

from llmring_usage.ingest.repository import Outcome
from llmring_usage.models.rows import UsageRow
from llmring_usage.tables.partitions import Month, month_of

ROW_BYTES = 512
ROWS, SIZE, ARRIVED = attrgetter("rows"), attrgetter("size"), attrgetter("arrived")
T = TypeVar("T")


class PendingRows(Generic[T]):
    """Rows of one project that arrived together, their arrival (the loop's time), and the future of their result."""

    __slots__ = ("arrived", "future", "project", "rows", "size")

    def __init__(self, rows: Sequence[UsageRow], arrived: float, future: "asyncio.Future[T]") -> None:
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

    def result(self, outcomes: list[Outcome]) -> T:
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
