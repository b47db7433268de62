"""Fixtures of the tests of conversations: a server with usage and without prices; costs are sent by clients."""

from collections.abc import Callable

import pytest
from conversations_kit import API, CALL


@pytest.fixture
def server(start_server):
    """A server with usage and conversations."""
    return start_server(["usage", "conversations"])


@pytest.fixture
def client(server):
    return server.client("one")


@pytest.fixture
def create() -> Callable:
    """Return a function that creates a conversation and returns the body of the response."""

    def send(client, **fields):
        response = client.post(API, json=fields)
        assert response.status_code == 200, response.text
        return response.json()

    return send


@pytest.fixture
def converse() -> Callable:
    """Return a function that logs a call, given as changes to the metadata of `CALL`, and returns the response body."""

    def send(client, **metadata):
        response = client.post(f"{API}/log", json={**CALL, "metadata": {**CALL["metadata"], **metadata}})
        assert response.status_code == 200, response.text
        return response.json()

    return send


@pytest.fixture
def follow() -> Callable:
    """Return a function that logs the usage as the published client does after a conversation."""

    def send(client, conversation, headers=None, **fields):
        entry = {
            "provider": "openai",
            "model": "gpt-5-mini",
            "input_tokens": 1000,
            "output_tokens": 50,
            "cached_input_tokens": 10,
            "origin": "tests",
            "alias": "fast",
            "profile": "dev",
            "cost": 0.25,
            "id_at_origin": conversation,
            "metadata": {"model_alias": "openai:gpt-5-mini", "finish_reason": "stop", "conversation_id": conversation},
        }
        response = client.post("/api/v1/log", json={**entry, **fields}, headers=headers)
        assert response.status_code == 200, response.text
        return response.json()

    return send
