"""`POST /log`: what is stored, its cost, and what is refused."""

import time
from decimal import Decimal

import msgspec
import pytest

EXACT = msgspec.json.Decoder(dict[str, object])


def test_a_call_without_a_cost_is_priced_from_the_registry(priced, log):
    logged = log(priced.client(), input_tokens=9500, cached_input_tokens=8000, output_tokens=150)
    assert (logged["cost"], logged["cost_source"], logged["cost_status"]) == (0.000875, "registry", "priced")


def test_the_price_and_registry_version_are_stored_with_the_row(priced, log):
    log(priced.client())
    row = priced.client().get("/api/v1/logs").json()[0]
    assert (row["priced_as"], row["registry_version"]) == ("openai:gpt-5-mini", "openai.3")


def test_a_call_of_an_unknown_model_is_stored_unpriced(priced, log, stats):
    logged = log(priced.client(), model="no-such-model")
    assert (logged["cost"], logged["cost_status"]) == (None, "model_not_in_registry")
    summary = stats(priced.client())["summary"]
    assert (summary["unpriced_requests"], summary["unpriced_tokens"], summary["total_cost"]) == (1, 1100, 0)


def test_an_alias_of_a_model_is_priced_as_that_model(priced, log):
    log(priced.client(), provider="anthropic", model="claude-sonnet-4-5")
    assert priced.client().get("/api/v1/logs").json()[0]["priced_as"] == "anthropic:claude-sonnet-4-5-20250929"


def test_a_cost_sent_by_the_client_is_authoritative_and_ours_is_stored_with_it(priced, log):
    logged = log(priced.client(), cost=0.5)
    assert (logged["cost"], logged["cost_source"]) == (0.5, "client")
    assert priced.client().get("/api/v1/logs").json()[0]["computed_cost"] == 0.00045


def test_without_the_registry_calls_are_priced_by_the_bundled_prices(usage, log):
    logged = log(usage.client())
    assert (logged["cost"], logged["cost_source"], logged["cost_status"]) == (0.00045, "genai-prices", "priced")


def test_the_status_is_the_reason_for_no_cost(usage, log):
    logged = log(usage.client(), model="no-such-model")
    assert (logged["cost"], logged["cost_source"], logged["cost_status"]) == (None, None, "model_not_in_registry")


def test_a_null_count_means_none(usage, log):
    log(usage.client(), input_tokens=None, output_tokens=None, cached_input_tokens=None)
    row = usage.client().get("/api/v1/logs").json()[0]
    assert (row["input_tokens"], row["output_tokens"], row["cached_input_tokens"]) == (0, 0, 0)


def test_large_counts_and_costs_are_stored_exactly(usage, log, stats):
    log(usage.client(), input_tokens=3_000_000_000, cost=250)
    summary = stats(usage.client())["summary"]
    assert (summary["input_tokens"], summary["total_cost"]) == (3_000_000_000, 250)


def test_every_decimal_of_a_cost_is_stored(usage):
    sent = b'{"provider":"p","model":"m","cost":0.1234567890123456789012345}'
    answer = usage.client().post("/api/v1/log", content=sent, headers={"Content-Type": "application/json"})
    assert b'"cost":0.1234567890123456789012345,' in answer.content
    assert b'"cost":0.1234567890123456789012345,' in usage.client().get("/api/v1/logs").content


def test_a_number_of_forty_digits_in_metadata_is_stored(usage):
    metadata = b'{"n":1234567890123456789012345678901234567890.5}'
    sent = b'{"provider":"p","model":"m","input_tokens":1,"metadata":' + metadata + b"}"
    usage.client().post("/api/v1/log", content=sent, headers={"Content-Type": "application/json"})
    assert b'"metadata":' + metadata in usage.client().get("/api/v1/logs").content


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"input_tokens": -1}, "input_tokens"),
        ({"input_tokens": 2**63}, "input_tokens"),
        ({"cost": -0.01}, "cost"),
        ({"cost": "NaN"}, "cost"),
        ({"cost": "Infinity"}, "cost"),
        ({"cost": "1_000"}, "cost"),
        ({"cost": "\u0661\u0662"}, "cost"),
        ({"cost": "\uff11"}, "cost"),
        ({"cost": " 1"}, "cost"),
        ({"cost": "1\n"}, "cost"),
        ({"cost": "."}, "cost"),
        ({"cost": 1e300}, "cost"),
        ({"latency_ms": -5}, "latency_ms"),
        ({"status": "fine"}, "status"),
        ({"model": ""}, "model"),
        ({"timestamp": "2026-01-01T00:00:00"}, "timestamp"),
        ({"timestamp": "2999-01-01T00:00:00Z"}, "timestamp"),
        ({"timestamp": "2016-12-31T22:59:60Z"}, "timestamp"),
        ({"timestamp": "2016-12-31T23:58:60Z"}, "timestamp"),
        ({"timestamp": "2016-12-31T23:59:60"}, "timestamp"),
        ({"tags": {str(n): "x" for n in range(11)}}, "tags"),
    ],
)
def test_an_invalid_entry_is_refused_with_the_location(usage, members, place):
    call = {"provider": "openai", "model": "m", "input_tokens": 1, **members}
    answer = usage.client().post("/api/v1/log", json=call)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["loc"] == ["body", place]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
        ("2016-12-31T23:59:60.5Z", "2016-12-31T23:59:59.500000Z"),
        ("2016-12-31T18:59:60-05:00", "2016-12-31T23:59:59Z"),
    ],
)
def test_a_leap_second_is_the_second_before(usage, log, sent, stored):
    given = {"timestamp": sent, "metadata": {"timestamp": sent, "n": [1.50]}}
    assert log(usage.client(), **given)["timestamp"] == stored
    batch = usage.client().post("/api/v1/log/batch", json=[{"provider": "p", "model": "m", "cost": 0, **given}])
    assert batch.json()["accepted"] == 1
    found = usage.client().get("/api/v1/logs").json()
    assert [(one["logged_at"], one["metadata"]) for one in found] == [(stored, given["metadata"])] * 2


def test_a_name_that_occurs_twice_beside_a_leap_second_is_refused(usage):
    body = b'{"provider":"p","model":"m","model":"n","cost":0,"timestamp":"2016-12-31T23:59:60Z"}'
    answer = usage.client().post("/api/v1/log", content=body)
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["body", "model"])


@pytest.mark.parametrize("cost", ["0.5", "5e-1", ".5", "+0.5", "0.50"])
def test_a_cost_may_be_text_with_a_number(usage, log, cost):
    assert log(usage.client(), cost=cost)["cost"] == 0.5


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("more", "loc", "name"),
    [
        (b'"model":"m"', ["body", "model"], "'model'"),
        (b'"cost":1,"cost":2', ["body", "cost"], "'cost'"),
        (b'"mode\\u006c":"m"', ["body", "model"], "'model'"),
        (b'"x":1,"x" : 1', ["body"], "'x'"),
        (b'"metadata":{"a":[{"b":1,"c":2,"b":1}]}', ["body"], "'b'"),
        (b'"metadata":{":":1,":":2}', ["body"], "':'"),
        (b'"tags":{"t":"1","t":"1"}', ["body"], "'t'"),
    ],
)
def test_a_name_that_occurs_twice_is_refused_and_named(usage, more, loc, name):
    answer = usage.client().post("/api/v1/log", content=b'{"provider":"p","model":"m",%b}' % more, headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"loc": loc, "msg": f"The name {name} occurs twice. Send it once."}]
    assert usage.client().get("/api/v1/logs").json() == []


def test_the_same_name_in_different_objects_is_accepted(usage, log):
    log(usage.client(), metadata={"model": "x", "a": {"a": [{"a": 1}, {"a": 1}]}}, tags={"model": "y"})


def test_a_body_with_many_names_that_occur_once_and_one_twice_is_refused_quickly(usage):
    names = b",".join(b'"%d":1' % number for number in [*range(60_000), 59_999])
    began = time.monotonic()
    answer = usage.client().post("/api/v1/log", content=b'{"provider":"p","model":"m",%b}' % names, headers=JSON)
    assert "'59999' occurs twice" in answer.json()["detail"]
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("metadata", [b'"\\u0000"', b'"\\ud800"', b"[" * 10_000 + b"]" * 10_000, b'"\xff"'])
def test_metadata_that_cannot_be_stored_is_refused(usage, metadata):
    sent = b'{"provider":"p","model":"m","input_tokens":1,"metadata":' + metadata + b"}"
    answer = usage.client().post("/api/v1/log", content=sent, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert usage.client().get("/api/v1/logs").json() == []


def test_a_late_entry_of_three_years_ago_is_accepted(usage, log, stats):
    log(usage.client(), timestamp="2023-02-28T23:59:59Z", cost=1)
    assert stats(usage.client())["by_day"][0]["date"] == "2023-02-28"


def test_unknown_fields_are_ignored(usage, log):
    log(usage.client(), something_new={"a": [1]})


def test_two_projects_see_only_their_own_calls(usage, log, stats):
    log(usage.client("one"), origin="secret-origin")
    other = usage.client("two")
    assert other.get("/api/v1/logs").json() == []
    assert stats(other)["summary"]["total_requests"] == 0
    assert b"secret-origin" not in other.get("/api/v1/logs/export").content


def test_costs_add_up_in_decimals(usage, log, stats):
    for _ in range(10):
        log(usage.client(), cost=0.1)
    raw = usage.client().get("/api/v1/stats").content
    assert msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    assert Decimal(str(stats(usage.client())["summary"]["total_cost"])) == Decimal("1")
