"""The managed key of a call: stored with it by every way to log calls, and a filter of the list."""

from datetime import UTC, datetime

import pytest

from llmring_keys.models import Project

ENTRY = {"provider": "openai", "model": "gpt-4o-mini", "input_tokens": 10, "output_tokens": 5}
TRANSCRIPT = {
    "messages": [{"role": "user", "content": "Hello"}],
    "response": {"content": "Hi", "finish_reason": "stop"},
    "metadata": {"provider": "openai", "model": "gpt-4o-mini", "input_tokens": 3, "output_tokens": 1},
}


@pytest.fixture
def server(start_server):
    return start_server(["keys", "usage", "conversations"]).with_keys("")


@pytest.mark.parametrize(
    ("path", "body"),
    [("/api/v1/log", ENTRY), ("/api/v1/log/batch", [ENTRY]), ("/api/v1/conversations/log", TRANSCRIPT)],
)
def test_calls_are_found_by_the_key_that_logged_them(server, bootstrap, path, body):
    first = bootstrap.key("admin")
    second = bootstrap.key("read", "ingest", project=Project(first.project_id, "test", datetime.now(UTC)))
    for key in (first.key, second.key):
        assert server.client(key).post(path, json=body).status_code == 200
    client = server.client(second.key)
    assert len(client.get("/api/v1/logs").json()) == 2
    assert len(client.get("/api/v1/logs", params={"key_id": second.key_id}).json()) == 1


def test_only_an_admin_key_corrects_calls_and_the_correction_names_it(server, bootstrap):
    admin = bootstrap.key("admin")
    logging = bootstrap.key("read", "ingest", project=Project(admin.project_id, "test", datetime.now(UTC)))
    client = server.client(logging.key)
    voided, corrected = (client.post("/api/v1/log", json=ENTRY).json()["log_id"] for _ in range(2))
    void, correct = f"/api/v1/logs/{voided}/void", f"/api/v1/logs/{corrected}/correct"
    body = {"reason": "mistyped", "fields": {"model": "gpt-4o"}}
    assert client.post(void, json={"reason": "mistyped"}).status_code == 403
    assert client.post(correct, json=body).status_code == 403
    answers = [server.client(admin.key).post(void, json={"reason": "mistyped"}),
               server.client(admin.key).post(correct, json=body)]  # fmt: skip
    assert [answer.json()["key_id"] for answer in answers] == [admin.key_id, admin.key_id]
    new = client.get(f"/api/v1/logs/{answers[1].json()['replaced_by']}").json()["entry"]
    assert new["id"] in {one["id"] for one in client.get("/api/v1/logs", params={"key_id": logging.key_id}).json()}
