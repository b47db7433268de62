"""The end of a process: whoever asked gets an answer, and nobody is kept waiting for long."""

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


async def answer(reader, writer, request=GET):
    """Send a request and return the head of its answer, the body read to its end."""
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r")[0]))
    return head


class Asking:
    """Clients that ask over kept connections until the server takes no new ones, and what became of them."""

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
                while "connection: close" not in await answer(reader, writer):
                    self.answered += 1
            except (OSError, asyncio.IncompleteReadError) as error:
                self.lost.append(error)
            finally:
                writer.close()


def test_no_request_under_load_loses_its_answer_when_the_process_ends(llmring_process):
    for _ in range(ENDS):
        process = llmring_process(serve=True, LLMRING_PLUGINS="").wait_until_up()
        asking = Asking(process)

        async def load_and_end(asking=asking, process=process):
            running = asyncio.create_task(asking.run())
            while asking.answered < 500:
                await asyncio.sleep(0.01)
            os.kill(process.pid, signal.SIGTERM)
            await running

        asyncio.run(load_and_end())
        assert asking.lost == []
        process.wait()


@contextmanager
def kept(process):
    """A client with a connection that is open."""
    with httpx.Client(base_url=process.url) as client:
        assert client.get("/health/ready").status_code == 200
        yield client


def unready(client):
    """Return the answer by which readiness is refused, or None."""
    found = client.get("/health/ready")
    return found if found.status_code == 503 else None


def test_readiness_is_lost_at_once_and_open_connections_are_still_answered(llmring_process):
    process = llmring_process(serve=True, LLMRING_PLUGINS="").wait_until_up()
    with kept(process) as client, kept(process) as other:
        os.kill(process.pid, signal.SIGTERM)
        refused = eventually(lambda: unready(client))
        assert (refused.headers["Connection"], "shutting down" in refused.json()["detail"]) == ("close", True)
        assert other.get("/health/live").status_code == 200
    assert process.wait() in (0, -signal.SIGTERM)


def test_a_process_that_nobody_asks_ends_soon(llmring_process):
    process = llmring_process(serve=True, LLMRING_PLUGINS="").wait_until_up()
    started = time.monotonic()
    assert process.stop() in (0, -signal.SIGTERM)
    assert time.monotonic() - started < 5


def test_a_second_signal_is_not_kept_waiting(llmring_process):
    process = llmring_process(serve=True, LLMRING_PLUGINS="").wait_until_up()
    with kept(process) as client:
        os.kill(process.pid, signal.SIGTERM)
        eventually(lambda: unready(client))
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait() in (0, -signal.SIGTERM)
