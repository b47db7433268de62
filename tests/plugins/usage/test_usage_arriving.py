"""The hook before an entry is stored: plugins refuse it with a problem of their own, or add tags."""

import pytest

from llmring_server.http.errors import Problem
from llmring_server.testing import make_plugin


def check_model(server, entry):
    if entry.model == "refused":
        raise Problem(402, f"Project {entry.project_id} may not spend {entry.cost}.")
    if entry.model == "broken":
        raise LookupError("a secret")
    return {"tokens": str(entry.input_tokens)} if entry.tags else None


@pytest.fixture
def server(llmring_live):
    return llmring_live(["usage", "conversations", make_plugin("budgets", llmring_usage_arriving=check_model)])


def call(model="gpt-5-mini", **fields):
    return {"provider": "openai", "model": model, "input_tokens": 7, "output_tokens": 1, **fields}


def stored(server):
    return [row["model"] for row in server.rows("SELECT model FROM usage_logs ORDER BY model")]


def test_a_call_is_refused_with_the_plugins_problem_and_not_stored(server):
    answer = server.client().post("/api/v1/log", json=call("refused", cost=2.5))
    assert answer.status_code == 402
    assert answer.json()["detail"] == f"Project {server.project_id()} may not spend 2.5."
    assert stored(server) == []


def test_an_entry_of_a_batch_is_refused_alone(server):
    answer = (
        server.client().post("/api/v1/log/batch", json=[call("a"), call("refused"), call("broken"), call("b")]).json()
    )
    errors = [result.get("error", {}).get("msg") for result in answer["results"]]
    assert errors[0] is errors[3] is None
    assert errors[1].endswith("may not spend None.")
    assert errors[2] == "The plugin 'budgets' failed on this entry, which is not stored."
    assert stored(server) == ["a", "b"]


def test_the_call_of_a_conversation_is_refused(server):
    body = {"messages": [], "response": {}, "metadata": call("refused")}
    assert server.client().post("/api/v1/conversations/log", json=body).status_code == 402
    assert stored(server) == []


def test_a_plugin_that_fails_is_a_500_of_that_call_with_its_name_in_the_log(server, caplog):
    answer = server.client().post("/api/v1/log", json=call("broken"))
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    assert "plugin 'budgets' failed in llmring_usage_arriving" in caplog.text
    assert server.client().post("/api/v1/log", json=call()).status_code == 200


def test_tags_are_added_to_those_of_the_client(server):
    server.client().post("/api/v1/log", json=call(tags={"team": "red"})).raise_for_status()
    (entry,) = server.client().get("/api/v1/logs").json()
    assert entry["tags"] == {"team": "red", "tokens": "7"}


def test_the_check_knows_the_key_and_the_price(llmring_live):
    seen = []
    plugin = make_plugin("seeing", llmring_usage_arriving=lambda entry: seen.append(entry))
    server = llmring_live(["usage", plugin])
    server.client().post("/api/v1/log", json=call(cost=0.5)).raise_for_status()
    (entry,) = seen
    assert (entry.project_id, str(entry.cost), entry.status) == (server.project_id(), "0.5", "success")
    assert entry.key_id == server.project_id()


def test_the_resolution_of_an_alias_is_refused_also_from_the_cache(llmring_live):
    spent = []

    def veto(resolution):
        if resolution.model == "openai:gpt-5" and spent:
            raise Problem(402, f"The budget of alias {resolution.alias!r} is spent.")

    server = llmring_live(["aliases", make_plugin("budgets", llmring_alias_resolving=veto)])
    client = server.client()
    for alias, model in (("dear", "openai:gpt-5"), ("cheap", "openai:gpt-5-mini")):
        client.post("/api/v1/aliases/bind", json={"alias": alias, "model": model}).raise_for_status()
    resolved = [client.get("/api/v1/aliases/resolve", params={"alias": alias}) for alias in ("dear", "cheap")]
    spent.append(True)
    refused, allowed = (client.get("/api/v1/aliases/resolve", params={"alias": alias}) for alias in ("dear", "cheap"))
    assert [answer.status_code for answer in resolved] == [200, 200]
    assert (refused.status_code, refused.json()["detail"]) == (402, "The budget of alias 'dear' is spent.")
    assert allowed.json()["model"] == "openai:gpt-5-mini"
