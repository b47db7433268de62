"""Behind PgBouncer in transaction mode, where connections share sessions of PostgreSQL."""

import os
import re
import secrets
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from llmring_server.errors import StartupError
from llmring_server.settings import load_settings
from llmring_server.testing import eventually
from llmring_server.testing.process import free_port

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "deploy" / "pgbouncer.ini"
PAGE = (ROOT / "docs" / "how-to" / "deploy.md").read_text()
NEEDED = re.findall(r"^ALTER ROLE llmring IN DATABASE llmring SET (.*);$", PAGE, re.MULTILINE)
SESSIONS = 3
CALL = {"provider": "openai", "model": "gpt-4o-mini", "input_tokens": 10, "output_tokens": 5, "cost": 0.25}
PREPARED = "SELECT count(*) AS kept FROM pg_prepared_statements"


def executable():
    found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip("no pgbouncer; install it (Debian: apt install pgbouncer) and run again")
    return found


def unprivileged(folder):
    """Return the option for the user of PgBouncer when we are root, who may connect to PostgreSQL's socket."""
    if os.geteuid() != 0:
        return ()
    return ("-u", folder.owner() if folder.is_dir() else "nobody")


def configured(changes):
    """Return the example with some of its values replaced; each must occur in it."""
    text = EXAMPLE.read_text()
    for name, value in changes.items():
        text, found = re.subn(rf"^{name} =.*$", lambda _, line=f"{name} = {value}": line, text, flags=re.MULTILINE)
        assert found == 1, name
    return text


@pytest.fixture
def role(llmring_postgres, llmring_database):
    """Yield a role for the test that may create its schema, and its password."""
    name, password = llmring_database["database_schema"], secrets.token_hex(8)
    with psycopg.connect(llmring_postgres, autocommit=True) as admin:
        identifiers = {"role": sql.Identifier(name), "database": sql.Identifier(admin.info.dbname)}
        admin.execute(sql.SQL("CREATE ROLE {role} LOGIN PASSWORD {}").format(sql.Literal(password), **identifiers))
        admin.execute(sql.SQL("GRANT CREATE ON DATABASE {database} TO {role}").format(**identifiers))
        yield name, password
        admin.execute("SET client_min_messages = warning")
        admin.execute(sql.SQL("DROP OWNED BY {role} CASCADE; DROP ROLE {role}").format(**identifiers))


@pytest.fixture
def pgbouncer(llmring_postgres, role, open_folder):
    """Yield the settings of a server behind a PgBouncer for the test, configured as in the example."""
    program, port, (name, password) = executable(), free_port(), role
    direct = {**conninfo_to_dict(llmring_postgres), "user": name, "password": password}
    backend = {key: value for key, value in direct.items() if key in {"host", "port", "dbname"}}
    folder = open_folder()
    (folder / "users.txt").write_text(f'"{name}" "{password}"\n')
    changes = {
        "llmring": " ".join(f"{key}={value}" for key, value in backend.items()),
        "listen_port": port,
        "auth_file": folder / "users.txt",
        "default_pool_size": SESSIONS,
    }
    (folder / "pgbouncer.ini").write_text(configured(changes))
    log = (folder / "log").open("wb")
    command = [program, *unprivileged(Path(direct["host"])), str(folder / "pgbouncer.ini")]
    process = subprocess.Popen(command, stdout=log, stderr=log)
    pooled = {"host": "127.0.0.1", "port": port, "dbname": "llmring", "user": name, "password": password}
    settings = {"database_url": make_conninfo(**pooled), "database_direct_url": make_conninfo(**direct)}
    try:
        eventually(lambda: listens(port))  # no query: its session would be reused by the others
        yield settings
    finally:
        process.terminate()
        process.wait(10)
        log.close()


def listens(port):
    with socket.create_connection(("127.0.0.1", port)):
        return True


@pytest.fixture
def pooler(pgbouncer, role, llmring_postgres, llmring_database):
    """Return the same with the role's settings of docs/how-to/deploy.md."""
    assert "search_path = llmring" in NEEDED
    with psycopg.connect(llmring_postgres, autocommit=True) as admin:
        who = sql.SQL("ALTER ROLE {} IN DATABASE {} SET ").format(
            sql.Identifier(role[0]), sql.Identifier(admin.info.dbname)
        )
        for setting in NEEDED:
            admin.execute(who + sql.SQL(setting.replace("llmring", llmring_database["database_schema"])))
    return pgbouncer


@pytest.fixture
def server(llmring_live, pooler):
    return llmring_live(load_settings().plugins, database_pool_size=12, **pooler)


def test_more_connections_than_sessions_log_every_call_once(server):
    client = server.client()

    def log(number):
        return client.post("/api/v1/log", json={**CALL, "idempotency_key": f"call-{number}"})

    with ThreadPoolExecutor(12) as threads:
        answered = list(threads.map(log, [*range(150), *range(150)]))
    assert {answer.status_code for answer in answered} == {200}
    assert len({answer.json()["log_id"] for answer in answered}) == 150
    summary = client.get("/api/v1/stats").raise_for_status().json()["summary"]
    assert (summary["total_requests"], summary["total_cost"]) == (150, 37.5)


def test_no_statement_is_prepared_behind_a_pooler(server):
    client = server.client()
    for _ in range(20):
        assert client.post("/api/v1/log", json=CALL).status_code == 200
    assert {server.rows(PREPARED)[0]["kept"] for _ in range(10)} == {0}


def test_without_a_pooler_statements_are_prepared(llmring_live):
    server = llmring_live(["usage"], database_pool_size=1)
    for _ in range(20):
        server.client().post("/api/v1/log", json=CALL).raise_for_status()
    assert server.rows(PREPARED)[0]["kept"] > 0


def test_a_session_has_the_settings_of_its_role(server):
    (found,) = server.rows("SELECT current_setting('jit') AS jit, current_setting('work_mem') AS memory")
    assert found == {"jit": "off", "memory": "16MB"}


def test_a_stream_of_many_rows_is_one_snapshot(server):
    client = server.client()
    client.post("/api/v1/log/batch", json=[CALL] * 3000).raise_for_status()
    with client.stream("GET", "/api/v1/logs/export?format=ndjson") as answer:
        assert sum(1 for _ in answer.iter_lines()) == 3000


def test_another_server_is_notified_of_a_change_through_a_direct_session(server, llmring_live, pooler):
    other = llmring_live(["aliases"], **pooler)
    eventually(lambda: server.server.notifications.live and other.server.notifications.live)
    asked = other.client().get("/api/v1/aliases/resolve?alias=fast")
    assert asked.status_code == 404
    server.client().post("/api/v1/aliases/bind", json={"alias": "fast", "model": "openai:gpt-4o-mini"})
    assert eventually(lambda: other.client().get("/api/v1/aliases/resolve?alias=fast").is_success, 1)


def test_replicas_that_start_together_migrate_through_direct_sessions(llmring_process, pooler):
    environment = {f"LLMRING_{name.upper()}": value for name, value in pooler.items()}
    processes = [llmring_process(LLMRING_PLUGINS="usage,aliases", **environment) for _ in range(3)]
    for process in processes:
        process.wait_until_up()
        assert httpx.get(f"{process.url}/health").json()["database"] == "connected"


def test_a_session_with_another_schema_stops_the_start_with_the_remedy(llmring_live, pgbouncer, role):
    with pytest.raises(StartupError, match=f'ALTER ROLE "{role[0]}" IN DATABASE .* SET search_path = {role[0]};'):
        llmring_live(["aliases"], **pgbouncer)


def test_an_unavailable_pooler_stops_the_start(llmring_live, llmring_postgres):
    away = f"postgresql://llmring@127.0.0.1:{free_port()}/llmring"
    with pytest.raises(StartupError, match="LLMRING_DATABASE_URL"):
        llmring_live(["aliases"], database_url=away, database_direct_url=llmring_postgres)


def test_a_direct_address_without_a_pooled_one_stops_the_start(llmring_live):
    with pytest.raises(StartupError, match="LLMRING_DATABASE_DIRECT_URL is PostgreSQL's own address"):
        llmring_live([], database_url=None, database_direct_url="postgresql://db/llmring")


def test_an_invalid_direct_address_is_not_printed(llmring_live):
    with pytest.raises(StartupError, match="LLMRING_DATABASE_DIRECT_URL is not a PostgreSQL") as refused:
        llmring_live([], database_direct_url="postgresql://llmring:s3cret@db:x y/")
    assert "s3cret" not in str(refused.value)
