"""Revocation takes effect in every process within a second, with and without notifications."""

import threading
import time
from contextlib import contextmanager
from functools import partial

import httpx
import psycopg
import pytest

from llmring_server.testing import eventually

SECONDS = 1.0
PROCESSES = 4

LISTENING = "FROM pg_stat_activity WHERE application_name = %s"
CUT = f"SELECT count(pg_terminate_backend(pid)) {LISTENING}"


@pytest.fixture
def channel(llmring_database):
    """The name of the servers' notification connections in the database."""
    return f"llmring_{llmring_database['database_schema']} channel"


@pytest.fixture
def fleet(llmring_process):
    """Four servers on one database."""
    started = [llmring_process(LLMRING_PLUGINS="keys,usage", LLMRING_LOG_LEVEL="warning") for _ in range(PROCESSES)]
    return [process.wait_until_up() for process in started]


@pytest.fixture
def admin(fleet, llmring_cli):
    made = llmring_cli("keys", "create", "--new-project", "fleet", "--scope", "admin", LLMRING_PLUGINS="keys,usage")
    with httpx.Client(base_url=fleet[0].url, headers={"X-API-Key": made.stdout.strip()}, timeout=10) as client:
        yield client


@contextmanager
def cut_repeatedly(database, channel):
    """Terminate the notification connections repeatedly while the block runs."""
    stop, cut = threading.Event(), []

    def keep_cutting():
        with psycopg.connect(database["database_url"], autocommit=True) as connection:
            while not stop.is_set():
                cut.append(connection.execute(CUT, [channel]).fetchone()[0])
                stop.wait(0.02)

    thread = threading.Thread(target=keep_cutting)
    thread.start()
    try:
        yield cut
    finally:
        stop.set()
        thread.join()


def time_to_end(fleet, admin):
    """Create a key that all servers cache, revoke it, and return the seconds until the last server refuses it."""
    made = admin.post("/api/v1/keys", json={"scopes": ["read"]}).json()
    clients = [httpx.Client(base_url=server.url, headers={"X-API-Key": made["key"]}, timeout=10) for server in fleet]
    for client in clients * 3:
        assert client.get("/api/v1/stats").status_code == 200
    admin.delete(f"/api/v1/keys/{made['key_id']}").raise_for_status()
    began = time.monotonic()
    waiting = list(clients)
    while waiting and time.monotonic() - began < 5:
        waiting = [client for client in waiting if client.get("/api/v1/stats").status_code != 401]
    elapsed = time.monotonic() - began
    for client in clients:
        assert client.get("/api/v1/stats").status_code == 401
        client.close()
    return elapsed


def test_a_revoked_key_is_refused_by_four_servers_within_a_second(fleet, admin, figure):
    slowest = max(time_to_end(fleet, admin) for _ in range(10))
    figure("slowest of 10 revocations", f"{slowest * 1000:.0f} ms")
    assert slowest < SECONDS


def test_revocation_takes_a_second_while_the_channel_is_cut_repeatedly(fleet, admin, llmring_database, channel, figure):
    with cut_repeatedly(llmring_database, channel) as cut:
        slowest = max(time_to_end(fleet, admin) for _ in range(5))
    figure("slowest of 5 revocations", f"{slowest * 1000:.0f} ms")
    assert sum(cut) >= PROCESSES
    assert slowest < SECONDS


def test_revocation_takes_a_second_after_the_channel_was_cut_once(fleet, admin, llmring_database, channel):
    with psycopg.connect(llmring_database["database_url"], autocommit=True) as connection:
        for _ in range(3):
            count = partial(connection.execute, f"SELECT count(*) {LISTENING}", [channel])
            eventually(lambda count=count: count().fetchone()[0] >= PROCESSES)
            connection.execute(CUT, [channel])
            assert time_to_end(fleet, admin) < SECONDS
