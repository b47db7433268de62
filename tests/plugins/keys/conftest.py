"""Fixtures of the tests of keys: a server with managed keys, and ways to create keys."""

from collections.abc import Callable

import pytest
from keys_kit import Bootstrap

from llmring_server.testing import eventually


@pytest.fixture
def server(start_server):
    live = start_server(["keys", "usage"]).with_keys("")
    eventually(lambda: live.server.notifications.live)
    return live


@pytest.fixture
def bootstrap(server) -> Bootstrap:
    return Bootstrap(server)


@pytest.fixture
def admin(server, bootstrap):
    """A client with an admin key of a new project."""
    return server.client(bootstrap.key("admin").key)


@pytest.fixture
def make(admin) -> Callable:
    """Return a function that creates a key over HTTP and returns the body of the response."""

    def send(*scopes, **fields):
        response = admin.post("/api/v1/keys", json={"scopes": scopes or ["read"], **fields})
        assert response.status_code == 201, response.text
        return response.json()

    return send
