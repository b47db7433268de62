"""Servers with named projects."""

import pytest
from projects_kit import TOKEN


@pytest.fixture
def server(start_server):
    """A server of projects and usage, with an operator."""
    return start_server(["projects", "usage"], projects={"operator_token": TOKEN})


@pytest.fixture
def operator(server):
    """A client with the operator's token."""
    return server.client(None, Authorization=f"Bearer {TOKEN}")
