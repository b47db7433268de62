"""The contract of metrics: values that features export for monitoring."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Literal

import msgspec

Number = int | float | Decimal
Labels = tuple[str, ...]


class HistogramValue(msgspec.Struct, frozen=True):
    """The distribution of values: `counts[i]` of them are above `bounds[i - 1]` and at most `bounds[i]`.

    The last count, one more than there are bounds, is of values above all bounds; `total` is the sum of the values.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: Number


Reading = Number | HistogramValue | Mapping[Labels, Number] | Mapping[Labels, HistogramValue] | None


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric that a feature exports for monitoring.

    `name` is its Prometheus name (`llmring_usage_queue_entries`) and ends with the unit, a counter's with `_total`.
    `read` returns the current value in this process: a number, or a HistogramValue for a histogram; a mapping by label
    values where there are `labels`; None when there is no value. It is called on the event loop about once per second
    and must not block. Counters and histograms never decrease while the process runs. `aggregate` is the function that
    combines the gauges of several worker processes; counters and histograms are always summed.
    """

    name: str
    help: str
    kind: Literal["counter", "gauge", "histogram"]
    read: Callable[[], Reading]
    labels: tuple[str, ...] = ()
    aggregate: Literal["sum", "min", "max"] = "sum"
