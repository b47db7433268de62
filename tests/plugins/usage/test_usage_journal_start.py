"""A start with a journal: while the database is down, and on a full disk."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from crash_kit import CALL, Postgres

from llmring_server.testing import eventually

pytestmark = pytest.mark.slow

SMALL_DISK = """#!/bin/sh
exec unshare --mount sh -c '
mount -t tmpfs -o size=256k tmpfs "{disk}" && cp -a "{folder}/." "{disk}" && cat /dev/zero > "{disk}/filler"
exec "{python}" "$@"' sh "$@"
"""


@pytest.fixture
def postgres(open_folder):
    own = Postgres(open_folder())
    yield own
    own.stop()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def serve(llmring_process, postgres, folder):
    """Start a server process with a journal on this test's own PostgreSQL."""

    def start(**given):
        python = given.pop("python", sys.executable)
        enabled = {} if "LLMRING_CONF" in given else {"LLMRING_PLUGINS": "usage"}
        environment = {"LLMRING_USAGE_JOURNAL_DIR": str(folder), **enabled, **given}
        return llmring_process(
            python=python, LLMRING_DATABASE_URL=postgres.url, LLMRING_DATABASE_WAIT="1", **environment
        )

    return start


def request(process, method, path, key="load", **options):
    return httpx.request(method, process.url + path, headers={"X-Project-Key": key}, timeout=30, **options)


def log(process, count=1):
    return [request(process, "POST", "/api/v1/log", json=CALL) for _ in range(count)]


def status(process, path):
    return request(process, "GET", path).status_code


def test_a_server_that_starts_during_an_outage_journals_calls_and_stores_them_later(
    serve, postgres, folder, llmring_live
):
    postgres.kill()
    process = serve().wait_until_up()
    answers = log(process, 10)
    assert {answer.status_code for answer in answers} == {202}
    assert [status(process, path) for path in ("/api/v1/logs", "/health/ready", "/health/live")] == [503, 503, 200]
    postgres.start()
    eventually(lambda: status(process, "/health/ready") == 200, seconds=60)
    eventually(lambda: not list(folder.iterdir()), seconds=60)
    assert log(process)[0].status_code == 200
    found = {entry["id"] for entry in request(process, "GET", "/api/v1/logs").json()}
    assert {answer.json()["log_id"] for answer in answers} < found
    assert process.stop() <= 0


def test_a_server_that_starts_during_an_outage_keeps_its_calls_when_it_is_stopped(serve, postgres, folder):
    postgres.kill()
    process = serve().wait_until_up()
    assert log(process)[0].status_code == 202
    process.stop()
    postgres.start()
    process = serve().wait_until_up()
    eventually(lambda: not list(folder.iterdir()), seconds=60)
    assert len(request(process, "GET", "/api/v1/logs").json()) == 1


def test_a_team_s_server_that_starts_during_an_outage_serves_when_the_database_is_back(
    serve, postgres, constant_registry, llmring_cli
):
    postgres.kill()
    registry = constant_registry.as_uri() + "/"
    process = serve(LLMRING_CONF="team", LLMRING_REGISTRY_BASE_URL=registry)
    process.wait_until_up()
    paths = ("/api/v1/logs", "/api/v1/aliases", "/api/v1/receipts", "/registry", "/ui", "/ui/sign-in")
    assert {status(process, path) for path in paths} == {503}
    assert log(process)[0].status_code == 503
    postgres.start()
    eventually(lambda: status(process, "/health/ready") == 200, seconds=60)
    assert status(process, "/registry") == 200
    assert 503 not in {status(process, path) for path in paths}


def test_a_start_that_cannot_be_finished_ends_the_process_and_replays_nothing(serve, postgres, folder, llmring_live):
    serve(LLMRING_KEY_PEPPER="the pepper of this database").wait_until_up().stop()
    postgres.kill()
    process = serve(LLMRING_KEY_PEPPER="another pepper").wait_until_up()
    assert log(process)[0].status_code == 202
    postgres.start()
    assert process.wait() != 0
    assert "LLMRING_KEY_PEPPER differs" in process.output()
    assert len(list(folder.glob("*.journal"))) == 1


def test_a_server_without_a_journal_does_not_start_during_an_outage(serve, postgres):
    postgres.kill()
    process = serve(LLMRING_USAGE_JOURNAL_DIR="")
    assert process.wait() != 0
    assert "the database cannot be reached" in process.output()


def test_a_full_disk_of_the_journal_does_not_stop_the_start_and_the_replay_frees_it(serve, postgres, folder, tmp_path):
    if subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True).returncode:
        pytest.skip("a process may not mount a disk here")
    process = serve().wait_until_up()
    postgres.kill()
    answers = log(process, 5)
    assert {answer.status_code for answer in answers} == {202}
    process.kill()
    postgres.start()
    disk, script = tmp_path / "disk", tmp_path / "python"
    disk.mkdir()
    script.write_text(SMALL_DISK.format(disk=disk, folder=folder, python=sys.executable))
    script.chmod(0o755)
    process = serve(python=str(script), LLMRING_USAGE_JOURNAL_DIR=str(disk)).wait_until_up()
    assert "the disk of the journal is full" in process.output()
    left = Path(f"/proc/{process.pid}/root{disk}")
    eventually(lambda: [path.name for path in left.iterdir()] == ["filler"], seconds=60)
    rows = request(process, "GET", "/api/v1/logs").json()
    assert {row["id"] for row in rows} == {answer.json()["log_id"] for answer in answers}
