"""Floods on a real uvicorn process: endless heads, bodies and connections are cut off."""

import time
from contextlib import ExitStack, suppress

import httpx
import pytest
from connection_kit import (
    BOUND_SECONDS,
    KEY,
    MEBIBYTE,
    POST,
    connect,
    exchange,
    head,
    memory,
    problem,
    read_all,
    status,
)

from llmring_server.testing import eventually


@pytest.fixture
def server(impatient):
    return impatient


def test_too_many_headers_are_431(server):
    code, answer = problem(exchange(server, head(*(b"X-%d: y\r\n" % at for at in range(200)))))
    assert (code, answer["detail"]) == (431, "The head of a request may have at most 65536 bytes and 128 headers.")


@pytest.mark.parametrize("size", [70_000, 4 * MEBIBYTE])
def test_a_huge_header_is_431_or_cut_off(server, size):
    assert status(refused(server, head(b"X-Huge: " + b"y" * size + b"\r\n"))) in (431, None)


def test_a_huge_request_line_is_431_or_cut_off(server):
    assert status(refused(server, head(start=b"GET /?" + b"y" * MEBIBYTE + b" HTTP/1.1"))) in (431, None)


def refused(server, sent):
    """Return the response to a request that the server does not read to its end."""
    with connect(server) as wire:
        try:
            wire.sendall(sent)
        except ConnectionError:
            return b""
        return read_all(wire)


ENDLESS = {
    "headers": (b"GET / HTTP/1.1\r\n", b"X-Y: z\r\n" * 1000),
    "one header": (b"GET / HTTP/1.1\r\nX: ", b"y" * 8000),
    "a path": (b"GET /", b"y" * 8000),
    "a method": (b"", b"G" * 8000),
    "empty lines": (b"", b"\r\n" * 4000),
    "trailers": (head(KEY, b"Transfer-Encoding: chunked\r\n", start=POST) + b"0\r\n", b"X-Y: z\r\n" * 1000),
    "one trailer": (head(KEY, b"Transfer-Encoding: chunked\r\n", start=POST) + b"0\r\nX: ", b"y" * 8000),
    "a chunk's extension": (head(KEY, b"Transfer-Encoding: chunked\r\n", start=POST) + b"1;", b"y" * 8000),
    "an endless body without a key": (head(b"Transfer-Encoding: chunked\r\n"), b"fa0\r\n" + b"y" * 4000 + b"\r\n"),
    "requests": (b"", head() * 200),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_an_endless_request_is_cut_off_and_uses_no_memory(server, what):
    first, more = ENDLESS[what]
    before = memory(server)
    deadline = time.monotonic() + BOUND_SECONDS
    with connect(server, first) as wire, suppress(ConnectionError):
        while time.monotonic() < deadline:
            wire.sendall(more)
    assert time.monotonic() < deadline
    assert memory(server) - before < 40 * MEBIBYTE


def test_connections_above_the_limit_are_503_until_others_close(llmring_process):
    process = llmring_process(serve=True, LLMRING_PLUGINS="aliases", LLMRING_MAX_CONNECTIONS="20").wait_until_up()
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(connect(process))
        assert status(exchange(process, head())) == 503
    eventually(lambda: httpx.get(f"{process.url}/health/live").status_code == 200)
