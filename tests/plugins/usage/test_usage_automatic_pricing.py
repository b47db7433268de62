"""Calls without an exact price are priced automatically once a source learns it: rows, sums and an event together."""

import json
from decimal import Decimal

import pytest

from llmring_server.testing import eventually, make_plugin

PATH = "/api/v1/prices/overrides"
CALL = {"provider": "azure", "model": "viblrp", "input_tokens": 1000, "output_tokens": 100}
PRICE = {"provider": "azure", "model": "viblrp", "rates": {"input": "1", "output": "2"}}
CALLS = 10_000


@pytest.fixture
def repriced():
    """The entries that were announced as priced again."""
    return []


@pytest.fixture
def server(llmring_live, repriced):
    async def llmring_usage_repriced(server, entries):
        repriced.extend(entries)

    listener = make_plugin("listener", llmring_usage_repriced=llmring_usage_repriced)
    return llmring_live(["usage", listener])


def statuses(server):
    query = "SELECT cost_status, count(*) AS calls, sum(cost) AS cost FROM usage_logs GROUP BY 1"
    return {row["cost_status"]: (row["calls"], row["cost"]) for row in server.rows(query)}


def log_batch(client, calls):
    answer = client.post("/api/v1/log/batch", json=calls)
    assert answer.json()["rejected"] == 0, answer.text


def test_unpriced_calls_are_priced_when_an_own_price_is_set(server, log, repriced, llmring_cli):
    client = server.client()
    first = log(client, **CALL)
    log(client, **CALL, cost=5)
    log(client, provider="openai", model="gpt-5-mini")
    assert (first["cost"], first["cost_status"]) == (None, "model_not_in_registry")
    assert client.put(f"{PATH}/azure", json=PRICE).status_code == 200
    eventually(lambda: repriced, 30)
    assert statuses(server) == {"priced": (3, Decimal("5.00165"))}
    (entry,) = repriced
    assert (entry.log_id, entry.old_cost, entry.cost, entry.cost_source) == (
        first["log_id"], None, Decimal("0.0012"), "override",
    )  # fmt: skip
    summary = client.get("/api/v1/stats").json()["summary"]
    assert (summary["total_cost"], summary["unpriced_requests"], summary["unpriced_tokens"]) == (5.00165, 0, 0)
    assert llmring_cli("usage", "verify", LLMRING_PLUGINS="usage").returncode == 0


def test_an_estimate_becomes_exact_when_its_rate_is_known(server, log, repriced, llmring_cli):
    client = server.client()
    call = {"provider": "openai", "model": "gpt-5", "input_tokens": 1000, "cache_write_tokens": 1000}
    assert log(client, **call)["cost_status"] == "estimated"
    price = {"provider": "openai", "model": "gpt-5", "rates": {"cache_write": "1.5625"}}
    assert client.put(f"{PATH}/writes", json=price).status_code == 200
    eventually(lambda: repriced, 30)
    (entry,) = client.get("/api/v1/logs").json()
    assert (entry["cost_status"], repriced[0].old_status) == ("priced", "estimated")
    assert llmring_cli("usage", "verify", LLMRING_PLUGINS="usage").returncode == 0


def test_priced_calls_keep_their_cost_when_a_price_is_set(server, log, repriced):
    client = server.client()
    before = log(client, provider="openai", model="gpt-5-mini")["cost"]
    log(client, **CALL)
    client.put(f"{PATH}/mini", json={"provider": "openai", "model": "gpt-5-mini", "rates": {"input": "9"}})
    client.put(f"{PATH}/azure", json=PRICE)
    eventually(lambda: repriced, 30)
    costs = [entry["cost"] for entry in client.get("/api/v1/logs").json() if entry["provider"] == "openai"]
    assert costs == [before]


def test_calls_of_another_project_stay_unpriced(server, log, repriced):
    log(server.client("other"), **CALL)
    log(server.client(), **CALL)
    server.client().put(f"{PATH}/azure", json=PRICE)
    eventually(lambda: repriced, 30)
    assert server.client("other").get("/api/v1/logs").json()[0]["cost"] is None


def test_calls_are_priced_when_the_registry_learns_their_model(llmring_live, small_registry, log):
    settings = {"base_url": small_registry.as_uri() + "/", "refresh_seconds": 1}
    server = llmring_live(["registry", "usage"], registry=settings)
    client = server.client()
    assert client.get("/registry").status_code == 200
    assert log(client, model="house")["cost"] is None
    path = small_registry / "openai" / "models.json"
    document = json.loads(path.read_text())
    document["models"]["openai:house"] = document["models"]["openai:gpt-5-mini"]
    path.write_text(json.dumps(document))
    eventually(lambda: client.get("/api/v1/logs").json()[0]["cost"] == 0.00045, 60)


@pytest.mark.slow
def test_ten_thousand_calls_are_priced_within_a_minute(server, repriced, llmring_cli, figure):
    import time

    client = server.client()
    for _ in range(CALLS // 1000):
        log_batch(client, [CALL] * 1000)
    assert statuses(server) == {"model_not_in_registry": (CALLS, None)}
    began = time.monotonic()
    assert client.put(f"{PATH}/azure", json=PRICE).status_code == 200
    eventually(lambda: len(repriced) == CALLS, 60)
    figure("10,000 calls priced again", f"{time.monotonic() - began:.1f} s")
    assert statuses(server) == {"priced": (CALLS, Decimal("12"))}
    assert llmring_cli("usage", "verify", LLMRING_PLUGINS="usage").returncode == 0
