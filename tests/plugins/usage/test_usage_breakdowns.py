"""Breakdowns and filters of `/stats`: each adds up to its summary, and equals the sum over the matching calls."""

from collections import defaultdict
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DAY = "2026-03-0{}T{:02}:30:00Z"


pytestmark = pytest.mark.own_server  # whose tags have sums from the first call on


@pytest.fixture
def server(start_server):
    """A server with sums by the tags customer and feature."""
    return start_server(["usage"], usage={"tags": ("customer", "feature")})


@pytest.fixture
def client(server):
    return server.client()


def log(client, calls):
    answer = client.post("/api/v1/log/batch", json=calls)
    assert answer.json()["accepted"] == len(calls), answer.text


def call(**members):
    return {"provider": "openai", "model": "m", "input_tokens": 10, "output_tokens": 1, "cost": 1, **members}


def breakdown(client, query):
    answer = client.get(f"/api/v1/stats?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def requests(found, *by):
    """Return the requests by names; None for the row of the others."""
    return {row["names"] and tuple(row["names"][one] for one in by): row["requests"] for row in found["rows"]}


def test_calls_are_broken_down_by_a_tag(client):
    log(client, [call(tags={"customer": name}) for name in ("acme", "acme", "zeta")] + [call()])
    found = breakdown(client, "by=tag.customer")
    assert requests(found, "tag.customer") == {("acme",): 2, ("zeta",): 1, ("",): 1}
    assert found["by"] == ["tag.customer"]


def test_calls_are_broken_down_by_two_dimensions(client):
    log(client, [call(model=m, status=s) for m, s in (("a", "error"), ("a", "success"), ("b", "success"))])
    found = breakdown(client, "by=model&by=status")
    expected = {("a", "error"): 1, ("a", "success"): 1, ("b", "success"): 1}
    assert requests(found, "model", "status") == expected


def test_names_beyond_the_top_are_in_one_row_that_makes_the_rows_add_up(client):
    log(client, [call(model=name, cost=cost) for name, cost in (("a", 3), ("b", 2), ("c", 1), ("d", 0))])
    found = breakdown(client, "by=model&top=2")
    assert requests(found, "model") == {("a",): 1, ("b",): 1, None: 2}
    assert found["rows"][-1]["names"] is None
    assert sum(row["cost"] for row in found["rows"]) == found["summary"]["cost"] == 6


def test_a_row_has_every_metric(client):
    log(client, [
        call(cost=0.002, latency_ms=100, reasoning_tokens=1, cached_input_tokens=4),
        call(cost=0.004, latency_ms=100, status="error"),
        call(cost=None, model="unknown"),
    ])  # fmt: skip
    (row,) = breakdown(client, "by=provider")["rows"]
    assert row["names"] == {"provider": "openai"}
    assert (row["requests"], row["errors"], row["unpriced_requests"], row["estimated_requests"]) == (3, 1, 1, 0)
    assert (row["cost"], row["cost_per_1000_calls"]) == (0.006, 3)
    assert (row["input_tokens"], row["output_tokens"], row["total_tokens"]) == (30, 3, 33)
    assert (row["cache_read_tokens"], row["reasoning_tokens"]) == (4, 1)
    assert row["latency_p50_ms"] == pytest.approx(100, rel=0.2)
    assert row["latency_p95_ms"] == pytest.approx(100, rel=0.2)


def test_the_cost_of_a_thousand_calls_is_exact_for_costs_of_many_digits(server):
    client = server.client(uuid4().hex)
    cost = "999999999999999.123456789012"
    log(client, [{"provider": "openai", "model": "gpt-5", "input_tokens": 1, "cost": cost}])
    answer = client.get("/api/v1/stats", params={"by": "model"})
    assert answer.status_code == 200, answer.text
    found = answer.json(parse_float=Decimal, parse_int=Decimal)
    assert Decimal(found["rows"][0]["cost_per_1000_calls"]) == Decimal(found["rows"][0]["cost"]) * 1000
    assert found["summary"]["cost"] == found["rows"][0]["cost"]


def test_statistics_of_a_filter_have_the_shape_of_all_statistics(client):
    log(client, [call(model="a", alias="x"), call(model="a", status="error"), call(model="b")])
    every, some = breakdown(client, ""), breakdown(client, "model=a")
    assert some.keys() - every.keys() == {"limited_requests"}
    assert some["summary"]["total_requests"] == 2
    assert {name: one["requests"] for name, one in some["by_alias"].items()} == {"x": 1, "": 1}
    assert [(day["requests"], day["top_model"]) for day in some["by_day"]] == [(2, "a")]
    assert some["by_model"]["a"]["errors"] == 1


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ("by=customer", ["query", "by", 0]),
        ("by=model&by=tag.", ["query", "by", 1]),
        ("by=model&by=model", ["query", "by", 1]),
        ("by=model&by=alias&by=origin", ["query", "by"]),
        ("by=model&top=0", ["query", "top"]),
    ],
)
def test_an_impossible_breakdown_is_refused_with_its_place(client, query, loc):
    answer = client.get(f"/api/v1/stats?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == loc


def test_a_tag_without_sums_is_answered_from_the_calls(client):
    log(client, [call(tags={"team": "red"}), call(tags={"team": "blue"}), call(tags={"team": "red"}, model="b")])
    assert requests(breakdown(client, "by=tag.team&by=model"), "tag.team", "model") == {
        ("red", "m"): 1, ("blue", "m"): 1, ("red", "b"): 1,
    }  # fmt: skip
    assert breakdown(client, "tag.team=red")["summary"]["total_requests"] == 2


def test_filters_of_single_calls_are_answered_from_the_calls(client):
    log(client, [call(cost=cost, latency_ms=cost * 100, operation_id=f"o{cost}") for cost in (1, 2, 3)])
    for query in ("min_cost=2", "min_latency_ms=200", "operation_id=o2&operation_id=o3"):
        assert breakdown(client, query)["summary"]["total_cost"] == 5
        assert breakdown(client, f"by=model&{query}")["summary"]["cost"] == 5


VALUES = {
    "model": ["a", "b", "other"],
    "provider": ["openai", "x:y"],
    "alias": ["", "fast"],
    "profile": ["default", "test"],
    "origin": ["", "web"],
    "status": ["success", "error", "aborted"],
    "service_tier": ["", "flex"],
    "tag.customer": ["", "acme", "zeta"],
    "tag.feature": ["", "chat"],
}
CALLS = st.fixed_dictionaries({
    **{name: st.sampled_from(values) for name, values in VALUES.items()},
    "at": st.tuples(st.integers(1, 5), st.integers(0, 23)),
    "cost": st.none() | st.decimals(0, 10, places=6),
    "input_tokens": st.integers(0, 10**10),
})  # fmt: skip
FILTERED = ["model", "provider", "profile", "status", "tag.customer", "tag.feature"]
FILTERS = st.dictionaries(st.sampled_from(FILTERED), st.integers(0, 2), max_size=3).map(
    lambda drawn: {name: VALUES[name][index % len(VALUES[name])] or "none" for name, index in drawn.items()}
)
BY = st.lists(
    st.sampled_from([*VALUES.keys() - {"service_tier"}, "provider_model"]), min_size=1, max_size=2, unique=True
)


def entry(drawn):
    tags = {name[4:]: drawn[name] for name in ("tag.customer", "tag.feature") if drawn[name]}
    plain = {
        name: value for name, value in drawn.items() if not name.startswith("tag.") and name != "at" and value != ""
    }
    return {**plain, "cost": None if drawn["cost"] is None else float(drawn["cost"]), "tags": tags, "output_tokens": 1,
            "timestamp": DAY.format(*drawn["at"])}  # fmt: skip


def name_of(drawn, dimension):
    if dimension == "provider_model":
        return drawn["provider"].replace(":", "~1") + ":" + drawn["model"]
    return drawn[dimension]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(CALLS, min_size=1, max_size=30), chosen=FILTERS, by=BY, top=st.integers(1, 5),
       start=st.sampled_from(["", "2026-03-02", "2026-03-02T10:00:00Z"]))  # fmt: skip
def test_every_breakdown_of_every_filter_equals_the_sum_of_its_calls(server, calls, chosen, by, top, start):
    client = server.client(uuid4().hex)
    log(client, [entry(one) for one in calls])
    begin = (start + "T00:00:00Z" if len(start) == 10 else start) or "2026"
    matching = [
        one for one in calls
        if all(one[name] == value for name, value in chosen.items()) and DAY.format(*one["at"]) >= begin
    ]  # fmt: skip
    expected = defaultdict(lambda: [0, Decimal(0), 0])
    for one in matching:
        sums = expected[tuple(name_of(one, dimension) for dimension in by)]
        sums[0] += 1
        sums[1] += one["cost"] or 0
        sums[2] += one["input_tokens"] + 1
    query = {**chosen, "by": by, "top": top, "start_date": start}
    found = client.get("/api/v1/stats", params=query).json(parse_float=Decimal)
    rows = {row["names"] and tuple(row["names"][one] for one in by): row for row in found["rows"]}
    for names, row in rows.items():
        if names is not None:
            assert [row["requests"], Decimal(row["cost"]), row["total_tokens"]] == expected[names]
    assert len(rows) == min(len(expected), top) + (len(expected) > top)
    for field, index in (("requests", 0), ("cost", 1), ("total_tokens", 2)):
        total = sum(sums[index] for sums in expected.values())
        assert sum(Decimal(row[field]) for row in rows.values()) == Decimal(found["summary"][field]) == total
    whole = client.get("/api/v1/stats", params={**chosen, "start_date": start}).json(parse_float=Decimal)
    assert whole["summary"]["total_requests"] == len(matching)
    for part in ("by_model", "by_alias", "by_profile", "by_origin", "by_provider", "by_provider_model"):
        assert sum(one["requests"] for one in whole[part].values()) == len(matching)
    assert sum(day["requests"] for day in whole["by_day"]) == len(matching)
