"""Floods of watchers: streams are limited and released immediately, and a client that does not read costs little."""

import socket
import time
from contextlib import ExitStack, contextmanager

import httpx
import psutil
import pytest
from aliases_kit import PATH, bind

from llmring_server.testing import eventually

MEBIBYTE = 1024 * 1024
LIMITS = {"project_watchers": 3, "watchers": 5, "heartbeat_seconds": 300}


@pytest.fixture
def server(llmring_live):
    return llmring_live(["aliases"], aliases=LIMITS)


@contextmanager
def watching(server, key):
    """Open a stream, and yield the response once it has started."""
    with server.client(key).stream("GET", f"{PATH}/watch") as response:
        lines = response.iter_lines()  # a variable, because a deleted iterator closes its stream
        if response.is_success:
            next(lines)
        yield response


def refused_status(server, key):
    """Return the status of a stream over the limit."""
    response = server.client(key).get(f"{PATH}/watch")
    assert int(response.headers["Retry-After"]) > 0
    return response.status_code


def test_each_project_has_its_own_limit(server):
    with ExitStack() as stack:
        for _ in range(3):
            assert stack.enter_context(watching(server, "one")).status_code == 200
        assert refused_status(server, "one") == 429
        assert stack.enter_context(watching(server, "two")).status_code == 200


def test_a_process_has_a_limit(server):
    with ExitStack() as stack:
        for key in ("one", "one", "two", "two", "three"):
            assert stack.enter_context(watching(server, key)).status_code == 200
        assert refused_status(server, "four") == 503


def test_a_closed_stream_is_released_long_before_the_next_heartbeat(server):
    for _ in range(4):
        with ExitStack() as stack:
            for _ in range(3):
                assert stack.enter_context(watching(server, "one")).status_code == 200
        eventually(lambda: is_accepted(server))


def is_accepted(server):
    with watching(server, "one") as response:
        return response.status_code == 200


def test_a_head_request_does_not_count_as_a_stream(server):
    for _ in range(10):
        assert server.client("one").head(f"{PATH}/watch").status_code == 200
    assert is_accepted(server)


def test_a_flood_of_watchers_is_refused_quickly(server):
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(watching(server, "one"))
        client = server.client("one")
        began = time.monotonic()
        assert {client.get(f"{PATH}/watch").status_code for _ in range(200)} == {429}
        assert time.monotonic() - began < 10


def test_watchers_that_do_not_read_cost_little_memory_and_do_not_block_shutdown(llmring_process):
    process = llmring_process(
        LLMRING_PLUGINS="aliases", LLMRING_LOG_LEVEL="warning", LLMRING_MAX_ITEM_BYTES=str(MEBIBYTE)
    ).wait_until_up()
    request = f"GET {PATH}/watch HTTP/1.1\r\nHost: x\r\nX-Project-Key: test-project\r\n\r\n".encode()
    with ExitStack() as stack, httpx.Client(base_url=process.url, headers={"X-Project-Key": "test-project"}) as client:
        for _ in range(50):
            wire = stack.enter_context(socket.socket())
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.connect(("127.0.0.1", process.port))
            wire.sendall(request)
            assert wire.recv(1)
        before = memory(process)
        for at in range(40):
            bind(client, "a", f"openai:{at}", metadata="x" * (MEBIBYTE // 2))
        assert memory(process) - before < 200 * MEBIBYTE  # of the gigabyte that is sent to them
        began = time.monotonic()
        process.stop()
        assert time.monotonic() - began < 30


def memory(process):
    return psutil.Process(process.pid).memory_info().rss
