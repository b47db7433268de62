"""The amount and time range of the seeded calls: projects of three sizes, with few and with many combinations."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from llmring_usage.tables.partitions import next_month

CHUNK_ROWS = 250_000
DENSE = timedelta(days=30)
SPARSE = timedelta(days=365)
DENSE_SHARE = 0.4

# The numbers of models, aliases and origins by number of combinations.
SHAPES = {100: (10, 5, 2), 1_000: (20, 10, 5)}


class Scale(NamedTuple):
    """The number of a project's calls, and of their combinations of model, alias and origin."""

    rows: int
    combinations: int

    @property
    def key(self) -> str:
        """The project key of this scale."""
        return f"bench-{self.rows}-{self.combinations}"


class Span(NamedTuple):
    """A half-open range of time, and the number of calls in it."""

    start: datetime
    end: datetime
    rows: int


def scales(largest: int) -> list[Scale]:
    """Return the scales up to `largest` rows: 10 k, 1 M, 10 M with 100 and with 1,000 combinations."""
    sizes = sorted({min(size, largest) for size in (10_000, 1_000_000, largest)})
    return [Scale(rows, combinations) for combinations in SHAPES for rows in sizes]


def months(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the calendar months (UTC) between two instants, with the first and the last truncated to them."""
    while start < end:
        year, number = next_month((start.year, start.month))
        stop = min(datetime(year, number, 1, tzinfo=UTC), end)
        yield start, stop
        start = stop


def spans(scale: Scale, end: datetime) -> Iterator[Span]:
    """Yield the spans of a scale: 30 dense days up to `end`, and a sparse year before them; none crosses a month."""
    dense = int(scale.rows * DENSE_SHARE)
    for begin, stop, rows in ((first_month(end), end - DENSE, scale.rows - dense), (end - DENSE, end, dense)):
        left, remaining = rows, stop - begin
        for first, last in months(begin, stop):
            share = round(left * ((last - first) / remaining))
            yield from _chunks(Span(first, last, share))
            left, remaining = left - share, remaining - (last - first)


def first_month(end: datetime) -> datetime:
    """Return the start of the calls: the first day of a month, a year and 30 days or more before `end`."""
    return (end - DENSE - SPARSE).replace(day=1)


def _chunks(span: Span) -> Iterator[Span]:
    """Split a span into transactions of a limited size."""
    parts = max(-(-span.rows // CHUNK_ROWS), 1)
    bounds = [span.start + (span.end - span.start) * part / parts for part in range(parts + 1)]
    counts = [span.rows * (part + 1) // parts - span.rows * part // parts for part in range(parts)]
    return (Span(*chunk) for chunk in zip(bounds[:-1], bounds[1:], counts, strict=True))
