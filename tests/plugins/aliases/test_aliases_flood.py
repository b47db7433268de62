"""Floods of watchers: seats are counted, left at once, and a reader that does not read costs next to nothing."""

import socket
import time
from contextlib import ExitStack, contextmanager

import httpx
import psutil
import pytest
from aliases_kit import PATH, bind

from llmring_server.testing import eventually

MEBIBYTE = 1024 * 1024
SEATS = {"project_watchers": 3, "watchers": 5, "heartbeat_seconds": 300}


@pytest.fixture
def server(llmring_live):
    return llmring_live(["aliases"], aliases=SEATS)


@contextmanager
def watching(server, key):
    """Watch, and give the answer once it has begun."""
    with server.client(key).stream("GET", f"{PATH}/watch") as answer:
        lines = answer.iter_lines()  # kept: an iterator that is dropped closes its stream
        if answer.is_success:
            next(lines)
        yield answer


def refused(server, key):
    """Return the refusal of one more stream."""
    answer = server.client(key).get(f"{PATH}/watch")
    assert int(answer.headers["Retry-After"]) > 0
    return answer.status_code


def test_a_project_has_so_many_streams_and_another_its_own(server):
    with ExitStack() as stack:
        for _ in range(3):
            assert stack.enter_context(watching(server, "one")).status_code == 200
        assert refused(server, "one") == 429
        assert stack.enter_context(watching(server, "two")).status_code == 200


def test_a_process_holds_so_many_streams(server):
    with ExitStack() as stack:
        for key in ("one", "one", "two", "two", "three"):
            assert stack.enter_context(watching(server, key)).status_code == 200
        assert refused(server, "four") == 503


def test_a_stream_that_is_closed_leaves_its_seat_long_before_the_next_heartbeat(server):
    for _ in range(4):
        with ExitStack() as stack:
            for _ in range(3):
                assert stack.enter_context(watching(server, "one")).status_code == 200
        eventually(lambda: comes_in(server))


def comes_in(server):
    with watching(server, "one") as answer:
        return answer.status_code == 200


def test_asking_for_the_head_of_a_stream_takes_no_seat(server):
    for _ in range(10):
        assert server.client("one").head(f"{PATH}/watch").status_code == 200
    assert comes_in(server)


def test_a_flood_of_watchers_is_refused_in_a_moment(server):
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(watching(server, "one"))
        client = server.client("one")
        began = time.monotonic()
        assert {client.get(f"{PATH}/watch").status_code for _ in range(200)} == {429}
        assert time.monotonic() - began < 10


def test_watchers_that_do_not_read_cost_little_and_do_not_keep_the_server_from_ending(llmring_process):
    process = llmring_process(LLMRING_PLUGINS="aliases", LLMRING_LOG_LEVEL="warning").wait_until_up()
    asking = f"GET {PATH}/watch HTTP/1.1\r\nHost: x\r\nX-Project-Key: test-project\r\n\r\n".encode()
    with ExitStack() as stack, httpx.Client(base_url=process.url, headers={"X-Project-Key": "test-project"}) as client:
        for _ in range(50):
            wire = stack.enter_context(socket.socket())
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.connect(("127.0.0.1", process.port))
            wire.sendall(asking)
            assert wire.recv(1)
        before = memory(process)
        for at in range(40):
            bind(client, "a", f"openai:{at}", metadata="x" * (MEBIBYTE // 2))
        assert memory(process) - before < 200 * MEBIBYTE  # of the gigabyte that they were to be sent
        began = time.monotonic()
        process.stop()
        assert time.monotonic() - began < 30


def memory(process):
    return psutil.Process(process.pid).memory_info().rss
