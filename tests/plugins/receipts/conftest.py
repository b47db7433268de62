"""Fixtures of receipts: a key, and a server that signs with it."""

import shutil
from collections.abc import Callable
from typing import Any

import pytest
from receipts_kit import PAYLOAD, Signer


@pytest.fixture(scope="session")
def signer() -> Signer:
    """A key pair outside the server, one per run, so that servers with it can be shared."""
    return Signer()


@pytest.fixture
def start(llmring_live):
    """Return a function that starts a server with these settings of the plugin."""
    return lambda **settings: llmring_live(["receipts"], receipts=settings)


@pytest.fixture
def server(start_server, signer):
    return start_server(["receipts"], receipts={"private_key_b64": signer.seed})


@pytest.fixture
def client(server):
    return server.client("one")


@pytest.fixture
def issue(client) -> Callable[..., Any]:
    """Return a function that issues the usual payload with some fields changed, and returns the response."""

    def ask(store: bool = False, **members: Any) -> Any:
        return client.post("/api/v1/receipts/issue", params={"store": store}, json={**PAYLOAD, **members})

    return ask


@pytest.fixture
def verify(client) -> Callable[[Any], Any]:
    """Return a function that returns the server's verdict on a receipt."""

    def ask(receipt: Any) -> Any:
        answer = client.post("/api/v1/receipts/verify", json={"receipt": receipt})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


@pytest.fixture
def node() -> None:
    """Skip a test with Node.js if it is not installed; `.ci/run` installs it."""
    if not shutil.which("node"):
        pytest.skip("node is not on PATH; install Node.js 18 or later to verify receipts outside Python")
