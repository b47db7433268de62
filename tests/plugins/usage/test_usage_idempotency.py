"""Idempotency keys: one entry per key, however often it is sent, for the lifetime of the key."""

import asyncio

import httpx
import pytest
from pydantic import ValidationError

from llmring_usage.settings import UsageSettings

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 100, "cost": 0.25}
KEYED = {**CALL, "idempotency_key": "one"}


@pytest.fixture
def client(usage):
    return usage.client()


def ids(client):
    return [entry["id"] for entry in client.get("/api/v1/logs").json()]


def replay(urls, times, key="test-project"):
    """Send one keyed entry many times at once, over all servers in turn, and return the responses."""

    async def send():
        async with httpx.AsyncClient(headers={"X-Project-Key": key}, timeout=30) as client:
            to = [urls[number % len(urls)] for number in range(times)]
            return await asyncio.gather(*(client.post(f"{url}/api/v1/log", json=KEYED) for url in to))

    return asyncio.run(send())


def test_a_hundred_replays_at_once_are_one_entry_with_one_answer(usage, client):
    answers = replay([usage.url], 100, usage.key())
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert ids(client) == [answers[0].json()["log_id"]]
    assert client.get("/api/v1/stats").json()["summary"]["total_cost"] == 0.25


def test_replays_at_four_servers_at_once_are_one_entry_with_one_answer(llmring_live):
    servers = [llmring_live(["usage"]) for _ in range(4)]
    answers = replay([server.url for server in servers], 100)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert ids(servers[0].client()) == [answers[0].json()["log_id"]]


def test_another_entry_under_a_key_in_use_conflicts(client, log):
    first = log(client, **KEYED)
    answer = client.post("/api/v1/log", json={**KEYED, "output_tokens": 101})
    assert answer.status_code == 409
    assert "'one'" in answer.json()["detail"]
    assert ids(client) == [first["log_id"]]


def test_the_header_and_the_field_are_the_same_key(client, log):
    first = log(client, **KEYED)
    answer = client.post("/api/v1/log", json=CALL, headers={"Idempotency-Key": "one"})
    assert answer.json() == first


def test_the_header_and_the_field_may_both_be_sent(client, log):
    first = log(client, **KEYED)
    assert client.post("/api/v1/log", json=KEYED, headers={"Idempotency-Key": "one"}).json() == first


def test_a_header_that_differs_from_the_field_is_refused(client):
    answer = client.post("/api/v1/log", json=KEYED, headers={"Idempotency-Key": "two"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["body", "idempotency_key"]
    assert ids(client) == []


def test_a_key_longer_than_255_characters_is_refused(client):
    assert client.post("/api/v1/log", json={**CALL, "idempotency_key": "k" * 256}).status_code == 422
    assert client.post("/api/v1/log", json=CALL, headers={"Idempotency-Key": "k" * 256}).status_code == 422


def test_each_project_has_its_own_keys(usage, log):
    first, second = (log(usage.client(name), **KEYED) for name in ("one", "two"))
    assert first["log_id"] != second["log_id"]


def test_entries_without_a_key_are_never_treated_as_replays(client, log):
    assert len({log(client, id_at_origin="conversation", operation_id="same")["log_id"] for _ in range(3)}) == 3


@pytest.mark.own_server
@pytest.mark.parametrize(("hours", "entries"), [(71, 1), (73, 2)])
def test_a_key_lives_for_three_days(usage, client, log, hours, entries):
    first = log(client, **KEYED)
    usage.rows("UPDATE usage_keys SET created_at = created_at - make_interval(hours => %s) RETURNING key", [hours])
    second = log(client, **KEYED)
    assert (first["log_id"] == second["log_id"]) == (entries == 1)
    assert log(client, **KEYED) == second
    assert len(ids(client)) == entries
    assert client.get("/api/v1/stats").json()["summary"]["total_requests"] == entries


def test_the_lifetime_of_a_key_is_a_setting(llmring_live, log):
    server = llmring_live(["usage"], usage={"idempotency_hours": 1})
    first = log(server.client(), **KEYED)
    server.rows("UPDATE usage_keys SET created_at = created_at - interval '61 minutes' RETURNING key")
    assert log(server.client(), **KEYED)["log_id"] != first["log_id"]


@pytest.mark.own_server
def test_an_expired_key_accepts_another_entry(usage, client, log):
    log(client, **KEYED)
    usage.rows("UPDATE usage_keys SET created_at = created_at - interval '73 hours' RETURNING key")
    changed = log(client, **{**KEYED, "cost": 0.5})
    assert changed["cost"] == 0.5
    assert client.post("/api/v1/log", json=KEYED).status_code == 409


def test_a_replay_gets_the_response_of_the_first_call(client, log):
    first = log(client, **KEYED, timestamp="2026-03-01T10:00:00Z")
    assert log(client, **KEYED, timestamp="2026-03-01T10:00:00Z") == first
    assert first["timestamp"] == "2026-03-01T10:00:00Z"


def test_a_replay_within_one_batch_counts_as_a_duplicate(client):
    found = client.post("/api/v1/log/batch", json=[KEYED, CALL, KEYED]).json()
    assert (found["accepted"], found["duplicates"], found["rejected"]) == (2, 1, 0)
    first, _, again = found["results"]
    assert again == {"index": 2, "log_id": first["log_id"], "duplicate": True}
    assert len(ids(client)) == 2


def test_a_batch_sent_again_is_all_duplicates(client):
    batch = [{**CALL, "idempotency_key": f"key-{number}"} for number in range(1500)]
    first = client.post("/api/v1/log/batch", json=batch).json()
    again = client.post("/api/v1/log/batch", json=batch).json()
    assert (first["accepted"], again["accepted"], again["duplicates"]) == (1500, 0, 1500)
    assert [r["log_id"] for r in first["results"]] == [r["log_id"] for r in again["results"]]
    assert client.get("/api/v1/stats").json()["summary"]["total_requests"] == 1500


def test_another_entry_under_a_key_of_the_same_batch_is_rejected_alone(client):
    found = client.post("/api/v1/log/batch", json=[KEYED, {**KEYED, "cost": 1}, CALL]).json()
    assert (found["accepted"], found["duplicates"], found["rejected"]) == (2, 0, 1)
    assert "'one'" in found["results"][1]["error"]["msg"]


def test_keys_of_any_characters_are_distinguished(client, log):
    keys = ["a", "A", "a ", "%s", "'; --", "ключ", "🗝️", "\\u0041", "k" * 255]
    assert len({log(client, **{**CALL, "idempotency_key": key})["log_id"] for key in keys}) == len(keys)


@pytest.mark.parametrize("hours", [8_785, 1e300, float("inf")])
def test_a_key_is_remembered_for_a_year_at_most(hours):
    with pytest.raises(ValidationError, match="less than or equal to 8784"):
        UsageSettings(idempotency_hours=hours)
