"""The journal with managed keys: calls of known keys are accepted during an outage, and their keys checked later."""

import time
from contextlib import contextmanager

import httpx
import psycopg
import pytest
from crash_kit import CALL, Postgres

from llmring_keys import authentication
from llmring_server.testing import eventually

pytestmark = pytest.mark.slow

ANSWER_SECONDS = 2.0


@pytest.fixture
def postgres(open_folder):
    own = Postgres(open_folder())
    yield own
    own.stop()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def environment(postgres, folder, constant_registry):
    """The environment of a team's server, `conf/team.toml`."""
    return {
        "LLMRING_CONF": "team",
        "LLMRING_REGISTRY_BASE_URL": constant_registry.as_uri() + "/",
        "LLMRING_USAGE_JOURNAL_DIR": str(folder),
        "LLMRING_DATABASE_URL": postgres.url,
    }


@pytest.fixture
def serve(llmring_process, environment):
    return lambda: llmring_process(**environment).wait_until_up()


@pytest.fixture
def stored(postgres, llmring_database):
    """Return a function that returns the ids of the stored calls."""
    query = f"SELECT id::text FROM {llmring_database['database_schema']}.usage_logs"

    def read():
        with psycopg.connect(postgres.url) as connection:
            return {row[0] for row in connection.execute(query).fetchall()}

    return read


@pytest.fixture
def cli(llmring_cli, environment):
    """Run a command on this test's database and journal, and return its output."""

    def run(*arguments):
        done = llmring_cli(*arguments, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def create(cli):
    """Create a key of a new project with some scopes."""

    def make(name, *scopes):
        return cli("keys", "create", "--new-project", name, *(f"--scope={scope}" for scope in scopes))

    return make


@contextmanager
def client(process, key):
    with httpx.Client(base_url=process.url, headers={"X-Project-Key": key}, timeout=30) as opened:
        yield opened


def log(process, key, count=1, path="/api/v1/log", body=CALL):
    with client(process, key) as opened:
        return [opened.post(path, json=body) for _ in range(count)]


def revoke(postgres, schema):
    """Revoke every key, as another replica does."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"UPDATE {schema}.project_keys SET revoked_at = now()")


def journal_is_empty(folder):
    return not list(folder.glob("*.journal"))


def health(process):
    return httpx.get(f"{process.url}/health", timeout=10).json()["checks"]["usage journal"]


@pytest.fixture
def quarantined(serve, postgres, folder, create, llmring_database):
    """A server that replayed five calls of a key that was revoked meanwhile; and the calls' ids."""
    process = serve()
    key = create("revoked", "ingest")
    assert log(process, key)[0].status_code == 200
    postgres.kill()
    answers = log(process, key, 5)
    assert {answer.status_code for answer in answers} == {202}
    process.kill()
    postgres.start()
    revoke(postgres, llmring_database["database_schema"])
    process = serve()
    eventually(lambda: journal_is_empty(folder), seconds=60)
    return process, {answer.json()["log_id"] for answer in answers}


def test_a_key_that_was_used_before_the_outage_is_accepted_and_loses_no_call(serve, postgres, folder, create, stored):
    process = serve()
    key = create("known", "ingest")
    assert log(process, key)[0].status_code == 200
    postgres.kill()
    began = time.monotonic()
    answers = log(process, key)
    assert time.monotonic() - began < ANSWER_SECONDS
    answers += log(process, key, 9)
    batch = log(process, key, path="/api/v1/log/batch", body=[CALL, CALL])
    assert {answer.status_code for answer in (*answers, *batch)} == {202}
    assert time.monotonic() - began < 2 * ANSWER_SECONDS
    postgres.start()
    eventually(lambda: journal_is_empty(folder), seconds=60)
    assert len(stored()) == 13
    assert {answer.json()["log_id"] for answer in answers} <= stored()


def test_during_an_outage_other_requests_and_other_keys_are_503(serve, postgres, create):
    process = serve()
    key, unused = create("known", "admin"), create("unused", "ingest")
    assert log(process, key)[0].status_code == 200
    postgres.kill()
    assert log(process, key)[0].status_code == 202
    assert log(process, unused)[0].status_code == 503
    with client(process, key) as opened:
        assert opened.get("/api/v1/logs").status_code == 503
        assert opened.post("/api/v1/keys", json={"scopes": ["read"]}).status_code == 503


def test_a_key_without_the_scope_is_refused_during_an_outage_too(serve, postgres, create):
    process = serve()
    key = create("reader", "read")
    with client(process, key) as opened:
        assert opened.get("/api/v1/logs").status_code == 200
    postgres.kill()
    assert log(process, key)[0].status_code == 403


def test_a_key_that_is_known_to_be_revoked_is_refused_during_an_outage(serve, postgres, cli, create):
    process = serve()
    key = create("revoked", "admin")
    with client(process, key) as opened:
        assert opened.post("/api/v1/log", json=CALL).status_code == 200
        (own,) = opened.get("/api/v1/keys").json()
    cli("keys", "revoke", own["key_id"])
    eventually(lambda: log(process, key)[0].status_code == 401)
    postgres.kill()
    assert log(process, key)[0].status_code in (401, 503)
    assert 202 not in {answer.status_code for answer in log(process, key, 3)}


def test_a_key_is_known_for_one_hour(postgres, folder, create, llmring_live, monkeypatch):
    server = llmring_live(["keys", "usage"], database_url=postgres.url, usage={"journal_dir": folder})
    key = create("known", "ingest")
    assert log(server, key)[0].status_code == 200
    postgres.kill()
    assert log(server, key)[0].status_code == 202
    monkeypatch.setattr(authentication, "RECENT_SECONDS", 0.0)
    assert log(server, key)[0].status_code == 503


def test_calls_of_a_key_that_was_revoked_meanwhile_are_quarantined_and_reported(quarantined, folder, stored):
    process, ids = quarantined
    assert len(stored()) == 1
    assert ids.isdisjoint(stored())
    (file,) = folder.iterdir()
    assert file.suffix == ".quarantine"
    assert file.stat().st_mode & 0o077 == 0
    assert health(process) == "failed: Backlog"
    assert "llmring-server usage quarantine" in process.output()


def test_a_command_lists_quarantined_calls(quarantined, folder, cli):
    (file,) = folder.iterdir()
    assert cli("usage", "quarantine").startswith(f"{file.name}: 5 calls of project prj_")


def test_released_calls_are_stored_under_the_ids_of_their_responses(quarantined, folder, cli, stored):
    process, ids = quarantined
    (file,) = folder.iterdir()
    cli("usage", "quarantine", "--release", file.name)
    eventually(lambda: not list(folder.iterdir()), seconds=60)
    assert len(stored()) == 6
    assert ids <= stored()
    assert health(process) == "ok"
