"""Backup and restore with the commands of docs/how-to/back-up.md."""

import re
import shlex
from pathlib import Path

import httpx
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "back-up.md").read_text()
PLUGINS = "aliases,usage,receipts"
PEPPER = "a pepper to keep"
KEY = {"X-Project-Key": "one"}
CALL = {"provider": "openai", "model": "gpt-4o-mini", "input_tokens": 10, "output_tokens": 5, "cost": 0.1}
RECEIPT = {"model": "openai:gpt-4o-mini", "tokens": {"input": 1, "output": 2}, "cost": {"amount": "0.5"}}

pytestmark = pytest.mark.slow


def command(program):
    """Return the command of the page that runs `program`, as arguments of `llmring-server`."""
    (line,) = re.findall(rf"^llmring-server (db run {program} .*)$", PAGE, re.MULTILINE)
    return shlex.split(line)


class Deployment:
    """A server with the bundled PostgreSQL in its own folder."""

    def __init__(self, cli, process, folder, **given):
        self._cli, self._process = cli, process
        self._environment = {
            "LLMRING_DATABASE_URL": "",
            "LLMRING_DATABASE_SCHEMA": "llmring",
            "LLMRING_DATA_DIR": str(folder),
            "LLMRING_PLUGINS": PLUGINS,
            "LLMRING_KEY_PEPPER": PEPPER,
            **given,
        }

    def run(self, *arguments, **changed):
        return self._cli(*arguments, **{**self._environment, **changed})

    def serve(self, ask):
        """Serve while `ask` runs with a client, and return its result."""
        process = self._process(**self._environment).wait_until_up()
        try:
            with httpx.Client(base_url=process.url, headers=KEY, timeout=30) as client:
                return ask(client)
        finally:
            process.stop()


def fill(client):
    client.post("/api/v1/aliases/bind", json={"alias": "fast", "model": "openai:gpt-4o-mini"}).raise_for_status()
    client.post("/api/v1/log/batch", json=[CALL] * 7).raise_for_status()
    client.post("/api/v1/receipts/issue?store=true", json=RECEIPT).raise_for_status()
    return stored_data(client)


def stored_data(client):
    paths = ("aliases/history", "logs", "stats", "receipts")
    return {path: client.get(f"/api/v1/{path}").raise_for_status().json() for path in paths}


def valid(client):
    (receipt,) = client.get("/api/v1/receipts").json()
    return client.post("/api/v1/receipts/verify", json={"receipt": receipt}).json()["valid"]


@pytest.fixture
def deployment(llmring_cli, llmring_process, open_folder):
    """Return a function that creates a deployment in a new folder."""
    return lambda **given: Deployment(llmring_cli, llmring_process, open_folder(), **given)


def test_a_dump_is_restored_to_the_last_row_and_receipt(deployment, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    secret = deployment().run("receipts", "keygen").stdout
    (seed,) = re.findall(r"^LLMRING_RECEIPTS_PRIVATE_KEY_B64=(\S+)$", secret, re.MULTILINE)
    old, new = (deployment(LLMRING_RECEIPTS_PRIVATE_KEY_B64=seed) for _ in range(2))
    before = old.serve(fill)
    dumped = old.run(*command("pg_dump"))
    assert dumped.returncode == 0, dumped.stderr
    restored = new.run(*command("pg_restore"))
    assert (restored.returncode, restored.stderr) == (0, "")
    assert new.serve(stored_data) == before
    assert new.serve(valid) is True
    assert new.run("usage", "verify").returncode == 0
    refused = new.run("usage", "verify", LLMRING_KEY_PEPPER="another")
    assert refused.returncode == 1
    assert "LLMRING_KEY_PEPPER differs" in refused.stderr


def test_a_program_of_the_bundled_postgresql_finds_its_database_and_our_schema(deployment):
    asked = deployment().run("db", "run", "psql", "--tuples-only", "--no-align", "--command=SHOW search_path")
    assert (asked.returncode, asked.stdout.strip()) == (0, "llmring")


def test_a_program_gets_the_address_where_other_users_cannot_read_it(llmring_cli):
    address = "postgresql://someone:s3cret@db.example:6000/things"
    lines = llmring_cli("db", "run", "env", LLMRING_DATABASE_URL=address).stdout.splitlines()
    given = {"PGHOST=db.example", "PGPORT=6000", "PGUSER=someone", "PGPASSWORD=s3cret", "PGDATABASE=things"}
    assert given <= set(lines)


def test_a_programs_exit_status_is_returned(llmring_cli):
    assert llmring_cli("db", "run", "false").returncode == 1


def test_a_missing_program_is_reported(llmring_cli):
    done = llmring_cli("db", "run", "pg_dumpp")
    assert done.returncode == 1
    assert done.stderr == "llmring-server: there is no pg_dumpp on the PATH; install PostgreSQL's client programs\n"
