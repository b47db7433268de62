"""Load on a server, and a separate PostgreSQL to kill, to start again and to suspend."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from contextlib import contextmanager, suppress

import psutil

from llmring_server.database.embedded import FOLDER, EmbeddedPostgres

CONNECTIONS = 32
ANSWER_SECONDS = 2.0
ACKNOWLEDGED = (200, 202)
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
    """Log a call over a raw connection, cheaper than a client; return the status, the body, and whether the
    connection is closed after it."""
    body = json.dumps(call)
    writer.write(HEAD.format(len(body)).encode() + body.encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.partition("content-length: ")[2].partition("\r")[0])
    return int(head.split(" ", 2)[1]), json.loads(await reader.readexactly(length)), "connection: close" in head


class Load:
    """Entries sent over many connections, each with its own operation id, and the server's responses."""

    def __init__(self, url, *, keyed=False):
        self.url = url
        self.keyed = keyed
        self.sent = set()
        self.acknowledged = {}
        self.statuses = Counter()
        self.seconds = []

    @property
    def slowest(self):
        return max(self.seconds)

    async def until(self, ended):
        """Send from all connections until the server is gone or `ended()`; keyed entries without a response are
        sent again first."""
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
                status, body, last = await post(reader, writer, {**CALL, **key, "operation_id": operation})
                self.seconds.append(time.monotonic() - started)
                self.statuses[status] += 1
                if status in ACKNOWLEDGED:
                    self.acknowledged[operation] = body["log_id"]
                if last:
                    return
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    def check(self, rows):
        """Compare the table's rows with the sent and the acknowledged entries."""
        stored = {row["operation_id"]: str(row["id"]) for row in rows}
        assert len(stored) == len(rows)
        assert set(stored) <= self.sent
        assert self.acknowledged.items() <= stored.items()


class Postgres:
    """A separate PostgreSQL for one module: to kill, to start again, and to suspend."""

    def __init__(self, folder):
        self._embedded = EmbeddedPostgres(folder)
        self._pgdata = folder / FOLDER
        self.url = self._embedded.start()

    def kill(self):
        """Kill all its processes at once, as `kill -9` or a power failure does."""
        processes = self._processes()
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, 10)

    def start(self):
        """Start it again on its data, from a separate process, since this one runs threads."""
        subprocess.run([sys.executable, "-c", JOIN, str(self._pgdata.parent)], check=True)

    @contextmanager
    def hung(self):
        """Suspend it: connections remain open, but it does not respond."""
        processes = self._processes()
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                os.kill(process.pid, signal.SIGCONT)

    def stop(self):
        """Stop it; if another process has started it again, kill it."""
        if not self._embedded.stop():
            with suppress(psutil.NoSuchProcess):
                self.kill()

    def _processes(self):
        postmaster = psutil.Process(int((self._pgdata / "postmaster.pid").read_text().splitlines()[0]))
        return [postmaster, *postmaster.children()]


async def until(condition):
    while not condition():
        await asyncio.sleep(0.01)


def stored(server):
    """Return the calls in the server's database."""
    return server.rows("SELECT id, operation_id FROM usage_logs")


def counted(server):
    """Return the number of the load project's calls in the rollups."""
    return server.client("load").get("/api/v1/stats").json()["summary"]["total_requests"]
