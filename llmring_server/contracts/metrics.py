"""Figures that features show to whoever watches the server, as the metrics do."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Literal

import msgspec

Number = int | float | Decimal
Labels = tuple[str, ...]


class HistogramValue(msgspec.Struct, frozen=True):
    """How values are spread: `counts[i]` of them are above `bounds[i - 1]` and at most `bounds[i]`.

    The last count, one more than there are bounds, is of those above all bounds; `total` is the sum of the values.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: Number


Reading = Number | HistogramValue | Mapping[Labels, Number] | Mapping[Labels, HistogramValue] | None


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that a feature shows to whoever watches the server.

    `name` is Prometheus's (`llmring_usage_queue_entries`), with the unit at its end; a counter's ends in `_total`.
    `read` returns the figure of this process as it stands: a number, for a histogram a HistogramValue, by label values
    where there are `labels`, None when there is nothing to show. It is called on the event loop about once a second
    and must not wait. Counters and histograms never fall while the process lives. `across` says how the gauges of
    several worker processes become one; counters and histograms are always summed.
    """

    name: str
    help: str
    kind: Literal["counter", "gauge", "histogram"]
    read: Callable[[], Reading]
    labels: tuple[str, ...] = ()
    aggregate: Literal["sum", "min", "max"] = "sum"
