"""The hook in the transaction that stores usage: several listeners, and a refused entry harms no other."""

import asyncio
import json

import pytest

from llmring_server.contracts import UsageReceipts
from llmring_server.http.errors import Problem
from llmring_server.testing import make_plugin

CREATE = "CREATE TABLE IF NOT EXISTS outbox (log_id text PRIMARY KEY, project_id text, model text)"
INSERT = "INSERT INTO outbox SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])"


async def write(connection, entries):
    columns = zip(*((entry.log_id, entry.project_id, entry.model) for entry in entries), strict=True)
    await connection.execute(INSERT, [list(column) for column in columns])


async def write_outbox(server, connection, entries):
    await write(connection, entries)


def outbox(name="outbox", storing=write_outbox):
    return make_plugin(name, llmring_usage_storing=storing)


def refusing(error):
    """A listener that writes, and raises when one of the entries is of the model `refused`."""

    async def storing(server, connection, entries):
        if any(entry.model == "refused" for entry in entries):
            raise error

    return outbox("refusing", storing)


@pytest.fixture
def serve(llmring_live):
    def start(*plugins):
        server = llmring_live(["usage", *plugins])
        server.rows(CREATE)
        return server

    return start


def call(model="gpt-5-mini", **fields):
    return {"provider": "openai", "model": model, "input_tokens": 1, "output_tokens": 1, **fields}


def stored(server):
    """Return the models of the stored entries, and those of the outbox."""
    logs = server.rows("SELECT id::text, model FROM usage_logs ORDER BY model")
    written = server.rows("SELECT log_id AS id, model FROM outbox ORDER BY model")
    assert sorted(map(str, logs)) == sorted(map(str, written))
    return [row["model"] for row in logs]


def test_what_a_listener_writes_is_stored_with_the_entries(serve):
    server = serve(outbox())
    assert server.client().post("/api/v1/log", json=call()).status_code == 200
    server.client().post("/api/v1/log/batch", json=[call("a"), call("b")])
    assert stored(server) == ["a", "b", "gpt-5-mini"]


def test_a_repeated_entry_is_not_heard_again(serve):
    server = serve(outbox())
    for _ in range(2):
        assert server.client().post("/api/v1/log", json=call(idempotency_key="k")).status_code == 200
    assert stored(server) == ["gpt-5-mini"]


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (Problem(402, "The budget is spent."), 402, "The budget is spent."),
        (LookupError("a secret"), 500, "The plugin 'refusing' failed on this entry, which is not stored."),
    ],
)
def test_a_refused_entry_is_answered_with_the_listeners_problem(serve, error, status, detail):
    server = serve(outbox(), refusing(error))
    answer = server.client().post("/api/v1/log", json=call("refused"))
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)
    assert stored(server) == []


def test_one_refused_entry_of_a_batch_rejects_itself_alone(serve):
    server = serve(outbox(), refusing(Problem(402, "The budget is spent.")))
    models = [*"abcdefg", "refused", *"hijklmn"]
    answer = server.client().post("/api/v1/log/batch", json=[call(model) for model in models]).json()
    assert (answer["accepted"], answer["rejected"]) == (14, 1)
    assert answer["results"][7]["error"]["msg"] == "The budget is spent."
    assert stored(server) == [*"abcdefghijklmn"]


def test_calls_of_one_project_that_are_refused_harm_no_other_project(serve):
    server = serve(outbox(), refusing(Problem(402, "The budget is spent.")))
    batches = [("guilty", [call("refused")] * 60), ("innocent", [call()] * 120)]

    async def send(key, calls):
        def post():
            client = server.client(key)
            return [client.post("/api/v1/log", json=one).status_code for one in calls]

        return await asyncio.to_thread(post)

    async def send_all():
        parts = [(key, calls[n::6]) for key, calls in batches for n in range(6)]
        return await asyncio.gather(*(send(*part) for part in parts))

    answers = asyncio.run(send_all())
    assert [status for part in answers[:6] for status in part] == [402] * 60
    assert [status for part in answers[6:] for status in part] == [200] * 120
    assert stored(server) == ["gpt-5-mini"] * 120


def test_a_listener_that_ignores_the_error_of_its_statement_loses_no_acknowledged_entry(serve):
    async def storing(server, connection, entries):
        if any(entry.model == "refused" for entry in entries):
            try:
                await connection.execute("SELECT 1 / 0")
            except Exception:
                return

    server = serve(outbox(), outbox("careless", storing))
    answer = server.client().post("/api/v1/log/batch", json=[call("a"), call("refused"), call("b")]).json()
    assert [result.get("error") is None for result in answer["results"]] == [True, False, True]
    assert stored(server) == ["a", "b"]


def test_a_unique_violation_of_a_listener_is_not_taken_for_a_stored_entry(serve):
    async def storing(server, connection, entries):
        if any(entry.model == "refused" for entry in entries):
            await connection.execute("INSERT INTO outbox VALUES ('x'), ('x')")

    server = serve(outbox(), outbox("violating", storing))
    answer = server.client().post("/api/v1/log/batch", json=[call("a"), call("refused"), call("b")]).json()
    assert [result.get("error") is None for result in answer["results"]] == [True, False, True]
    assert stored(server) == ["a", "b"]


def test_a_receipt_that_cannot_be_issued_rejects_its_entry_alone(serve):
    class Issuer:
        async def issue(self, connection, entries):
            if any(entry.model == "refused" for entry in entries):
                raise Problem(402, "No receipt.")
            return [json.dumps({"id": entry.log_id}).encode() for entry in entries]

        async def find(self, connection, entries):
            return [None for _ in entries]

    server = serve(outbox(), make_plugin("issuer", llmring_services=lambda server: {UsageReceipts: Issuer()}))
    answer = server.client().post("/api/v1/log/batch", json=[call("a"), call("refused"), call("b")]).json()
    assert [result.get("receipt") is not None for result in answer["results"]] == [True, False, True]
    assert stored(server) == ["a", "b"]


def test_a_correction_writes_its_replacement_through_the_hook(serve):
    server = serve(outbox())
    log_id = server.client().post("/api/v1/log", json=call()).json()["log_id"]
    body = {"reason": "wrong model", "fields": {"model": "gpt-5"}}
    assert server.client().post(f"/api/v1/logs/{log_id}/correct", json=body).status_code == 200
    assert stored(server) == ["gpt-5", "gpt-5-mini"]


def test_the_entry_of_a_conversation_is_written_through_the_hook_and_may_be_refused(llmring_live):
    server = llmring_live(["usage", "conversations", outbox(), refusing(Problem(402, "The budget is spent."))])
    server.rows(CREATE)
    statuses = [
        server.client()
        .post("/api/v1/conversations/log", json={"messages": [], "response": {}, "metadata": call(model)})
        .status_code
        for model in ("a", "refused")
    ]
    assert statuses == [200, 402]
    assert stored(server) == ["a"]
