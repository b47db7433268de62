"""A database that answers and stores nothing: readiness, the cause in each response, and recovery."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from llmring_server.testing import eventually

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 10, "cost": 0.001}
BIND = {"alias": "fast", "model": "openai:gpt-5-mini"}
DISK = "size=200m,mode=755"
IN_NAMESPACE = """#!/bin/sh
exec unshare --mount sh -c 'mount -t tmpfs -o {options} tmpfs "{folder}" && exec "{python}" "$@"' sh "$@"
"""


def mounts():
    """Whether a process may mount a disk of its own."""
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.fixture
def role(llmring_database, llmring_postgres):
    """A role whose new sessions can be made read-only; `set(on)` changes that, `end_sessions` ends the present ones."""
    name = llmring_database["database_schema"]
    identifier = sql.Identifier(name)
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s"
    with psycopg.connect(llmring_postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN SUPERUSER").format(identifier))
        setting = sql.SQL("ALTER ROLE {} SET default_transaction_read_only = {}")
        yield SimpleNamespace(
            url=make_conninfo(llmring_postgres, user=name),
            set=lambda on: connection.execute(setting.format(identifier, on)),
            end_sessions=lambda: connection.execute(end, [name]),
        )
        connection.execute(end, [name])
        connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(identifier))
        eventually(lambda: connection.execute(sql.SQL("DROP ROLE {}").format(identifier)))


def details(client):
    """Return the statuses and details of two requests that store something."""
    answers = [client.post("/api/v1/aliases/bind", json=BIND), client.post("/api/v1/log", json=CALL)]
    return [(answer.status_code, answer.json().get("detail")) for answer in answers]


def test_a_read_only_database_is_not_ready_and_responses_name_the_cause(llmring_live, role):
    client = llmring_live(["aliases", "usage"], database_url=role.url).client()
    role.set("on")
    role.end_sessions()
    ready = eventually(lambda: client.get("/health/ready").json()["checks"]["database"].endswith("Transaction") and
                       client.get("/health/ready"))  # fmt: skip
    assert (ready.status_code, ready.json()["status"], ready.json()["database"]) == (503, "unhealthy", "connected")
    assert ready.json()["checks"]["database"] == "failed: ReadOnlySqlTransaction"
    assert details(client) == [(503, "The database is read-only. Try again shortly.")] * 2
    assert client.get("/api/v1/aliases").status_code == 200
    assert client.get("/health/live").status_code == 200


def test_connections_that_were_read_only_are_not_kept(llmring_live, role):
    client = llmring_live(["aliases", "usage"], database_url=role.url).client()
    role.set("on")
    role.end_sessions()
    eventually(lambda: client.get("/health/ready").json()["checks"]["database"].endswith("Transaction"))
    assert {status for status, _ in details(client)} == {503}
    role.set("off")
    eventually(lambda: {status for status, _ in details(client)} == {200})
    eventually(lambda: client.get("/health/ready").status_code == 200)


@pytest.fixture
def on_a_small_disk(llmring_process, open_folder, tmp_path):
    """Start a server whose bundled PostgreSQL is on a disk of its own; `fill` fills that disk, `free` frees it."""
    if not mounts():
        pytest.skip("a process may not mount a disk here")
    folder, script = open_folder(), tmp_path / "python"
    script.write_text(IN_NAMESPACE.format(options=DISK, folder=folder, python=sys.executable))
    script.chmod(0o755)
    process = llmring_process(
        python=str(script), LLMRING_PLUGINS="aliases,usage", LLMRING_DATABASE_URL="", LLMRING_DATA_DIR=str(folder)
    )
    process.wait_until_up()
    filler = Path(f"/proc/{process.pid}/root{folder}/filler")

    def fill():
        """Write until the disk is full."""
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass

    return SimpleNamespace(url=process.url, fill=fill, free=filler.unlink)


@pytest.mark.slow
def test_a_full_disk_of_the_database_is_not_ready_until_it_has_space(on_a_small_disk):
    with httpx.Client(base_url=on_a_small_disk.url, headers={"X-Project-Key": "one"}, timeout=10) as client:
        assert client.get("/health/ready").status_code == 200
        on_a_small_disk.fill()
        ready = eventually(lambda: (found := client.get("/health/ready")).status_code == 503 and found)
        assert ready.json()["checks"]["database"] == "failed: DiskFull"
        big = {**CALL, "metadata": {"text": os.urandom(100_000).hex()}}
        refused = eventually(lambda: (found := client.post("/api/v1/log", json=big)).status_code == 503 and found)
        assert refused.json()["detail"] == "The disk of the database is full. Its operator has to free space."
        on_a_small_disk.free()
        eventually(lambda: client.get("/health/ready").status_code == 200)
        assert client.post("/api/v1/log", json=big).status_code == 200
