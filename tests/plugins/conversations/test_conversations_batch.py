"""Calls that were billed with their conversation and come again in a batch: billed once, like those that come alone."""

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


def entry(conversation, **members):
    return {**ENTRY, "id_at_origin": conversation, **members}


def send(client, *entries):
    answer = client.post("/api/v1/log/batch", json=entries)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(answer):
    return [result["log_id"] for result in answer["results"]]


def counts(answer):
    return answer["accepted"], answer["duplicates"], answer["rejected"]


def requests(client):
    return client.get("/api/v1/stats").json()["summary"]["total_requests"]


def test_an_entry_that_was_billed_with_its_conversation_is_that_entry(client, converse):
    logged = converse(client)
    answer = send(client, entry(logged["conversation_id"]), entry(None))
    assert counts(answer) == (1, 1, 0)
    assert answer["results"][0] == {"index": 0, "log_id": logged["log_id"], "duplicate": True}
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


def test_an_id_at_origin_alone_never_makes_two_entries_one(client, create):
    for conversation in (create(client)["id"], str(uuid.uuid4()), "my-conversation", "x" * 36):
        assert counts(send(client, *[entry(conversation)] * 3)) == (3, 0, 0)


def test_another_project_cannot_take_the_claim(server, client, converse):
    logged = converse(client)
    assert counts(send(server.client("two"), entry(logged["conversation_id"]))) == (1, 0, 0)
    assert counts(send(client, entry(logged["conversation_id"]))) == (0, 1, 0)


def test_a_batch_that_is_sent_again_under_its_keys_gets_the_same_answer(client, converse):
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
    answer = send(client, *batch[::-1])
    assert server.server.database.pool.get_stats()["requests_num"] - before <= 4
    assert counts(answer) == (20, 40, 0)
    assert ids(answer)[20:] == [each["log_id"] for each in logged[::-1]]
    assert requests(client) == 60


@pytest.mark.own_server
def test_ids_that_are_not_of_our_making_cost_no_statement(server, client):
    server.run(server.server.database.execute("ALTER TABLE conversation_claims RENAME TO away"))
    assert counts(send(client, *[entry(str(uuid.uuid4())), entry("x"), entry(None)])) == (3, 0, 0)


def test_of_a_log_and_batches_at_once_exactly_one_takes_the_claim(server, client, converse):
    for _ in range(5):
        logged, found = converse(client), []
        mine = entry(logged["conversation_id"])
        barrier = threading.Barrier(3)

        def race(path, body, mine=found, barrier=barrier):
            own = server.client("one")
            barrier.wait()
            answer = own.post(path, json=body).json()
            mine.extend(ids(answer) if "results" in answer else [answer["log_id"]])

        calls = [("/api/v1/log", mine), ("/api/v1/log/batch", [mine, mine]), ("/api/v1/log/batch", [mine])]
        threads = [threading.Thread(target=race, args=call) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found.count(logged["log_id"]) == 1
        assert len(found) == 4


@pytest.mark.own_server
def test_when_the_rest_cannot_be_stored_what_was_billed_is_not_sent_again(server, client, converse):
    logged = converse(client)
    with psycopg.connect(server.server.database.conninfo) as locker:
        locker.execute("LOCK TABLE usage_logs IN ACCESS EXCLUSIVE MODE")
        answer = send(client, entry(None), entry(logged["conversation_id"]), entry("other"))
        assert counts(answer) == (0, 1, 2)
        assert [result["error"]["loc"] for result in answer["results"] if "error" in result] == [
            ["body", 0],
            ["body", 2],
        ]
        assert "try again" in answer["results"][0]["error"]["msg"]
        assert client.post("/api/v1/log/batch", json=[entry(None)]).status_code == 503
    assert requests(client) == 1


def test_without_conversations_a_batch_asks_nobody(llmring_live):
    client = llmring_live(["usage"]).client()
    assert counts(send(client, *[entry("01a209e4-6e16-7328-8213-37e045d27531")] * 2)) == (2, 0, 0)
