"""Histograms for metrics."""

from bisect import bisect_left

from llmring_server.contracts.metrics import HistogramValue


class Histogram:
    """Counts values in buckets; `bounds` are the buckets' upper bounds, in ascending order."""

    __slots__ = ("_bounds", "_counts", "_total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total: float = 0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value

    def read(self) -> HistogramValue:
        """Return the current counts."""
        return HistogramValue(self._bounds, tuple(self._counts), self._total)
