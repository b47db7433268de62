"""Fixtures of the tests of aliases: a server, and a client of one project."""

import pytest


@pytest.fixture
def server(start_server):
    return start_server(["aliases"], aliases={"heartbeat_seconds": 0.2})


@pytest.fixture
def client(server):
    return server.client("one")
