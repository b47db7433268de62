"""Histograms."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmring_server.contracts.metrics import HistogramValue
from llmring_server.runtime.histogram import Histogram

any_example = settings(deadline=None, max_examples=60, database=None, suppress_health_check=[HealthCheck.too_slow])


def test_a_value_counts_in_the_bucket_that_ends_with_it_or_first_above_it():
    histogram = Histogram((1, 10))
    for value in (0, 1, 1.5, 10, 10.1, 1e9):
        histogram.observe(value)
    assert histogram.read().counts == (2, 2, 2)


@any_example
@given(st.lists(st.integers(0, 10**6)), st.sets(st.integers(0, 10**6)).map(sorted).map(tuple))
def test_every_value_is_counted_once(values, bounds):
    histogram = Histogram(bounds)
    for value in values:
        histogram.observe(value)
    found = histogram.read()
    assert (sum(found.counts), found.total, len(found.counts)) == (len(values), sum(values), len(bounds) + 1)


def test_a_read_value_does_not_change():
    histogram = Histogram((1,))
    before = histogram.read()
    histogram.observe(0.5)
    assert before == HistogramValue((1,), (0, 0), 0)
    assert histogram.read() == HistogramValue((1,), (1, 0), 0.5)
