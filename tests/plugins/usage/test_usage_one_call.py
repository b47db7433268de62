"""`GET /logs/{id}`: one call, the calculation of its cost, and its receipt."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from llmring_receipts.formats import keys

SEED = keys.encode(keys.seed_bytes(keys.generate_key()))


def fetch(client, log_id):
    answer = client.get(f"/api/v1/logs/{log_id}")
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text, parse_float=Decimal)


def test_a_call_is_the_same_as_in_the_list(usage, log):
    client = usage.client()
    logged = log(client, model="unknown", cost=0.5, tags={"customer": "acme"}, metadata={"a": [1.50]}, latency_ms=12.5)
    found = fetch(client, logged["log_id"])
    (listed,) = json.loads(client.get("/api/v1/logs").text, parse_float=Decimal)
    assert found["entry"] == listed
    assert (found["calculation"], found["receipt_id"]) == (None, None)


def test_a_computed_cost_has_its_calculation(priced, log):
    client = priced.client()
    logged = log(client, input_tokens=9500, output_tokens=150, cached_input_tokens=8000)
    calculation = fetch(client, logged["log_id"])["calculation"]
    assert [(term["kind"], term["tokens"], term["cost"]) for term in calculation["terms"]] == [
        ("input", 1500, Decimal("0.000375")), ("cache read", 8000, Decimal("0.0002")),
        ("output", 150, Decimal("0.0003")),
    ]  # fmt: skip
    assert (calculation["total"], calculation["calculator"], calculation["exact"]) == (
        Decimal("0.000875"), "provider", True,
    )  # fmt: skip


@pytest.mark.parametrize("days", [0.1, 40, 4000])
def test_a_late_call_is_found(usage, log, days):
    client = usage.client()
    happened = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    logged = log(client, cost=1, timestamp=happened)
    assert fetch(client, logged["log_id"])["entry"]["logged_at"] == logged["timestamp"]


def test_a_call_of_another_project_is_unknown(usage, log):
    logged = log(usage.client(), cost=1)
    answer = usage.client("another").get(f"/api/v1/logs/{logged['log_id']}")
    assert (answer.status_code, answer.json()["detail"]) == (404, "This project has no such call.")


@pytest.mark.parametrize(
    "log_id", ["x", "%00", "01a2094e-594f-7319-8987-dd6166280c36", str(uuid.UUID(int=2**128 - 1)), "a" * 500]
)
def test_an_id_of_no_call_is_unknown(usage, log_id):
    assert usage.client().get(f"/api/v1/logs/{log_id}").status_code == 404


def test_a_call_names_its_receipt(start_server, log):
    client = start_server(["usage", "receipts"], receipts={"private_key_b64": SEED, "auto": True}).client()
    logged = log(client, cost=1)
    found = fetch(client, logged["log_id"])
    assert found["receipt_id"] == logged["receipt"]["id"] == logged["log_id"]
    assert client.get(f"/api/v1/receipts/{found['receipt_id']}").json() == logged["receipt"]
