"""Filters of calls: several values of one field are alternatives, several fields restrict each other."""

import csv
import io
import json
from urllib.parse import urlencode

import psycopg
import pytest


@pytest.fixture
def client(usage):
    return usage.client()


@pytest.fixture
def listed(client):
    """Return a function that returns the ids of the listed calls of a query, oldest first."""

    def read(query):
        answer = client.get(f"/api/v1/logs?{query}")
        assert answer.status_code == 200, answer.text
        return [entry["id"] for entry in reversed(answer.json())]

    return read


def faults(client, query):
    answer = client.get(f"/api/v1/logs?{query}")
    assert answer.status_code == 422, answer.text
    return {tuple(one["loc"]): one["msg"] for one in answer.json()["errors"]}


@pytest.mark.parametrize("field", ["alias", "model", "provider", "profile", "origin", "service_tier", "id_at_origin",
                                   "operation_id"])  # fmt: skip
def test_repeated_values_are_alternatives(client, log, listed, field):
    first, second, _ = (log(client, **{field: value})["log_id"] for value in ("one", "two", "three"))
    assert listed(f"{field}=one&{field}=two") == [first, second]


def test_several_fields_restrict_each_other(client, log, listed):
    wanted = log(client, model="one", origin="web")["log_id"]
    log(client, model="one", origin="api")
    log(client, model="two", origin="web")
    assert listed("model=one&origin=web") == [wanted]


def test_tags_are_filtered_by_name_and_value(client, log, listed):
    wanted = log(client, tags={"customer": "acme", "user": "ann"})["log_id"]
    log(client, tags={"customer": "acme", "user": "bob"})
    log(client, tags={"user": "ann"})
    log(client)
    assert listed("tag.customer=acme&tag.user=ann&tag.user=eve") == [wanted]


def test_calls_are_filtered_by_status(client, log, listed):
    failed = log(client, status="error")["log_id"]
    log(client)
    assert listed("status=error") == [failed]


def test_unpriced_calls_are_those_without_a_cost(client, log, listed):
    unpriced = log(client, model="unknown-model")["log_id"]
    priced = log(client, cost=1)["log_id"]
    assert listed("cost_status=unpriced") == [unpriced]
    assert listed("cost_status=unpriced&cost_status=priced") == [unpriced, priced]


def test_least_cost_and_latency_are_inclusive(client, log, listed):
    slow = log(client, cost=0.5, latency_ms=100)["log_id"]
    log(client, cost=0.5, latency_ms=99)
    log(client, cost=0.4, latency_ms=100)
    log(client, model="unknown-model")
    assert listed("min_cost=0.5&min_latency_ms=100") == [slow]


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ("status=eror", ("query", "status", 0)),
        ("cost_status=priced&cost_status=free", ("query", "cost_status", 1)),
        ("min_cost=much", ("query", "min_cost")),
        ("min_cost=nan", ("query", "min_cost")),
        ("min_latency_ms=-inf", ("query", "min_latency_ms")),
        ("tags=customer", ("query", "tags")),
        ("tag.=acme", ("query", "tag.")),
    ],
)
def test_a_filter_that_cannot_match_is_refused_with_its_place(client, query, loc):
    assert loc in faults(client, query)


def test_the_link_to_the_next_page_keeps_repeated_filters(client, log):
    for model in ("one", "two", "three"):
        log(client, model=model)
    first = client.get("/api/v1/logs?model=one&model=two&limit=1")
    second = client.get(first.links["next"]["url"])
    assert [entry["model"] for entry in first.json() + second.json()] == ["two", "one"]
    assert "next" not in second.links


def test_a_filter_hidden_in_a_value_changes_nothing(client, log, listed):
    log(client, tags={"customer": "acme"})
    assert listed("tag.customer=x' OR '1'='1") == []


COMBINED = {"model": ["one", "two"], "tag.customer": "acme", "min_cost": "0.1", "status": "success"}


def test_the_export_has_the_calls_of_the_filtered_list(client, log, listed):
    wanted = [log(client, model=model, cost=0.1, tags={"customer": "acme"})["log_id"] for model in ("one", "two")]
    log(client, model="three", cost=0.1, tags={"customer": "acme"})
    log(client, model="one", cost=0.1, tags={"customer": "other"})
    log(client, model="one", cost=0.01, tags={"customer": "acme"})
    query = urlencode(COMBINED, doseq=True)
    lines = client.get(f"/api/v1/logs/export?{query}&format=ndjson").text.splitlines()
    rows = csv.DictReader(io.StringIO(client.get(f"/api/v1/logs/export?{query}").text))
    assert listed(query) == wanted
    assert [json.loads(line)["id"] for line in reversed(lines)] == wanted
    assert [row["id"] for row in reversed([*rows])] == wanted


@pytest.mark.parametrize("path", ["/api/v1/logs", "/api/v1/logs/export"])
def test_an_unknown_filter_is_refused_with_those_that_exist(client, path):
    answer = client.get(f"{path}?customer=acme")
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["loc"]) == (422, ["query", "customer"])
    assert "tag.{name}" in fault["msg"]


@pytest.mark.own_server
def test_a_search_that_takes_too_long_is_refused_with_the_remedy(llmring_live, log):
    """A lock simulates the time that very many rows take."""
    server = llmring_live(["usage"], database_timeout=1)
    client = server.client()
    log(client, operation_id="op")
    with psycopg.connect(server.server.database.conninfo) as connection:
        connection.execute("LOCK TABLE usage_logs IN ACCESS EXCLUSIVE MODE")
        answer = client.get("/api/v1/logs?operation_id=op")
        unfiltered = client.get("/api/v1/logs")
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["loc"]) == (422, ["query", "start_date"])
    assert "Choose a shorter range" in fault["msg"]
    assert unfiltered.status_code == 503
    assert len(client.get("/api/v1/logs?operation_id=op").json()) == 1
