"""What survives when the server or its database dies under load: every acknowledged entry, exactly once."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from contextlib import contextmanager, suppress

import httpx
import psutil
import pytest

from llmring_server.database.embedded import FOLDER, EmbeddedPostgres
from llmring_server.testing import eventually

pytestmark = pytest.mark.slow

CONNECTIONS = 32
KILLS = 10
ANSWER_SECONDS = 2.0
HEAD = (
    "POST /api/v1/log HTTP/1.1\r\nHost: server\r\nX-Project-Key: load\r\n"
    "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n"
)
JOIN = """
import pathlib, sys
from llmring_server.database.embedded import EmbeddedPostgres
EmbeddedPostgres(pathlib.Path(sys.argv[1])).start()
"""
CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 10, "output_tokens": 1, "cost": 0.001}


async def post(reader, writer, call):
    """Log a call over a connection of our own, which costs less than a client, and return the status and the body."""
    body = json.dumps(call)
    writer.write(HEAD.format(len(body)).encode() + body.encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.partition("content-length: ")[2].partition("\r")[0])
    return int(head.split(" ", 2)[1]), json.loads(await reader.readexactly(length))


class Load:
    """Entries sent over many connections, each with an operation id of its own, and what the server said of them."""

    def __init__(self, url, *, keyed=False):
        self.url = url
        self.keyed = keyed
        self.sent = set()
        self.acknowledged = {}
        self.statuses = Counter()
        self.slowest = 0.0

    async def until(self, ended):
        """Send from all connections until the server is gone or `ended()`; entries with a key that got no answer
        are sent again first."""
        unanswered = sorted(self.sent - set(self.acknowledged)) if self.keyed else []
        await asyncio.gather(*(self._send(unanswered, ended) for _ in range(CONNECTIONS)))

    async def _send(self, unanswered, ended):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(self.url.rpartition(":")[2]))
        try:
            while unanswered or not ended():
                operation = unanswered.pop() if unanswered else str(uuid.uuid4())
                key = {"idempotency_key": operation} if self.keyed else {}
                self.sent.add(operation)
                started = time.monotonic()
                status, body = await post(reader, writer, {**CALL, **key, "operation_id": operation})
                self.slowest = max(self.slowest, time.monotonic() - started)
                self.statuses[status] += 1
                if status == 200:
                    self.acknowledged[operation] = body["log_id"]
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    def check(self, rows):
        """Hold the table's rows against what was sent and what was acknowledged."""
        stored = {row["operation_id"]: str(row["id"]) for row in rows}
        assert len(stored) == len(rows)
        assert set(stored) <= self.sent
        assert self.acknowledged.items() <= stored.items()


def stored(server):
    return server.rows("SELECT id, operation_id FROM usage_logs")


def counted(server):
    """Return the calls of the load's project as the rollups have them."""
    return server.client("load").get("/api/v1/stats").json()["summary"]["total_requests"]


def load_and_kill(process, load, acknowledgements):
    """Put a server under load, and kill it in the middle once so many entries more are acknowledged."""
    before = len(load.acknowledged)

    def killed():
        if len(load.acknowledged) >= before + acknowledgements:
            process.kill()
        return False

    asyncio.run(load.until(killed))


@pytest.mark.parametrize("keyed", [False, True], ids=["plain", "keyed and sent again"])
def test_a_killed_server_keeps_every_acknowledged_entry_exactly_once(llmring_process, llmring_live, keyed):
    load = Load("", keyed=keyed)
    for kill in range(3 if keyed else KILLS):
        process = llmring_process(LLMRING_PLUGINS="usage", LLMRING_LOG_LEVEL="warning").wait_until_up()
        load.url = process.url
        load_and_kill(process, load, acknowledgements=random.randrange(20, 300))
        assert len(load.acknowledged) >= 20 * (kill + 1)
    server = llmring_live(["usage"])
    load.url = server.url
    asyncio.run(load.until(lambda: True))
    rows = stored(server)
    load.check(rows)
    assert counted(server) == len(rows)
    if keyed:
        assert set(load.acknowledged) == load.sent


class Postgres:
    """A PostgreSQL of this module's own: to kill, to start again, and to hang."""

    def __init__(self, folder):
        self._embedded = EmbeddedPostgres(folder)
        self._pgdata = folder / FOLDER
        self.url = self._embedded.start()

    def kill(self):
        """Kill all of it at once, as `kill -9` and a lost machine do."""
        processes = self._processes()
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, 10)

    def start(self):
        """Start it on the data that it left; from a process of its own, since this one runs threads."""
        subprocess.run([sys.executable, "-c", JOIN, str(self._pgdata.parent)], check=True)

    @contextmanager
    def hung(self):
        """Let it stand still: connections are open, nothing answers."""
        processes = self._processes()
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                os.kill(process.pid, signal.SIGCONT)

    def stop(self):
        """Stop it; what another process has started again is not this one's to stop, but to kill."""
        if not self._embedded.stop():
            with suppress(psutil.NoSuchProcess):
                self.kill()

    def _processes(self):
        postmaster = psutil.Process(int((self._pgdata / "postmaster.pid").read_text().splitlines()[0]))
        return [postmaster, *postmaster.children()]


@pytest.fixture(scope="module")
def postgres(open_folder):
    own = Postgres(open_folder())
    yield own
    own.stop()


@pytest.fixture
def on_own_postgres(llmring_process, postgres):
    """A server process on the PostgreSQL of this module's own."""
    return llmring_process(LLMRING_PLUGINS="usage", LLMRING_DATABASE_URL=postgres.url).wait_until_up()


def test_a_killed_database_loses_nothing_and_the_server_recovers(on_own_postgres, postgres, llmring_live):
    load = Load(on_own_postgres.url)
    done = False

    async def kill_and_start():
        nonlocal done
        await until(lambda: load.statuses[200] > 100)
        await asyncio.to_thread(postgres.kill)
        await until(lambda: load.statuses[503] > CONNECTIONS)
        await asyncio.to_thread(postgres.start)
        again = load.statuses[200] + 100
        await until(lambda: load.statuses[200] > again)
        done = True

    async def both():
        await asyncio.gather(load.until(lambda: done), kill_and_start())

    asyncio.run(both())
    server = llmring_live(["usage"], database_url=postgres.url)
    load.check(stored(server))
    assert counted(server) == len(stored(server))
    assert set(load.statuses) == {200, 503}
    assert load.slowest < ANSWER_SECONDS


async def until(condition):
    while not condition():
        await asyncio.sleep(0.01)


def test_a_hung_database_is_answered_for_in_time_until_it_goes_on(on_own_postgres, postgres):
    with httpx.Client(base_url=on_own_postgres.url, headers={"X-Project-Key": "hung"}, timeout=30) as client:
        assert client.post("/api/v1/log", json=CALL).status_code == 200
        with postgres.hung():
            started = time.monotonic()
            answer = client.post("/api/v1/log", json=CALL)
            assert time.monotonic() - started < ANSWER_SECONDS
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        eventually(lambda: client.post("/api/v1/log", json=CALL).status_code == 200)


def test_a_flood_while_the_database_hangs_is_answered_in_time(on_own_postgres, postgres, llmring_live):
    load = Load(on_own_postgres.url)
    asyncio.run(load.until(lambda: load.statuses[200] > 100))
    with postgres.hung():
        asyncio.run(load.until(lambda: load.statuses[503] > 3 * CONNECTIONS))
    again = load.statuses[200] + 100
    asyncio.run(load.until(lambda: load.statuses[200] > again))
    load.check(stored(llmring_live(["usage"], database_url=postgres.url)))
    assert set(load.statuses) == {200, 503}
    assert load.slowest < ANSWER_SECONDS
