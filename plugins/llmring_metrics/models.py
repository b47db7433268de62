"""Snapshots of metrics, and how those of several workers are combined. No I/O."""

import decimal
import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from llmring_server.contracts.metrics import HistogramValue, Labels, Metric, Number, Reading

# More digits than any sum of costs needs.
EXACT_DIGITS = 200

Value = Number | HistogramValue
Snapshot = dict[str, list[tuple[Labels, Value]]]


class AllWorkers(msgspec.Struct, frozen=True):
    """The snapshots of running and of exited workers."""

    running: list[Snapshot]
    exited: list[Snapshot]


def combine(figure: Metric, workers: AllWorkers) -> dict[Labels, Value]:
    """Return a metric of all workers by label values; exited workers count except for gauges."""
    snapshots = workers.running if figure.kind == "gauge" else [*workers.running, *workers.exited]
    found: dict[Labels, list[Value]] = {}
    for snapshot in snapshots:
        for labels, value in snapshot.get(figure.name, ()):
            found.setdefault(labels, []).append(value)
    return {labels: _combine_values(figure, values) for labels, values in found.items()}


def merge_exited(figures: Iterable[Metric], snapshots: Sequence[Snapshot]) -> Snapshot:
    """Merge the snapshots of exited workers into one, without gauges."""
    exited = AllWorkers([], list(snapshots))
    counted = [figure for figure in figures if figure.kind != "gauge"]
    return {figure.name: list(combine(figure, exited).items()) for figure in counted}


def _combine_values(figure: Metric, values: Sequence[Value]) -> Value:
    histograms = [value for value in values if isinstance(value, HistogramValue)]
    if histograms:
        return _merge_histograms(histograms)
    numbers = [value for value in values if not isinstance(value, HistogramValue)]
    if figure.kind == "gauge" and figure.aggregate != "sum":
        return min(numbers) if figure.aggregate == "min" else max(numbers)
    return sum_exactly(numbers)


def _merge_histograms(histograms: Sequence[HistogramValue]) -> HistogramValue:
    """Add up histograms; one with other buckets, of a worker of an earlier version, is skipped."""
    bounds = histograms[0].bounds
    matching = [one for one in histograms if one.bounds == bounds]
    counts = tuple(map(sum, zip(*(one.counts for one in matching), strict=True)))
    return HistogramValue(bounds, counts, sum_exactly([one.total for one in matching]))


def sum_exactly(numbers: Sequence[Number]) -> Number:
    """Return the exact sum, or the closest float if there are floats."""
    if any(isinstance(number, float) for number in numbers):
        return math.fsum(map(float, numbers))
    with decimal.localcontext(prec=EXACT_DIGITS):
        return sum(numbers)


def normalize_reading(figure: Metric, reading: Reading) -> list[tuple[Labels, Value]]:
    """Return the result of a metric's `read` as label values with their value.

    Raises:
        ValueError: the result does not match the metric's kind and labels.
    """
    if reading is None:
        return []
    found: list[tuple[Labels, Value]] = list((reading if isinstance(reading, Mapping) else {(): reading}).items())
    for labels, value in found:
        if len(labels) != len(figure.labels):
            raise ValueError(f"{figure.name} has the labels {figure.labels}, but a value for {labels}")
        if not isinstance(value, HistogramValue if figure.kind == "histogram" else Number):
            raise ValueError(f"{figure.name} is a {figure.kind}, but was read as {value!r}")
        if not isinstance(value, HistogramValue) and not math.isfinite(value):
            raise ValueError(f"{figure.name} is {value}")
    return found
