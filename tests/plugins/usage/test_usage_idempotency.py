"""Idempotency keys: one entry per key, however often it is sent, for the lifetime of the key."""

import asyncio
import json

import httpx
import psycopg
import pytest
from pydantic import ValidationError

from llmring_usage.maintenance import key_expiry
from llmring_usage.maintenance.hourly import Maintenance
from llmring_usage.settings import UsageSettings
from llmring_usage.tables.alias_hours import AliasHours

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 100, "cost": 0.25}
KEYED = {**CALL, "idempotency_key": "one"}
# An entry, and the fingerprint that a server of 59be777 stores for it.
OLD_BODY = (
    b'{"tags":{"user":"u","customer":"c"},"provider":"openai","model":"gpt-5-mini","input_tokens":1000,'
    b'"output_tokens":100,"latency_ms":12.5,"metadata":{"b": [1, {"z": 1.50, "a": null}], "a": 1e400},'
    b'"idempotency_key":"one"}'
)
OLD_FINGERPRINT = "cd6fdb12091675954c961dc8360c7074"
# Another, and the fingerprint that b775e5c stores for it.
OLD_USAGE_BODY = (
    b'{"provider":"openai","model":"gpt-5-mini","latency_ms":12.5,'
    b'"usage":{"prompt_tokens": 10, "completion_tokens": 5},"processing":"batch","idempotency_key":"one"}'
)
OLD_USAGE_FINGERPRINT = "4b9b139419f78095e966fb2565e7bc20"
NESTED = {"metadata": {"a": 1, "b": [{"c": 1.5, "d": "é"}]}, "tags": {"x": "1", "y": "2"}}
REORDERED = {"tags": {"y": "2", "x": "1"}, "metadata": {"b": [{"d": "é", "c": 1.5}], "a": 1}}
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 0}}


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


def test_the_order_of_members_and_the_latency_are_no_part_of_an_entry(client, log):
    first = log(client, **KEYED, **NESTED, latency_ms=10)
    assert log(client, **REORDERED, **dict(reversed(KEYED.items())), latency_ms=99.5) == first
    assert len(ids(client)) == 1


def test_the_order_of_members_of_a_usage_object_is_no_part_of_an_entry(client):
    call = {"provider": "openai", "model": "gpt-5-mini", "idempotency_key": "one"}
    for usage in (USAGE, dict(reversed(USAGE.items()))):
        assert client.post("/api/v1/log", json={**call, "usage": usage}).status_code == 200
        assert client.post("/api/v1/log", json={**call, "idempotency_key": "two", **usage}).status_code == 200
    assert len(ids(client)) == 2


@pytest.mark.parametrize(
    "changed", [{"metadata": {"a": 1, "b": [{"c": 1.50001, "d": "é"}]}}, {"tags": {"x": "2", "y": "1"}}, {"cost": 0.5}]
)
def test_another_value_is_another_entry(client, log, changed):
    log(client, **KEYED, **NESTED)
    assert client.post("/api/v1/log", json={**KEYED, **NESTED, **changed}).status_code == 409


@pytest.mark.parametrize("number", ["1" * 5_000, "-0", "1e999999", "0." + "1" * 400])
def test_metadata_of_any_number_may_be_repeated(client, number):
    body = json.dumps({**KEYED, "metadata": "NUMBER"}).replace('"NUMBER"', number).encode()
    first, again = (client.post("/api/v1/log", content=body) for _ in range(2))
    assert (first.status_code, again.json()) == (200, first.json())


@pytest.mark.own_server
@pytest.mark.parametrize(
    ("body", "fingerprint"),
    [(OLD_BODY, OLD_FINGERPRINT), (OLD_USAGE_BODY, OLD_USAGE_FINGERPRINT)],
    ids=["counts", "usage"],
)
def test_a_key_of_an_earlier_version_accepts_the_repeated_call_and_no_other(usage, client, body, fingerprint):
    first = client.post("/api/v1/log", content=body)
    usage.rows("UPDATE usage_keys SET fingerprint = %s RETURNING key", [fingerprint])
    assert client.post("/api/v1/log", content=body).json() == first.json()
    assert client.post("/api/v1/log", content=body.replace(b"12.5", b"13")).status_code == 409


def test_a_batch_sent_again_under_its_header_is_all_duplicates(client):
    batch = [CALL, CALL, {"provider": "openai"}, {**CALL, "idempotency_key": "own"}]
    first, again = (post_batch(client, batch, "b") for _ in range(2))
    assert (first["accepted"], first["duplicates"], first["rejected"]) == (3, 0, 1)
    assert (again["accepted"], again["duplicates"], again["rejected"]) == (0, 3, 1)
    assert [one.get("log_id") for one in first["results"]] == [one.get("log_id") for one in again["results"]]
    assert len(ids(client)) == 3


def test_the_header_of_a_batch_and_the_index_are_the_key_of_an_entry(client, log):
    found = post_batch(client, [CALL, CALL], "b")["results"]
    assert log(client, **CALL, idempotency_key="b/1")["log_id"] == found[1]["log_id"]


def test_an_entrys_own_key_is_used_in_a_batch_with_a_header(client, log):
    first = log(client, **KEYED)
    found = post_batch(client, [KEYED, CALL], "b")
    assert found["results"][0] == {"index": 0, "log_id": first["log_id"], "duplicate": True}


def test_a_changed_entry_of_a_repeated_batch_is_rejected_alone(client):
    post_batch(client, [CALL, CALL, CALL], "b")
    found = post_batch(client, [CALL, {**CALL, "cost": 1}, CALL], "b")
    assert (found["accepted"], found["duplicates"], found["rejected"]) == (0, 2, 1)
    assert "'b/1'" in found["results"][1]["error"]["msg"]


def test_the_header_of_a_batch_has_at_most_255_characters(client):
    answer = client.post("/api/v1/log/batch", json=[CALL], headers={"Idempotency-Key": "k" * 256})
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["header", "Idempotency-Key"])
    found = post_batch(client, [CALL], "k" * 255), post_batch(client, [CALL], "k" * 255)
    assert [one["duplicates"] for one in found] == [0, 1]


def post_batch(client, batch, key):
    answer = client.post("/api/v1/log/batch", json=batch, headers={"Idempotency-Key": key})
    assert answer.status_code == 200, answer.text
    return answer.json()


def maintain(server):
    server.run(server.server.service(Maintenance).run_once())


@pytest.mark.own_server
def test_with_zero_hours_a_key_lives_until_its_raw_row_is_dropped(llmring_live, log):
    server = llmring_live(["usage"], usage={"idempotency_hours": 0, "retention_days": 30})
    old, new = {**KEYED, "timestamp": "2024-03-15T00:00:00Z"}, {**CALL, "idempotency_key": "new"}
    first = log(server.client(), **old)
    log(server.client(), **new)
    server.rows("UPDATE usage_keys SET created_at = '2024-03-15' WHERE key = 'one' RETURNING key")
    assert log(server.client(), **old) == first
    maintain(server)
    assert server.rows("SELECT key FROM usage_keys") == [{"key": "new"}]


@pytest.mark.own_server
def test_with_zero_hours_and_no_retention_keys_are_never_deleted(llmring_live, log):
    server = llmring_live(["usage"], usage={"idempotency_hours": 0})
    first = log(server.client(), **KEYED)
    server.rows("UPDATE usage_keys SET created_at = created_at - interval '30 years' RETURNING key")
    maintain(server)
    assert log(server.client(), **KEYED) == first


@pytest.mark.own_server
def test_expired_keys_are_deleted_in_chunks(llmring_live, log, monkeypatch):
    monkeypatch.setattr(key_expiry, "CHUNK_KEYS", 10)
    server = llmring_live(["usage"])
    batch = [{**CALL, "idempotency_key": f"key-{number}"} for number in range(25)]
    server.client().post("/api/v1/log/batch", json=batch).raise_for_status()
    server.rows("UPDATE usage_keys SET created_at = created_at - interval '73 hours' RETURNING key")
    log(server.client(), **KEYED)
    maintain(server)
    assert server.rows("SELECT key FROM usage_keys") == [{"key": "one"}]


@pytest.mark.own_server
def test_a_failed_step_of_the_upkeep_does_not_stop_the_later_ones(llmring_live, monkeypatch):
    server = llmring_live(["usage"])
    refreshed = []

    async def refresh(self):
        refreshed.append(self)

    monkeypatch.setattr(AliasHours, "refresh_hourly", refresh)
    server.rows("ALTER TABLE usage_keys RENAME TO away")
    with pytest.raises(psycopg.errors.UndefinedTable, match="usage_keys"):
        maintain(server)
    assert refreshed


@pytest.mark.parametrize("hours", [8_785, 1e300, float("inf")])
def test_a_key_is_remembered_for_a_year_at_most(hours):
    with pytest.raises(ValidationError, match="less than or equal to 8784"):
        UsageSettings(idempotency_hours=hours)
