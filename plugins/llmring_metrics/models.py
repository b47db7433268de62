"""Snapshots of metrics, and how those of several workers are combined. No I/O."""

import decimal
import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from llmring_server.contracts.figures import Distribution, Figure, Labels, Number, Reading

# More digits than any sum of costs needs.
EXACT_DIGITS = 200

Value = Number | Distribution
Snapshot = dict[str, list[tuple[Labels, Value]]]


class Everyone(msgspec.Struct, frozen=True):
    """The snapshots of running and of exited workers."""

    living: list[Snapshot]
    gone: list[Snapshot]


def combined(figure: Figure, everyone: Everyone) -> dict[Labels, Value]:
    """Return a metric of all workers by label values; exited workers count except for gauges."""
    snapshots = everyone.living if figure.kind == "gauge" else [*everyone.living, *everyone.gone]
    found: dict[Labels, list[Value]] = {}
    for snapshot in snapshots:
        for labels, value in snapshot.get(figure.name, ()):
            found.setdefault(labels, []).append(value)
    return {labels: _one(figure, values) for labels, values in found.items()}


def remains(figures: Iterable[Figure], snapshots: Sequence[Snapshot]) -> Snapshot:
    """Merge the snapshots of exited workers into one, without gauges."""
    gone = Everyone([], list(snapshots))
    counted = [figure for figure in figures if figure.kind != "gauge"]
    return {figure.name: list(combined(figure, gone).items()) for figure in counted}


def _one(figure: Figure, values: Sequence[Value]) -> Value:
    distributions = [value for value in values if isinstance(value, Distribution)]
    if distributions:
        return _joined(distributions)
    numbers = [value for value in values if not isinstance(value, Distribution)]
    if figure.kind == "gauge" and figure.across != "sum":
        return min(numbers) if figure.across == "min" else max(numbers)
    return total(numbers)


def _joined(distributions: Sequence[Distribution]) -> Distribution:
    """Add up histograms; one with other buckets, of a worker of an earlier version, is skipped."""
    bounds = distributions[0].bounds
    alike = [one for one in distributions if one.bounds == bounds]
    counts = tuple(map(sum, zip(*(one.counts for one in alike), strict=True)))
    return Distribution(bounds, counts, total([one.total for one in alike]))


def total(numbers: Sequence[Number]) -> Number:
    """Return the exact sum, or the closest float if there are floats."""
    if any(isinstance(number, float) for number in numbers):
        return math.fsum(map(float, numbers))
    with decimal.localcontext(prec=EXACT_DIGITS):
        return sum(numbers)


def listed(figure: Figure, reading: Reading) -> list[tuple[Labels, Value]]:
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
        if not isinstance(value, Distribution if figure.kind == "histogram" else Number):
            raise ValueError(f"{figure.name} is a {figure.kind}, but was read as {value!r}")
        if not isinstance(value, Distribution) and not math.isfinite(value):
            raise ValueError(f"{figure.name} is {value}")
    return found
