"""Metrics in the Prometheus text format, or in OpenMetrics if the client requests it."""

import itertools
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from llmring_metrics.models import AllWorkers, Value, combine
from llmring_server.contracts.metrics import HistogramValue, Labels, Metric

OPENMETRICS = "application/openmetrics-text"
ABOVE_ALL = "+Inf"


class Exposition(Collector):
    """The metrics of all workers, combined when collected; numbers become floats only here."""

    def __init__(self, figures: Iterable[Metric], workers: AllWorkers) -> None:
        self._figures = figures
        self._workers = workers

    def collect(self) -> Iterator[Family]:
        """Return every metric as a metric family, including those without values."""
        for figure in self._figures:
            values = combine(figure, self._workers)
            yield _histogram(figure, values) if figure.kind == "histogram" else _numbers(figure, values)

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the text and its media type, in the format requested by an Accept header."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        encode, media = choose_encoder(OPENMETRICS if OPENMETRICS in accept else "")
        return encode(registry), media


def _numbers(figure: Metric, values: Mapping[Labels, Value]) -> Family:
    kind = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
    family = kind(figure.name, figure.help, labels=figure.labels)
    for labels, value in values.items():
        if not isinstance(value, HistogramValue):
            family.add_metric(labels, float(value))
    return family


def _histogram(figure: Metric, values: Mapping[Labels, Value]) -> Family:
    family = HistogramMetricFamily(figure.name, figure.help, labels=figure.labels)
    for labels, value in values.items():
        if isinstance(value, HistogramValue):
            ends = [*map(str, value.bounds), ABOVE_ALL]
            buckets = list(zip(ends, itertools.accumulate(value.counts), strict=True))
            family.add_metric(labels, buckets, float(value.total))
    return family
