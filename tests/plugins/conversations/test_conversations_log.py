"""A logged conversation: stored in one transaction with its usage entry, and billed once."""

import threading
import uuid

import psycopg
import pytest
from conversations_kit import API, CALL, OTHERS

from llmring_server.contracts import Billing, Call
from llmring_server.testing import eventually, make_plugin

TABLES = (
    "conversations",
    "conversation_messages",
    "conversation_claims",
    "usage_logs",
    "usage_daily",
    "usage_quarters",
)


def logs(client):
    return client.get("/api/v1/logs").json()


def summary(client):
    return client.get("/api/v1/stats").json()["summary"]


def counted(server):
    return {table: server.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in TABLES}


def test_a_logged_conversation_contains_the_messages_and_the_reply(client, converse):
    logged = converse(client)
    found = client.get(f"{API}/{logged['conversation_id']}").json()
    assert (found["model_alias"], found["origin"], found["profile"]) == ("fast", "tests", "dev")
    assert (found["message_count"], found["total_tokens"], found["log_id"]) == (2, 1050, logged["log_id"])
    assert found["metadata"] == CALL["metadata"]
    asked, said = found["messages"]
    assert (asked["role"], asked["content"], asked["token_count"]) == ("user", "What is the capital of France?", None)
    assert (said["role"], said["content"], said["input_tokens"], said["output_tokens"]) == (
        "assistant",
        "Paris.",
        1000,
        50,
    )
    assert said["metadata"] == {"model_used": "openai:gpt-5-mini", "finish_reason": "stop", "usage": {}}


def test_the_call_is_billed(client, converse):
    logged = converse(client)
    (entry,) = logs(client)
    assert (entry["id"], entry["cost"], entry["cost_source"]) == (logged["log_id"], 0.25, "client")
    assert (entry["provider"], entry["model"]) == ("openai", "gpt-5-mini")
    assert (entry["alias"], entry["profile"], entry["origin"]) == ("fast", "dev", "tests")
    assert (entry["input_tokens"], entry["output_tokens"], entry["cached_input_tokens"]) == (1000, 50, 10)
    assert entry["id_at_origin"] == logged["conversation_id"]
    assert entry["metadata"]["conversation_id"] == logged["conversation_id"]
    assert summary(client)["total_cost"] == 0.25


def test_the_log_that_follows_is_the_same_entry(client, converse, follow):
    logged = converse(client)
    response = follow(client, logged["conversation_id"])
    assert (response["log_id"], response["cost"], response["cost_status"]) == (logged["log_id"], 0.25, "priced")
    assert response["timestamp"] == logs(client)[0]["logged_at"]
    assert len(logs(client)) == 1
    assert (summary(client)["total_requests"], summary(client)["total_cost"]) == (1, 0.25)


def test_the_substitutions_of_an_estimated_cost_are_returned_by_both(client):
    usage = {"input_tokens": 500, "output_tokens": 10, "input_tokens_details": {"cache_write_tokens": 400}}
    about = {"provider": "openai", "model": "gpt-5-mini"}
    reply = {"content": "!", "usage": usage}
    message = {"messages": [{"role": "user", "content": "?"}], "response": reply, "metadata": about}
    logged = client.post(f"{API}/log", json=message).raise_for_status().json()
    assert (logged["cost_status"], logged["price_notes"]) == ("estimated", ["cache_write priced as input"])
    again = client.post("/api/v1/log", json={**about, "usage": usage, "id_at_origin": logged["conversation_id"]}).json()
    assert (again["log_id"], again["price_notes"]) == (logged["log_id"], logged["price_notes"])


def test_later_turns_of_the_same_conversation_are_new_entries(client, converse, follow):
    logged = converse(client)
    seen = {follow(client, logged["conversation_id"])["log_id"] for _ in range(3)}
    assert len(seen) == 3
    assert (summary(client)["total_requests"], summary(client)["total_cost"]) == (3, 0.75)


@pytest.mark.parametrize("other", OTHERS)
def test_a_log_of_another_call_leaves_the_claim_open(client, converse, follow, other):
    logged = converse(client)
    assert follow(client, logged["conversation_id"], **other)["log_id"] != logged["log_id"]
    assert follow(client, logged["conversation_id"])["log_id"] == logged["log_id"]
    assert len(logs(client)) == 2


def test_an_unknown_id_at_origin_never_makes_a_duplicate(client, create, follow):
    for conversation in (create(client)["id"], str(uuid.uuid4()), "my-conversation", "x" * 36):
        assert follow(client, conversation)["log_id"] != follow(client, conversation)["log_id"]
    assert len(logs(client)) == 8


def test_another_project_cannot_take_the_claim(server, client, converse, follow):
    logged = converse(client)
    assert follow(server.client("two"), logged["conversation_id"])["log_id"] != logged["log_id"]
    assert follow(client, logged["conversation_id"])["log_id"] == logged["log_id"]


def test_a_retry_under_the_same_idempotency_key_is_the_same_entry(client, converse, follow):
    logged = converse(client)
    keyed = [follow(client, logged["conversation_id"], {"Idempotency-Key": "k"})["log_id"] for _ in range(2)]
    assert keyed == [logged["log_id"]] * 2
    assert follow(client, logged["conversation_id"], {"Idempotency-Key": "other"})["log_id"] != logged["log_id"]


def test_exactly_one_of_two_racing_logs_takes_the_claim(server, client, converse, follow):
    for _ in range(10):
        logged, responses = converse(client), []
        barrier = threading.Barrier(2)

        def race(conversation=logged["conversation_id"], responses=responses, barrier=barrier):
            own = server.client("one")
            barrier.wait()
            responses.append(follow(own, conversation)["log_id"])

        threads = [threading.Thread(target=race) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert responses.count(logged["log_id"]) == 1
    assert summary(client)["total_requests"] == 20


def test_tokens_are_taken_from_the_reply_when_the_metadata_has_none(client):
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "cached_tokens": None, "cost": 1, "details": {}}
    body = {"messages": [], "response": {"content": "x", "usage": usage}, "metadata": {"provider": "p", "model": "m"}}
    assert client.post(f"{API}/log", json=body).status_code == 200
    (entry,) = logs(client)
    assert (entry["input_tokens"], entry["output_tokens"], entry["cached_input_tokens"]) == (7, 2, 0)
    assert (entry["cost"], entry["cost_status"]) == (None, "model_not_in_registry")


def test_a_conversation_without_usage_is_stored_unbilled(client):
    body = {**CALL, "metadata": {"provider": "openai", "model": "gpt-5-mini", "alias": None}}
    response = client.post(f"{API}/log", json=body)
    assert response.status_code == 200
    assert (response.json()["log_id"], logs(client)) == (None, [])
    found = client.get(f"{API}/{response.json()['conversation_id']}").json()
    assert (found["model_alias"], found["message_count"]) == ("openai:gpt-5-mini", 2)


@pytest.mark.own_server
@pytest.mark.parametrize(
    ("metadata", "place"),
    [
        ({"provider": None}, "provider"),
        ({"model": ""}, "model"),
        ({"model": "m" * 256}, "model"),
        ({"cost": -1}, "cost"),
        ({"input_tokens": -1}, "input_tokens"),
        ({"alias": "a" * 129}, "alias"),
    ],
)
def test_a_call_that_cannot_be_billed_is_422_and_not_stored(server, client, metadata, place):
    body = {**CALL, "metadata": {**CALL["metadata"], **metadata}}
    response = client.post(f"{API}/log", json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"][-1] == place
    assert set(counted(server).values()) == {0}


def test_money_and_counts_stay_exact(start_server):
    client = start_server(["usage", "conversations"], usage={"max_tokens": 2**63 - 1}).client("one")
    body = f"""{{"messages": [], "response": {{"content": "x"}}, "metadata": {{"provider": "p", "model": "m",
        "input_tokens": {2**63 - 1}, "output_tokens": 3000000000, "cost": 250.000000000000000000001}}}}"""
    response = client.post(f"{API}/log", content=body, headers={"Content-Type": "application/json"})
    assert b'"cost":250.000000000000000000001' in response.content
    assert b'"cost":250.000000000000000000001' in client.get("/api/v1/logs").content


@pytest.mark.own_server
@pytest.mark.parametrize("table", ["usage_logs", "usage_daily", "usage_latencies"])
def test_when_the_usage_cannot_be_stored_nothing_is_stored(server, client, table):
    server.run(server.server.database.execute(f"ALTER TABLE {table} RENAME TO away"))
    body = {**CALL, "metadata": {**CALL["metadata"], "latency_ms": 5}}
    assert client.post(f"{API}/log", json=body).status_code == 500
    server.run(server.server.database.execute(f"ALTER TABLE away RENAME TO {table}"))
    assert set(counted(server).values()) == {0}


@pytest.mark.own_server
def test_when_the_conversation_cannot_be_stored_nothing_is_billed(server, client):
    server.run(server.server.database.execute("ALTER TABLE conversation_claims RENAME TO away"))
    assert client.post(f"{API}/log", json=CALL).status_code == 500
    server.run(server.server.database.execute("ALTER TABLE away RENAME TO conversation_claims"))
    assert set(counted(server).values()) == {0}


@pytest.mark.own_server
def test_when_the_database_is_locked_the_response_is_503_within_two_seconds(server, client, converse):
    with psycopg.connect(server.server.database.conninfo) as locker:
        locker.execute("LOCK TABLE usage_logs IN ACCESS EXCLUSIVE MODE")
        response = client.post(f"{API}/log", json=CALL)
        assert response.status_code == 503
        assert response.elapsed.total_seconds() < 2.2
        assert response.headers["Retry-After"]
    assert set(counted(server).values()) == {0}
    converse(client)


@pytest.mark.own_server
def test_when_the_claims_are_locked_log_responds_within_two_seconds(server, client, converse):
    logged = converse(client)
    entry = {"provider": "p", "model": "m", "input_tokens": 0, "id_at_origin": logged["conversation_id"]}
    with psycopg.connect(server.server.database.conninfo) as locker:
        locker.execute("LOCK TABLE conversation_claims IN ACCESS EXCLUSIVE MODE")
        response = client.post("/api/v1/log", json=entry)
        assert (response.status_code, response.elapsed.total_seconds() < 2) == (503, True)
        assert client.post("/api/v1/log", json={**entry, "id_at_origin": "another"}).status_code == 200
        assert client.post("/api/v1/log", json={**entry, "id_at_origin": None}).status_code == 200


@pytest.mark.own_server
def test_a_dropped_partition_is_created_again(server, client, converse):
    converse(client)
    (month,) = server.rows("SELECT tableoid::regclass::text AS name FROM usage_logs")
    server.run(server.server.database.execute(f"DROP TABLE {month['name']}"))
    converse(client)
    assert len(logs(client)) == 1


def test_listeners_are_notified_once(llmring_live, converse, follow):
    received = []

    async def llmring_usage_recorded(server, entries):
        received.extend(entries)

    listener = make_plugin("listener", llmring_usage_recorded=llmring_usage_recorded)
    server = llmring_live(["conversations", "usage", listener])
    client = server.client()
    conversation = converse(client)["conversation_id"]
    follow(client, conversation)
    follow(client, conversation)
    logged = [entry["id"] for entry in logs(client)]
    eventually(lambda: len(received) >= len(logged))
    assert sorted(entry.log_id for entry in received) == sorted(logged)


@pytest.mark.own_server
def test_writes_in_the_transaction_of_a_bill_are_rolled_back_with_it(server):
    billing = server.server.service(Billing)

    async def beside(connection, bill):
        await connection.execute("CREATE TABLE beside AS SELECT 1")
        raise RuntimeError("not today")

    with pytest.raises(RuntimeError, match="not today"):
        server.run(billing.bill("prj_x", Call(provider="p", model="m"), beside))
    assert server.rows("SELECT to_regclass('beside') AS found") == [{"found": None}]
    assert server.rows("SELECT * FROM usage_logs") == []


def test_the_statistics_match_the_rows_afterwards(server, client, converse, follow, llmring_cli):
    for number in range(5):
        logged = converse(client, latency_ms=number * 10.5)
        follow(client, logged["conversation_id"])
    done = llmring_cli("usage", "verify", LLMRING_PLUGINS="usage,conversations")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages":[],"metadata":{"model":"m","model":"n"}}',
        b'{"messages":[{"role":"user","content":{"a":1,"a":2}}]}',
    ],
)
def test_a_name_that_occurs_twice_in_a_transcript_is_refused(client, body):
    answer = client.post(f"{API}/log", content=body)
    assert (answer.status_code, "occurs twice" in answer.json()["errors"][0]["msg"]) == (422, True)
