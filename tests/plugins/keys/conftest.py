"""What the tests of keys start from: a server that manages them, and a way to make the first ones."""

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
    """A client with an admin key of a project of its own."""
    return server.client(bootstrap.key("admin").key)


@pytest.fixture
def make(admin) -> Callable:
    """Give a function that makes a key over HTTP and returns the answer's body."""

    def ask(*scopes, **members):
        answer = admin.post("/api/v1/keys", json={"scopes": scopes or ["read"], **members})
        assert answer.status_code == 201, answer.text
        return answer.json()

    return ask
