"""Aliases over HTTP, on a real server and a real database."""

import pytest


@pytest.fixture
def client(llmring_live):
    return llmring_live(["aliases"]).client("one")


def test_a_bound_alias_resolves(client):
    bound = client.post("/api/v1/aliases/bind", json={"alias": "summarizer", "model": "openai:gpt-4o-mini"})
    assert bound.status_code == 200, bound.text
    assert bound.json()["version"] == 1
    resolved = client.get("/api/v1/aliases/resolve", params={"alias": "summarizer"})
    assert resolved.json() == {"alias": "summarizer", "model": "openai:gpt-4o-mini", "profile": "default"}


def test_deleting_a_missing_alias_says_deleted_false(client):
    answer = client.delete("/api/v1/aliases/nothing")
    assert (answer.status_code, answer.json()) == (200, {"deleted": False})


def test_getting_a_missing_alias_is_404(client):
    assert client.get("/api/v1/aliases/nothing").status_code == 404
