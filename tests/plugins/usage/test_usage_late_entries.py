"""Late entries wait for the partition of their month apart from all others, and are stored once it exists."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from llmring_server.testing import eventually
from llmring_usage.journal.journal import Journal

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 10, "output_tokens": 1, "cost": 0}
LATE = {**CALL, "timestamp": "2021-07-15T12:00:00Z"}
LOCK = "SELECT pg_advisory_xact_lock(hashtext('llmring usage partitions'))"
NEWEST = """
    SELECT max(inhrelid::regclass::text) AS name FROM pg_inherits
    WHERE inhparent = 'usage_logs'::regclass AND inhrelid::regclass::text LIKE 'usage_logs_2%%'
"""


@contextmanager
def creation_hangs(server):
    """No partition is created during the block."""
    with psycopg.connect(server.server.database.conninfo) as connection:
        connection.execute(LOCK)
        yield


@pytest.fixture
def server(llmring_live):
    return llmring_live(["usage"])


@pytest.fixture
def with_journal(llmring_live, tmp_path):
    return llmring_live(["usage"], usage={"journal_dir": tmp_path / "journal"})


def log(server, call):
    return server.client().post("/api/v1/log", json=call)


def is_created(server):
    return server.rows("SELECT to_regclass('usage_logs_2021_07') IS NOT NULL AS created")[0]["created"]


def stored_late(server):
    return len(server.rows("SELECT id FROM usage_logs WHERE occurred_at < '2022-01-01'"))


def test_other_entries_do_not_wait_for_the_partition_of_a_late_one(server):
    with ThreadPoolExecutor(1) as pool, creation_hangs(server):
        late = pool.submit(log, server, LATE)
        eventually(late.running)
        assert [log(server, CALL).status_code for _ in range(10)] == [200] * 10
        assert not late.done()
    assert late.result().status_code == 200
    assert stored_late(server) == 1


def test_a_late_entry_is_503_while_its_partition_is_created_and_stored_when_it_is_sent_again(server, monkeypatch):
    monkeypatch.setattr("llmring_usage.ingest.writer.LATE_SECONDS", 0.5)
    with creation_hangs(server):
        response = log(server, LATE)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    eventually(lambda: is_created(server))
    assert log(server, LATE).status_code == 200
    assert stored_late(server) == 1


def test_with_a_journal_a_late_entry_waits_there_until_its_partition_is_created(with_journal):
    with creation_hangs(with_journal):
        assert log(with_journal, LATE).status_code == 202
        assert log(with_journal, CALL).status_code == 200
        assert not with_journal.server.service(Journal).database_down
    eventually(lambda: stored_late(with_journal) == 1)


def test_a_server_starts_and_stores_while_an_upcoming_partition_cannot_be_created(llmring_live, server):
    (newest,) = server.rows(NEWEST)
    server.run(server.server.database.execute(f"DROP TABLE {newest['name']}"))
    with creation_hangs(server):
        second = llmring_live(["usage"])
        assert log(second, CALL).status_code == 200
        assert server.rows(NEWEST) != [newest]
    eventually(lambda: server.rows(NEWEST) == [newest])
