"""Calls that were billed with their conversation and are logged again in a batch are billed once."""

import threading
import uuid

import psycopg
import pytest
from conversations_kit import OTHERS

ENTRY = {
    "provider": "openai",
    "model": "gpt-5-mini",
    "input_tokens": 1000,
    "output_tokens": 50,
    "cached_input_tokens": 10,
    "cost": 0.25,
}


def entry(conversation, **fields):
    return {**ENTRY, "id_at_origin": conversation, **fields}


def send(client, *entries):
    response = client.post("/api/v1/log/batch", json=entries)
    assert response.status_code == 200, response.text
    return response.json()


def ids(response):
    return [result["log_id"] for result in response["results"]]


def counts(response):
    return response["accepted"], response["duplicates"], response["rejected"]


def requests(client):
    return client.get("/api/v1/stats").json()["summary"]["total_requests"]


def test_an_entry_billed_with_its_conversation_is_a_duplicate(client, converse):
    logged = converse(client)
    response = send(client, entry(logged["conversation_id"]), entry(None))
    assert counts(response) == (1, 1, 0)
    assert response["results"][0] == {"index": 0, "log_id": logged["log_id"], "duplicate": True}
    assert requests(client) == 2


def test_a_claim_is_taken_once_within_a_batch_and_by_the_batches_after_it(client, converse):
    logged = converse(client)
    turns = [entry(logged["conversation_id"])] * 3
    first, second = send(client, *turns), send(client, *turns)
    assert (counts(first), counts(second)) == ((2, 1, 0), (3, 0, 0))
    assert ids(first).count(logged["log_id"]) == 1
    assert len({*ids(first), *ids(second)}) == requests(client) == 6


@pytest.mark.parametrize("other", OTHERS)
def test_an_entry_of_another_call_leaves_the_claim_open(client, converse, other):
    logged = converse(client)
    assert counts(send(client, entry(logged["conversation_id"], **other))) == (1, 0, 0)
    assert counts(send(client, entry(logged["conversation_id"]))) == (0, 1, 0)


def test_an_id_at_origin_alone_never_makes_a_duplicate(client, create):
    for conversation in (create(client)["id"], str(uuid.uuid4()), "my-conversation", "x" * 36):
        assert counts(send(client, *[entry(conversation)] * 3)) == (3, 0, 0)


def test_another_project_cannot_take_the_claim(server, client, converse):
    logged = converse(client)
    assert counts(send(server.client("two"), entry(logged["conversation_id"]))) == (1, 0, 0)
    assert counts(send(client, entry(logged["conversation_id"]))) == (0, 1, 0)


def test_a_batch_repeated_with_its_idempotency_keys_gets_the_same_response(client, converse):
    logged = converse(client)
    batch = [entry(logged["conversation_id"], idempotency_key=key) for key in ("a", "a", "b")]
    first, again = send(client, *batch), send(client, *batch)
    assert ids(first) == ids(again)
    taken = [log_id == logged["log_id"] for log_id in ids(first)]
    assert taken in ([True, True, False], [False, False, True])
    assert requests(client) == 2


def test_any_number_of_claims_is_taken_in_one_statement(server, client, converse):
    logged = [converse(client) for _ in range(40)]
    batch = [entry(each["conversation_id"]) for each in logged] + [entry(f"other-{n}") for n in range(20)]
    before = server.server.database.pool.get_stats()["requests_num"]
    response = send(client, *batch[::-1])
    assert server.server.database.pool.get_stats()["requests_num"] - before <= 4
    assert counts(response) == (20, 40, 0)
    assert ids(response)[20:] == [each["log_id"] for each in logged[::-1]]
    assert requests(client) == 60


@pytest.mark.own_server
def test_foreign_ids_cost_no_statement(server, client):
    server.run(server.server.database.execute("ALTER TABLE conversation_claims RENAME TO away"))
    assert counts(send(client, *[entry(str(uuid.uuid4())), entry("x"), entry(None)])) == (3, 0, 0)


def test_exactly_one_of_a_log_and_concurrent_batches_takes_the_claim(server, client, converse):
    for _ in range(5):
        logged, found = converse(client), []
        mine = entry(logged["conversation_id"])
        barrier = threading.Barrier(3)

        def race(path, body, mine=found, barrier=barrier):
            own = server.client("one")
            barrier.wait()
            response = own.post(path, json=body).json()
            mine.extend(ids(response) if "results" in response else [response["log_id"]])

        calls = [("/api/v1/log", mine), ("/api/v1/log/batch", [mine, mine]), ("/api/v1/log/batch", [mine])]
        threads = [threading.Thread(target=race, args=call) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found.count(logged["log_id"]) == 1
        assert len(found) == 4


@pytest.mark.own_server
def test_billed_entries_are_accepted_when_the_others_cannot_be_stored(server, client, converse):
    logged = converse(client)
    with psycopg.connect(server.server.database.conninfo) as locker:
        locker.execute("LOCK TABLE usage_logs IN ACCESS EXCLUSIVE MODE")
        response = send(client, entry(None), entry(logged["conversation_id"]), entry("other"))
        assert counts(response) == (0, 1, 2)
        assert [result["error"]["loc"] for result in response["results"] if "error" in result] == [
            ["body", 0],
            ["body", 2],
        ]
        assert "Try again" in response["results"][0]["error"]["msg"]
        assert client.post("/api/v1/log/batch", json=[entry(None)]).status_code == 503
    assert requests(client) == 1


def test_without_conversations_a_batch_has_no_duplicates(llmring_live):
    client = llmring_live(["usage"]).client()
    assert counts(send(client, *[entry("01a209e4-6e16-7328-8213-37e045d27531")] * 2)) == (2, 0, 0)
