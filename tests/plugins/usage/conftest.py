"""Usage on a real server: with the small registry for prices, or alone."""

from collections.abc import Callable

import pytest
from year_kit import year_of_calls

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 100}


@pytest.fixture(scope="module")
def year(llmring_postgres):
    """A server with 20,000 calls of one project over the months of 2025, and as many of ten others."""
    with year_of_calls(llmring_postgres) as server:
        yield server


@pytest.fixture
def usage(start_server):
    """A server of usage alone; costs are what clients send."""
    return start_server(["usage"])


@pytest.fixture
def priced(start_server, constant_registry):
    """A server of usage with the small registry, once that is loaded."""
    server = start_server(["registry", "usage"], registry={"base_url": constant_registry.as_uri() + "/"})
    assert server.client().get("/registry").status_code == 200
    return server


@pytest.fixture
def log() -> Callable:
    """Log a call, given as changes to a default one, and return the response body."""

    def send(client, **members):
        answer = client.post("/api/v1/log", json={**CALL, **members})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send


@pytest.fixture
def stats() -> Callable:
    """Request statistics and return them."""

    def fetch(client, **query):
        answer = client.get("/api/v1/stats", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return fetch
