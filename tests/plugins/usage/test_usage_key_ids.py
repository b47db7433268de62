"""The managed key of a call: stored with it by every way to log calls, and a filter of the list."""

import pytest

ENTRY = {"provider": "openai", "model": "gpt-4o-mini", "input_tokens": 10, "output_tokens": 5}
TRANSCRIPT = {
    "messages": [{"role": "user", "content": "Hello"}],
    "response": {"content": "Hi", "finish_reason": "stop"},
    "metadata": {"provider": "openai", "model": "gpt-4o-mini", "input_tokens": 3, "output_tokens": 1},
}


@pytest.fixture
def server(start_server):
    return start_server(["usage", "keys", "conversations"]).with_keys("")


@pytest.fixture
def key(server):
    """Return a second managed key of the project: its id and a client with it."""
    made = server.client().post("/api/v1/keys", json={"name": "worker", "scopes": ["read", "ingest"]}).json()
    return made["key_id"], server.client(made["key"])


@pytest.mark.parametrize(
    ("path", "body"),
    [("/api/v1/log", ENTRY), ("/api/v1/log/batch", [ENTRY]), ("/api/v1/conversations/log", TRANSCRIPT)],
)
def test_calls_are_found_by_the_key_that_logged_them(server, key, path, body):
    key_id, client = key
    for each in (server.client(), client):
        assert each.post(path, json=body).status_code == 200
    assert len(client.get("/api/v1/logs").json()) == 2
    assert len(client.get("/api/v1/logs", params={"key_id": key_id}).json()) == 1
