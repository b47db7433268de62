"""Combining the metrics of several workers."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmring_metrics.models import AllWorkers, Snapshot, combine, merge_exited, sum_exactly
from llmring_server.contracts.metrics import HistogramValue, Metric

any_example = settings(deadline=None, max_examples=60, database=None, suppress_health_check=[HealthCheck.too_slow])
COSTS = st.decimals(0, 10**15, allow_nan=False, places=40)


def figure(kind="counter", **given):
    return Metric(name="llmring_f", help="", kind=kind, read=lambda: 0, **given)


def shown(*values):
    return [{"llmring_f": [((), value)]} for value in values]


@any_example
@given(st.lists(COSTS, min_size=1))
def test_costs_add_up_without_an_error(costs):
    assert Fraction(sum_exactly(costs)) == sum(map(Fraction, costs))


@any_example
@given(st.lists(st.integers(0, 2**63), min_size=1))
def test_counts_add_up_without_an_error(counts):
    assert sum_exactly(counts) == sum(counts)


@any_example
@given(st.dictionaries(st.tuples(st.text()), COSTS | st.integers(0, 2**63) | st.floats(0, 1e300)))
def test_a_snapshot_is_read_as_it_was_written(values):
    snapshot = {
        "llmring_f": list(values.items()),
        "llmring_h": [((), HistogramValue((0.1, 2.0), (1, 2, 3), Decimal("0.1")))],
    }
    assert msgspec.json.decode(msgspec.json.encode(snapshot), type=Snapshot) == snapshot


@pytest.mark.parametrize(("across", "expected"), [("sum", 6), ("min", 1), ("max", 3)])
def test_gauges_of_several_workers_are_combined_as_declared(across, expected):
    assert combine(figure("gauge", aggregate=across), AllWorkers(shown(1, 3, 2), [])) == {(): expected}


def test_a_gauge_of_an_exited_worker_is_not_counted():
    assert combine(figure("gauge"), AllWorkers(shown(1), shown(5))) == {(): 1}


def test_a_counter_of_an_exited_worker_is_counted():
    assert combine(figure(), AllWorkers(shown(1), shown(5))) == {(): 6}


def test_distributions_add_up_bucket_by_bucket():
    one, two = HistogramValue((1.0,), (1, 2), 3), HistogramValue((1.0,), (10, 20), 30)
    assert combine(figure("histogram"), AllWorkers(shown(one), shown(two))) == {
        (): HistogramValue((1.0,), (11, 22), 33)
    }


def test_other_buckets_of_an_earlier_version_are_skipped():
    mine, earlier = HistogramValue((1.0,), (1, 2), 3), HistogramValue((1.0, 2.0), (1, 2, 3), 4)
    assert combine(figure("histogram"), AllWorkers(shown(mine), shown(earlier))) == {(): mine}


def test_of_exited_workers_only_counters_remain():
    gauge = Metric(name="llmring_g", help="", kind="gauge", read=lambda: 0)
    snapshots = [{"llmring_f": [((), 1)], "llmring_g": [((), 7)]}, {"llmring_f": [((), 2)]}]
    assert merge_exited([figure(), gauge], snapshots) == {"llmring_f": [((), 3)]}
