"""Fixtures of statements: a server that creates some, and some created without a server."""

import csv
import io

import pytest
from statement_kit import CALL, STATEMENTS, StatementFolder, call

from llmring_receipts.statements.monthly import MonthlyStatements


@pytest.fixture
def start(start_server, signer, monkeypatch):
    """Return a function that starts a server with usage and receipts, and more plugins if given.

    It creates no monthly statement, which would disturb a test that has just logged calls of a past month.
    """

    async def nothing(self):
        pass

    monkeypatch.setattr(MonthlyStatements, "run_once", nothing)

    def started(*more):
        return start_server(["usage", "receipts", *more], receipts={"private_key_b64": signer.seed})

    return started


@pytest.fixture
def server(start):
    return start()


@pytest.fixture
def log(client):
    """Return a function that logs a call with some fields changed, and returns its id."""

    def send(**members) -> str:
        return client.post("/api/v1/log", json={**CALL, **members}).raise_for_status().json()["log_id"]

    return send


@pytest.fixture
def state(client):
    """Return a function that creates a statement, and returns it."""
    return lambda: client.post(STATEMENTS).raise_for_status().json()["statement"]


@pytest.fixture
def lines(client):
    """Return a function that returns the lines of a statement's CSV."""

    def get(number):
        text = client.get(f"{STATEMENTS}/{number}/lines").raise_for_status().text
        return list(csv.DictReader(io.StringIO(text, newline="")))

    return get


@pytest.fixture
def files(client, tmp_path):
    """Return a function that writes a statement, its lines and the keys into files, and returns their paths."""

    def write(number):
        paths = tmp_path / f"{number}.json", tmp_path / f"{number}.csv", tmp_path / "jwks.json"
        paths[0].write_bytes(client.get(f"{STATEMENTS}/{number}").raise_for_status().content)
        paths[1].write_bytes(client.get(f"{STATEMENTS}/{number}/lines").raise_for_status().content)
        paths[2].write_bytes(client.get("/receipts/public-keys.json").raise_for_status().content)
        return paths

    return write


@pytest.fixture
def books(tmp_path):
    return StatementFolder(tmp_path)


@pytest.fixture
def stated(books):
    """A statement of ten calls, and its CSV."""
    return books.state(*(call(number) for number in range(10)))
