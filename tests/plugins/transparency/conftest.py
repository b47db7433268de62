"""Fixtures of the log: a key, a guard file, and a server that signs."""

import pytest
from transparency_kit import Reader, signer


@pytest.fixture
def key():
    return signer()


@pytest.fixture
def guard_file(tmp_path):
    return tmp_path / "guard" / "published.checkpoint"


@pytest.fixture
def start(llmring_live, key, guard_file):
    """Return a function that starts a server with the log, on this test's own schema."""

    def served(plugins=("transparency",), **settings):
        given = {"key": key.text(), "guard_file": str(guard_file), **settings}
        return llmring_live(list(plugins), transparency=given)

    return served


@pytest.fixture
def server(start):
    return start()


@pytest.fixture
def reader(server, key):
    return Reader(server.client("one"), key.verifier)


@pytest.fixture
def one(server):
    return server.project_id("one")
