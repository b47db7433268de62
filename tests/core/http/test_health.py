"""Health and other responses while the database is stopped, hung, full, and available again."""

import asyncio
import shutil
import signal
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from llmring_server import __version__
from llmring_server.database.embedded import EmbeddedPostgres
from llmring_server.errors import StartupError
from llmring_server.http.endpoints.health import HealthCheck
from llmring_server.testing import eventually, live, make_plugin, make_settings

BOUND_SECONDS = 4.0
CALLS = ["/health", "/health/ready", "/health/live", "/api/v1/aliases", "/api/v1/aliases/resolve?alias=a", "/"]


class OwnPostgres(EmbeddedPostgres):
    """A PostgreSQL for one test, which the test stops and starts again."""

    def __init__(self):
        super().__init__(Path(tempfile.mkdtemp(prefix="llmring-own-")))
        self.url = self.start()

    @property
    def pid(self):
        return int((self.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])

    def stop(self):
        assert super().stop()


@pytest.fixture
def postgres():
    server = OwnPostgres()
    yield server
    server.stop()
    shutil.rmtree(server.data_dir, ignore_errors=True)


@pytest.fixture
def server(postgres):
    with live(make_settings({"database_url": postgres.url, "database_pool_size": 4}), ["aliases"]) as running:
        running.client().post("/api/v1/aliases/bind", json={"alias": "a", "model": "m:n"})
        yield running


def get_timed(client, path):
    began = time.monotonic()
    answer = client.get(path)
    assert time.monotonic() - began < BOUND_SECONDS, path
    return answer


def expect_unavailable(client):
    """Check the responses while the database does not answer, and their time."""
    statuses = {path: get_timed(client, path).status_code for path in CALLS}
    assert statuses == {path: 200 if path in ("/health/live", "/") else 503 for path in CALLS}


def test_health_reports_a_healthy_server(llmring_live):
    answer = llmring_live([]).client(None).get("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "healthy",
        "database": "connected",
        "version": __version__,
        "checks": {"database": "ok"},
    }


def test_the_root_names_server_and_plugins(llmring_live):
    assert llmring_live(["aliases"]).client(None).get("/").json() == {
        "name": "LLMRing Server",
        "version": __version__,
        "docs": "/docs",
        "registry": "/registry",
        "plugins": ["aliases"],
    }


def test_with_a_stopped_database_responses_are_in_time_and_recovery_is_automatic(postgres, server):
    client = server.client()
    postgres.stop()
    expect_unavailable(client)
    answer = client.get("/health")
    assert (answer.json()["status"], answer.json()["database"]) == ("unhealthy", "disconnected")
    assert client.get("/api/v1/aliases").headers["retry-after"] == "1"
    postgres.start()
    eventually(lambda: client.get("/health").status_code == 200, 20)
    assert client.get("/api/v1/aliases").status_code == 200


def test_after_a_restart_of_the_database_the_next_call_succeeds(postgres, server):
    client = server.client()
    postgres.stop()
    postgres.start()
    assert client.get("/api/v1/aliases").status_code == 200
    assert client.put("/api/v1/aliases/a", json={"model": "m:o"}).json()["version"] == 2
    assert client.delete("/api/v1/aliases/a").json() == {"deleted": True}


@contextmanager
def suspend(postgres):
    """Suspend every process of a PostgreSQL, as a hung disk does, and resume them after the block."""
    parent = psutil.Process(postgres.pid)
    family = [parent, *parent.children(recursive=True)]
    for process in family:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in family:
            process.send_signal(signal.SIGCONT)


def test_with_a_hung_database_responses_are_in_time_and_recovery_is_automatic(postgres):
    settings = make_settings({"database_url": postgres.url, "database_timeout": 1.5})
    with live(settings, ["aliases"]) as running:
        client = running.client()
        assert client.get("/api/v1/aliases").status_code == 200
        with suspend(postgres):
            expect_unavailable(client)
        eventually(lambda: client.get("/health").status_code == 200, 20)
        eventually(lambda: client.get("/api/v1/aliases").status_code == 200)


def test_a_statement_that_takes_too_long_is_cancelled_and_the_next_one_runs(llmring_live):
    server = llmring_live([], database_timeout=0.3)
    with pytest.raises(psycopg.OperationalError):
        server.run(server.server.database.fetch("SELECT pg_sleep(10)"))
    assert server.rows("SELECT 1 AS one") == [{"one": 1}]


def test_a_database_that_has_too_many_clients_gives_503(llmring_database, llmring_postgres):
    role = llmring_database["database_schema"]
    with psycopg.connect(llmring_postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN SUPERUSER").format(sql.Identifier(role)))
        try:
            url = make_conninfo(llmring_postgres, user=role)
            with live(make_settings({**llmring_database, "database_url": url}), ["aliases"]) as server:
                connection.execute(sql.SQL("ALTER ROLE {} NOSUPERUSER CONNECTION LIMIT 0").format(sql.Identifier(role)))
                connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [role])
                assert get_timed(server.client(), "/api/v1/aliases").status_code == 503
                connection.execute(sql.SQL("ALTER ROLE {} SUPERUSER CONNECTION LIMIT -1").format(sql.Identifier(role)))
                eventually(lambda: server.client().get("/api/v1/aliases").status_code == 200, 20)
        finally:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [role])
            connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(role)))
            eventually(lambda: connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role))))


def health_plugin(name, check, critical=True):
    return make_plugin(name, llmring_health=lambda server: [HealthCheck(name, check, critical)])


async def failing():
    raise RuntimeError("the printer at 10.0.0.1 is on fire")


def test_a_failing_critical_check_of_a_plugin_makes_the_server_unhealthy(llmring_live):
    answer = llmring_live([health_plugin("printer", failing)]).client(None).get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "ok", "printer": "failed: RuntimeError"}
    assert answer.json()["database"] == "connected"


def test_a_failing_check_that_is_not_critical_is_only_reported(llmring_live):
    answer = llmring_live([health_plugin("printer", failing, critical=False)]).client(None).get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
    assert answer.json()["checks"]["printer"] == "failed: RuntimeError"


def test_a_hanging_check_is_not_awaited(llmring_live):
    async def stubborn():
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            await asyncio.sleep(6)

    server = llmring_live([health_plugin("printer", stubborn)])
    answer = get_timed(server.client(None), "/health")
    assert (answer.status_code, answer.json()["checks"]["printer"]) == (503, "failed: TimeoutError")


def test_check_names_must_be_unique(llmring_live):
    with pytest.raises(StartupError, match="health check 'database' already exists"):
        llmring_live([health_plugin("database", failing)])


def test_a_process_without_the_database_is_still_alive(llmring_process, postgres):
    process = llmring_process(LLMRING_PLUGINS="aliases", LLMRING_DATABASE_URL=postgres.url).wait_until_up()
    postgres.stop()
    assert httpx.get(f"{process.url}/health/live").status_code == 200
    assert httpx.get(f"{process.url}/health/ready", timeout=BOUND_SECONDS).status_code == 503
