"""Conversations on a real server, with usage beside them and without prices: costs are what clients send."""

from collections.abc import Callable

import pytest
from conversations_kit import API, CALL


@pytest.fixture
def server(start_server):
    """A server of usage and conversations."""
    return start_server(["usage", "conversations"])


@pytest.fixture
def client(server):
    return server.client("one")


@pytest.fixture
def create() -> Callable:
    """Create a conversation and return the answer's body."""

    def send(client, **members):
        answer = client.post(API, json=members)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send


@pytest.fixture
def converse() -> Callable:
    """Log a conversation, given as changes to a plain call's metadata, and return the answer's body."""

    def send(client, **metadata):
        answer = client.post(f"{API}/log", json={**CALL, "metadata": {**CALL["metadata"], **metadata}})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send


@pytest.fixture
def follow() -> Callable:
    """Log the usage that the published client sends after a conversation, and return the answer's body."""

    def send(client, conversation, headers=None, **members):
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
        answer = client.post("/api/v1/log", json={**entry, **members}, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send
