"""Receipts of logged calls: filled from the stored log, one per call, and only of the project's own calls."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

ISSUE = "/api/v1/receipts/issue"
RECEIPTS = "/api/v1/receipts"
CALL = {
    "provider": "openai",
    "model": "gpt-5-mini",
    "input_tokens": 1000,
    "output_tokens": 100,
    "cached_input_tokens": 10,
    "alias": "fast",
    "profile": "dev",
    "cost": 0.0123,
}


@pytest.fixture
def server(start_server, signer):
    return start_server(
        ["usage", "receipts"], receipts={"private_key_b64": signer.seed}, usage={"max_tokens": 2**63 - 1}
    )


@pytest.fixture
def log(client):
    """Give a function that logs a call, given as changes to the usual one, and returns the answer's body."""

    def send(**members):
        answer = client.post("/api/v1/log", json={**CALL, **members})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send


@pytest.fixture
def issue(client):
    """Give a function that asks for the receipt of a call."""
    return lambda log_id, **members: client.post(ISSUE, json={"usage_log_id": log_id, **members})


def test_the_receipt_of_a_call_has_the_logged_values(log, issue, verify, signer):
    logged = log()
    receipt = issue(logged["log_id"]).json()
    assert verify(receipt)["valid"] is True
    del receipt["signature"]
    assert receipt == {
        "id": logged["log_id"],
        "usage_log_id": logged["log_id"],
        "timestamp": receipt["timestamp"],
        "registry_version": None,
        "provider": "openai",
        "model": "openai:gpt-5-mini",
        "alias": "fast",
        "profile": "dev",
        "lock_digest": None,
        "key_id": signer.key_id,
        "tokens": {"input": 1000, "output": 100, "cached_input": 10},
        "cost": {"amount": "0.0123", "currency": "USD", "calculation": "client"},
        "cost_status": "priced",
        "billed": {"input": 990, "cache_read": 10, "output": 100},
    }
    assert datetime.fromisoformat(receipt["timestamp"]) == datetime.fromisoformat(logged["timestamp"])


def test_a_cost_of_the_registry_comes_with_the_version_of_the_registry(llmring_live, small_registry, signer):
    server = llmring_live(
        ["receipts", "registry", "usage"],
        registry={"base_url": small_registry.as_uri() + "/"},
        receipts={"private_key_b64": signer.seed},
    )
    client = server.client()
    assert client.get("/registry").status_code == 200
    logged = client.post("/api/v1/log", json={**CALL, "cost": None}).json()
    receipt = client.post(ISSUE, json={"usage_log_id": logged["log_id"]}).json()
    assert receipt["cost"]["calculation"] == "registry"
    assert float(receipt["cost"]["amount"]) == logged["cost"] > 0
    assert receipt["billed"] == {"cache_read": 10, "input": 990, "output": 100}
    assert receipt["rates"].keys() == receipt["billed"].keys()
    assert (receipt["price_source"], receipt["priced_as"], receipt["matched"]) == (
        "registry",
        "openai:gpt-5-mini",
        "exact",
    )
    (row,) = server.rows("SELECT registry_version FROM usage_logs")
    assert receipt["price_version"] == row["registry_version"]
    assert receipt["registry_version"] == row["registry_version"]
    assert receipt["registry_version"].startswith("openai.")


def test_it_is_stored_and_the_same_when_requested_again(client, log, issue):
    log_id = log()["log_id"]
    first = issue(log_id)
    assert issue(log_id).content == first.content
    assert client.get(f"{RECEIPTS}/{log_id}").content == first.content


@pytest.mark.own_server
def test_many_concurrent_requests_give_one_receipt(server, log):
    log_id, clients = log()["log_id"], [server.client("one") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: one.post(ISSUE, json={"usage_log_id": log_id}), clients))
    assert len({answer.content for answer in answers}) == 1
    assert len(server.rows("SELECT 1 FROM receipts")) == 1


@pytest.mark.own_server
def test_a_call_that_is_repriced_keeps_its_receipt_and_gets_another_under_another_id(server, log, issue):
    log_id = log()["log_id"]
    first = issue(log_id)
    server.run(server.server.database.execute("UPDATE usage_logs SET cost = 9"))
    assert issue(log_id).content == first.content
    corrected = issue(log_id, id="corrected").json()
    assert (corrected["cost"]["amount"], corrected["usage_log_id"]) == ("9", log_id)


def test_what_the_log_does_not_know_may_be_added(log, issue, verify):
    receipt = issue(log()["log_id"], lock_digest="sha256:x", ext={"order": "7"}).json()
    assert (receipt["lock_digest"], receipt["ext"]) == ("sha256:x", {"order": "7"})
    assert verify(receipt)["valid"] is True


def test_fields_that_are_added_later_need_another_receipt(log, issue):
    log_id = log()["log_id"]
    first = issue(log_id, ext={"order": "7"})
    assert issue(log_id).content == issue(log_id, ext={"order": "7"}).content == first.content
    assert issue(log_id, ext={"order": "8"}).status_code == 409
    assert issue(log_id, ext={"order": "8"}, id="another").json()["ext"] == {"order": "8"}


@pytest.mark.parametrize("member", ["alias", "profile", "timestamp", "provider", "registry_version", "x"])
def test_what_the_log_knows_is_not_taken_from_the_client(log, issue, member):
    answer = issue(log()["log_id"], **{member: "2026-01-31T12:00:00Z"})
    assert answer.status_code == 422
    assert "The log fills the rest" in answer.json()["detail"]


@pytest.mark.own_server
def test_another_projects_call_looks_like_an_unknown_one(server, log):
    mine, unknown = log()["log_id"], str(uuid.uuid4())
    other = server.client("two")
    answers = [other.post(ISSUE, json={"usage_log_id": log_id}) for log_id in (mine, unknown)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["detail"].replace(mine, unknown) == answers[1].json()["detail"]
    assert server.rows("SELECT 1 FROM receipts") == []


@pytest.mark.parametrize(
    "log_id", ["x", "00000000-0000-0000-0000-000000000000", "f" * 32, str(uuid.UUID(int=2**128 - 1))]
)
def test_what_is_no_log_id_is_404(issue, log_id):
    assert issue(log_id).status_code == 404


@pytest.mark.parametrize("log_id", [None, 5, "", ["x"], "x" * 256])
def test_what_cannot_be_a_log_id_is_422(issue, log_id):
    assert issue(log_id).status_code == 422


def test_an_unpriced_call_has_no_receipt_and_the_problem_gives_the_reason(log, issue):
    answer = issue(log(cost=None, model="unheard-of")["log_id"])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["body", "usage_log_id"]
    assert "model_not_in_registry" in answer.json()["detail"]


def test_tokens_that_cannot_be_signed_are_422(log, issue):
    answer = issue(log(input_tokens=2**53)["log_id"])
    assert answer.status_code == 422
    assert "2^53" in answer.json()["detail"]


@pytest.mark.parametrize("cost", ["0.00010811999999999999", "999999999999999." + "1" * 40])
def test_every_cost_that_can_be_logged_is_signed_exactly(client, log, issue, cost):
    logged = client.post("/api/v1/log", content=json.dumps(CALL).replace("0.0123", cost)).json()
    assert issue(logged["log_id"]).json()["cost"]["amount"] == cost


def test_a_call_without_cost_to_its_project_has_a_receipt(log, issue):
    assert issue(log(cost=0)["log_id"]).json()["cost"]["amount"] == "0"


@pytest.mark.parametrize("ago", [timedelta(hours=1), timedelta(days=70), timedelta(days=3000)])
def test_a_call_that_was_logged_late_is_found(log, issue, ago):
    happened = (datetime.now(UTC) - ago).isoformat()
    assert issue(log(timestamp=happened)["log_id"]).status_code == 200


def test_where_calls_are_not_logged_there_are_no_receipts_of_them(llmring_live, signer):
    server = llmring_live(["receipts"], receipts={"private_key_b64": signer.seed})
    answer = server.client().post(ISSUE, json={"usage_log_id": str(uuid.uuid4())})
    assert answer.status_code == 422
    assert "not logged here" in answer.json()["detail"]


def test_a_payload_may_still_name_a_log_entry(client, verify):
    payload = {"model": "a:b", "tokens": {"input": 1, "output": 1}, "cost": {"amount": 1}, "usage_log_id": "theirs"}
    receipt = client.post(ISSUE, json=payload).json()
    assert receipt["usage_log_id"] == "theirs"
    assert verify(receipt)["valid"] is True


def test_a_payload_under_the_id_of_a_call_is_not_taken_for_its_receipt(client, log, issue):
    log_id = log()["log_id"]
    payload = {"id": log_id, "model": "a:b", "tokens": {"input": 1, "output": 1}, "cost": {"amount": 1}}
    assert client.post(ISSUE, params={"store": True}, json=payload).status_code == 200
    assert issue(log_id).status_code == 409
    assert issue(log_id, id="another").status_code == 200
