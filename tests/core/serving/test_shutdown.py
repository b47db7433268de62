"""Graceful shutdown: every request gets its response, and the process ends soon."""

import asyncio
import os
import signal
import time
from contextlib import contextmanager

import httpx
import pytest

from llmring_server.testing import eventually

pytestmark = pytest.mark.slow

CONNECTIONS = 32
ENDS = int(os.environ.get("LLMRING_TEST_ENDS", "5"))
GET = b"GET /health/live HTTP/1.1\r\nHost: server\r\n\r\n"


async def send(reader, writer, request=GET):
    """Send a request, read the whole response, and return its head."""
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r")[0]))
    return head


class Clients:
    """Clients that send requests over keep-alive connections until the server accepts no new ones, and their errors."""

    def __init__(self, process):
        self._port = int(process.url.rpartition(":")[2])
        self.answered = 0
        self.lost = []

    async def run(self):
        await asyncio.gather(*(self._client() for _ in range(CONNECTIONS)))

    async def _client(self):
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except ConnectionRefusedError:
                return
            try:
                while "connection: close" not in await send(reader, writer):
                    self.answered += 1
            except (OSError, asyncio.IncompleteReadError) as error:
                self.lost.append(error)
            finally:
                writer.close()


def test_no_request_under_load_loses_its_response_at_shutdown(llmring_process):
    for _ in range(ENDS):
        process = llmring_process(serve=True, LLMRING_PLUGINS="").wait_until_up()
        clients = Clients(process)

        async def load_and_end(clients=clients, process=process):
            running = asyncio.create_task(clients.run())
            while clients.answered < 500:
                await asyncio.sleep(0.01)
            os.kill(process.pid, signal.SIGTERM)
            await running

        asyncio.run(load_and_end())
        assert clients.lost == []
        process.wait()


@contextmanager
def connected(process):
    """Yield a client with an open connection."""
    with httpx.Client(base_url=process.url) as client:
        assert client.get("/health/ready").status_code == 200
        yield client


def unready(client):
    """Return the 503 response of the readiness check, or None."""
    found = client.get("/health/ready")
    return found if found.status_code == 503 else None


def test_readiness_is_lost_immediately_and_open_connections_are_still_served(llmring_process):
    process = llmring_process(serve=True, LLMRING_PLUGINS="").wait_until_up()
    with connected(process) as client, connected(process) as other:
        os.kill(process.pid, signal.SIGTERM)
        refused = eventually(lambda: unready(client))
        assert (refused.headers["Connection"], "shutting down" in refused.json()["detail"]) == ("close", True)
        assert other.get("/health/live").status_code == 200
    assert process.wait() in (0, -signal.SIGTERM)


def test_an_idle_process_ends_soon(llmring_process):
    process = llmring_process(serve=True, LLMRING_PLUGINS="").wait_until_up()
    started = time.monotonic()
    assert process.stop() in (0, -signal.SIGTERM)
    assert time.monotonic() - started < 5


def test_a_second_signal_is_not_delayed(llmring_process):
    process = llmring_process(serve=True, LLMRING_PLUGINS="").wait_until_up()
    with connected(process) as client:
        os.kill(process.pid, signal.SIGTERM)
        eventually(lambda: unready(client))
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait() in (0, -signal.SIGTERM)
