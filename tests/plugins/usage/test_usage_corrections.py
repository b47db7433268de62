"""Entries are voided and corrected: they stay readable, count no longer, and every sum follows at once."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from llmring_server.testing import make_plugin

LONG_AGO = "2025-03-14T15:09:26Z"
REASON = {"reason": "mistyped"}
LOC = ["body", "fields"]


@pytest.fixture
def corrected():
    """The entries that were announced as taken back."""
    return []


@pytest.fixture
def server(llmring_live, corrected):
    async def llmring_usage_corrected(server, entries):
        corrected.extend(entries)

    return llmring_live(["usage", make_plugin("listener", llmring_usage_corrected=llmring_usage_corrected)])


def void(client, log_id, **body):
    return client.post(f"/api/v1/logs/{log_id}/void", json={**REASON, **body})


def correct(client, log_id, fields, **body):
    return client.post(f"/api/v1/logs/{log_id}/correct", json={"fields": fields, **REASON, **body})


def summary(client):
    return client.get("/api/v1/stats").json()["summary"]


def listed(client):
    return {entry["id"]: entry for entry in client.get("/api/v1/logs").json()}


def verify(llmring_cli):
    return llmring_cli("usage", "verify", LLMRING_PLUGINS="usage")


@pytest.mark.parametrize("when", [{}, {"timestamp": LONG_AGO}])
def test_a_voided_entry_counts_no_longer(server, log, stats, llmring_cli, when):
    client = server.client()
    log(client, cost=2, alias="fast", latency_ms=20, **when)
    wrong = log(client, cost=5, model="gpt-4o", latency_ms=9000, **when)
    answer = void(client, wrong["log_id"])
    assert answer.status_code == 200, answer.text
    assert answer.json().items() >= {"log_id": wrong["log_id"], "kind": "void", "replaced_by": None}.items()
    found = stats(client)
    assert (found["summary"]["total_requests"], found["summary"]["total_cost"]) == (1, 2)
    assert found["summary"]["unique_models"] == 1
    assert [*found["by_model"]] == ["gpt-5-mini"]
    assert found["by_model"]["gpt-5-mini"]["latency_p95_ms"] < 30
    assert [day["requests"] for day in found["by_day"]] == [1]
    assert verify(llmring_cli).returncode == 0


def test_statistics_are_empty_once_every_entry_is_voided(server, log, stats):
    client = server.client()
    void(client, log(client, cost=2, latency_ms=20)["log_id"])
    found = stats(client)
    assert found["summary"]["total_requests"] == found["summary"]["unique_models"] == 0
    assert (found["summary"]["latency_p50_ms"], found["by_model"], found["by_day"]) == (None, {}, [])


def test_the_same_request_gets_the_same_answer(server, log):
    client = server.client()
    voided, fixed = (log(client, cost=5)["log_id"] for _ in range(2))
    assert void(client, voided).content == void(client, voided).content
    first, second = (correct(client, fixed, {"cost": 1.50, "alias": "b"}) for _ in range(2))
    assert first.content == second.content
    assert correct(client, fixed, {"alias": "b", "cost": 1.5}).content == first.content
    assert summary(client)["total_cost"] == Decimal("1.5")


@pytest.mark.parametrize("change", [void, lambda client, entry: correct(client, entry, {"cost": 2})])
def test_concurrent_requests_take_an_entry_back_once(server, log, change):
    client = server.client()
    log(client, cost=1)
    entry = log(client, cost=5)["log_id"]
    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(lambda _: change(server.client(), entry), range(8))]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(listed(client)) == (3 if answers[0].json()["replaced_by"] else 2)
    assert summary(client)["total_cost"] == sum(
        row["cost"] for row in listed(client).values() if not row["corrected_at"]
    )


@pytest.mark.parametrize("then", [{"reason": "another"}, {"fields": {"cost": 1}}])
def test_another_request_for_a_voided_entry_is_a_conflict_that_names_what_happened(server, log, then):
    client = server.client()
    entry = log(client)["log_id"]
    void(client, entry)
    answer = correct(client, entry, then["fields"]) if "fields" in then else void(client, entry, **then)
    assert answer.status_code == 409
    assert "was voided on" in answer.json()["detail"]
    assert "'mistyped'" in answer.json()["detail"]


def test_a_corrected_entry_is_corrected_once_more_through_its_replacement(server, log):
    client = server.client()
    entry = log(client, cost=5)["log_id"]
    first = correct(client, entry, {"cost": 3}).json()["replaced_by"]
    conflict = correct(client, entry, {"cost": 2})
    assert conflict.status_code == 409
    assert first in conflict.json()["detail"]
    assert void(client, entry).status_code == 409
    second = correct(client, first, {"cost": 2}).json()["replaced_by"]
    assert summary(client)["total_cost"] == 2
    rows = listed(client)
    assert [rows[one]["replaced_by"] for one in (entry, first, second)] == [first, second, None]
    assert [rows[one]["replaces"] for one in (entry, first, second)] == [None, entry, first]


def test_an_entry_of_another_project_is_unknown(server, log):
    entry = log(server.client())["log_id"]
    other = server.client("another-project")
    assert void(other, entry).status_code == correct(other, entry, {"cost": 1}).status_code == 404
    assert void(other, "nonsense").status_code == 404
    assert summary(server.client())["total_requests"] == 1


def test_a_corrected_entry_is_counted_and_priced_as_if_it_had_been_logged_so(server, log, llmring_cli):
    client = server.client()
    wrong = log(client, model="gpt-5-nano", input_tokens=9_500_000, output_tokens=1, timestamp=LONG_AGO, cost=None)
    usage = {"prompt_tokens": 9500, "completion_tokens": 150, "prompt_tokens_details": {"cached_tokens": 8000}}
    new = correct(client, wrong["log_id"], {"model": "gpt-5-mini", "usage": usage}).json()["replaced_by"]
    right = log(client, usage=usage, timestamp=LONG_AGO, input_tokens=None, output_tokens=None)["log_id"]
    rows = listed(client)
    differ = {"id", "received_at", "replaces"}
    assert {name for name in rows[new] if rows[new][name] != rows[right][name]} == differ
    assert rows[new]["cost"] == 0.000875
    assert verify(llmring_cli).returncode == 0


def test_fields_that_are_not_corrected_stay(server, log):
    client = server.client()
    call = {
        "input_tokens": 5000, "cache_read_tokens": 4000, "output_tokens": 50, "reasoning_tokens": 20, "alias": "fast",
        "profile": "prod", "origin": "api", "id_at_origin": "c1", "latency_ms": 12.25, "status": "success",
        "service_tier": "flex", "operation_id": "o1", "attempt": 2, "tags": {"customer": "acme"},
        "metadata": {"a": [1, 2]}, "units": {"web_search": 2}, "audio_input_tokens": 100, "timestamp": LONG_AGO,
    }  # fmt: skip
    old = log(client, **call)["log_id"]
    new = correct(client, old, {"status": "error", "alias": None}).json()["replaced_by"]
    rows = listed(client)
    changed = {name for name in rows[new] if rows[new][name] != rows[old][name]}
    assert changed == {"id", "received_at", "status", "alias", "corrected_at", "replaced_by", "replaces"}
    assert (rows[new]["status"], rows[new]["alias"]) == ("error", None)


def test_a_cost_of_the_client_stays_until_it_is_corrected(server, log):
    client = server.client()
    entry = log(client, cost=7)["log_id"]
    first = correct(client, entry, {"input_tokens": 1, "output_tokens": 1}).json()["replaced_by"]
    second = correct(client, first, {"cost": None}).json()["replaced_by"]
    rows = listed(client)
    assert (rows[first]["cost"], rows[first]["input_tokens"]) == (7, 1)
    assert (rows[second]["cost"], rows[second]["cost_source"]) == (0.00000225, "genai-prices")


@pytest.mark.parametrize(
    ("fields", "loc"),
    [
        ({}, LOC),
        ({"output_tokens": 5}, LOC),
        ({"nonsense": 1}, [*LOC, "nonsense"]),
        ({"timestamp": LONG_AGO}, [*LOC, "timestamp"]),
        ({"idempotency_key": "k"}, [*LOC, "idempotency_key"]),
        ({"cost": -1}, [*LOC, "cost"]),
        ({"model": None}, [*LOC, "model"]),
        ({"input_tokens": 1, "output_tokens": 1, "cache_read_tokens": 9, "input_includes": "reads"}, LOC),
        ({"input_tokens": 10**11, "output_tokens": 1}, [*LOC, "input_tokens"]),
        ({"usage": {"prompt_tokens": 10**11, "completion_tokens": 1}}, [*LOC, "usage"]),
        ([1], LOC),
    ],
)  # fmt: skip
def test_invalid_fields_are_refused_with_their_place(server, log, fields, loc):
    client = server.client()
    entry = log(client)["log_id"]
    answer = correct(client, entry, fields)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["loc"][: len(loc)] == loc
    assert listed(client)[entry]["corrected_at"] is None


def test_a_correction_needs_a_reason(server, log):
    client = server.client()
    entry = log(client)["log_id"]
    assert void(client, entry, reason="").status_code == 422
    assert client.post(f"/api/v1/logs/{entry}/void", json={}).status_code == 422


def test_listeners_receive_what_was_taken_back(server, log, corrected):
    client = server.client()
    entry = log(client, cost=5)["log_id"]
    new = correct(client, entry, {"cost": 3}).json()["replaced_by"]
    void(client, new)
    void(client, new)
    assert [(one.log_id, one.kind, one.cost, one.replaced_by, one.new_cost) for one in corrected] == [
        (entry, "correct", 5, new, 3), (new, "void", 3, None, None),
    ]  # fmt: skip
