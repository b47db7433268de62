"""Hostile connections to a real uvicorn process: slow, half-open, flooding, malformed; others are served meanwhile."""

import json
import re
import socket
import time
from contextlib import ExitStack, contextmanager, suppress

import httpx
import psutil
import pytest
from core_kit import ARRIVAL

from llmring_server.testing import eventually

MEBIBYTE = 1024 * 1024
BOUND_SECONDS = 10.0
KEY = b"X-Project-Key: hostile\r\n"


@pytest.fixture
def server(impatient):
    return impatient


@contextmanager
def wired(server, *sent):
    """Connect, and send."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=BOUND_SECONDS) as wire:
        for part in sent:
            wire.sendall(part)
        yield wire


def heard(wire):
    """Return all that the server sends until it closes; a reset is a close too."""
    found = b""
    try:
        while part := wire.recv(65536):
            found += part
    except ConnectionError:
        pass
    return found


def asked(server, *sent):
    """Return the answer to what is sent, until the server closes."""
    with wired(server, *sent) as wire:
        return heard(wire)


def status(answer):
    """Return the status of the first answer, or None where there is none."""
    found = re.match(rb"HTTP/1.1 (\d{3}) ", answer)
    return int(found[1]) if found else None


def problem(answer):
    """Return the one answer's status and problem+json."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    return status(answer), json.loads(body)


def memory(server):
    """Return the resident memory of the server, in bytes."""
    return psutil.Process(server.pid).memory_info().rss


def head(*headers, start=b"GET /health/live HTTP/1.1", end=b"\r\n"):
    return b"".join([start, b"\r\nHost: x\r\n", *headers, end])


def drip(wire, parts, pause=0.2):
    """Send one part after another until the server has had enough; return after how many seconds that was."""
    began = time.monotonic()
    wire.settimeout(pause)
    for part in parts:
        try:
            wire.sendall(part)
            if wire.recv(65536) is not None:
                return time.monotonic() - began
        except TimeoutError:
            continue
        except ConnectionError:
            return time.monotonic() - began
    raise AssertionError("the server took it all")


# Slow and half-open


def test_a_head_that_never_ends_is_cut_off(server):
    with wired(server, b"GET / HTTP/1.1\r\n") as wire:
        assert ARRIVAL * 0.5 < drip(wire, (b"X-%d: y\r\n" % at for at in range(200))) < BOUND_SECONDS


def test_a_head_that_stops_is_408(server):
    assert problem(asked(server, b"GET / HTTP/1.1\r\nHost"))[0] == 408


def test_a_connection_that_says_nothing_is_closed_without_a_word(server):
    assert asked(server) == b""


def test_a_second_request_that_stops_in_its_head_is_408(server):
    with wired(server, head()) as wire:
        first = b""
        while b"alive" not in first:
            first += wire.recv(65536)
        wire.sendall(b"GET / HTTP/1.1\r\nHost")
        assert problem(heard(wire))[0] == 408


POST = b"POST /api/v1/log HTTP/1.1"
JSON = b"Content-Type: application/json\r\n"


@pytest.mark.parametrize("body", [b"Content-Length: 100\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_body_that_does_not_come_is_408(server, body):
    answer = asked(server, head(KEY, JSON, body, start=POST))
    assert problem(answer)[1]["detail"] == "the request did not arrive in time"


def test_a_body_that_comes_byte_by_byte_is_cut_off(server):
    with wired(server, head(KEY, JSON, b"Content-Length: 9999\r\n", start=POST)) as wire:
        assert ARRIVAL * 0.5 < drip(wire, (b" " for _ in range(200))) < BOUND_SECONDS


def test_a_body_that_is_refused_before_it_came_is_not_waited_for(server):
    with wired(server, head(JSON, b"Content-Length: 9999\r\n", start=POST), b" ") as wire:
        first = wire.recv(65536)
        assert status(first) == 401
        assert drip(wire, (b" " for _ in range(200))) < BOUND_SECONDS


def test_a_large_body_that_comes_fast_enough_is_read(server):
    body = b"[" + b" " * MEBIBYTE + b"]"
    batch = b"POST /api/v1/log/batch HTTP/1.1"
    with wired(server, head(KEY, JSON, b"Content-Length: %d\r\n" % len(body), start=batch)) as wire:
        for at in range(0, len(body), 65536):
            wire.sendall(body[at : at + 65536])
            time.sleep(0.1)  # 1.7 s in all: more than the patience with a body that is small
        assert status(wire.recv(65536)) == 200


def test_a_body_in_chunks_that_breaks_off_is_not_acted_on(server):
    batch = b"POST /api/v1/log/batch HTTP/1.1"
    entry = b'{"provider":"openai","model":"m","cost":1}\n'
    chunked = head(KEY, b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n", start=batch)
    with wired(server, chunked, b"%x\r\n%s\r\n" % (len(entry), entry)) as wire:
        wire.shutdown(socket.SHUT_WR)
        heard(wire)
    stats = httpx.get(f"{server.url}/api/v1/stats", headers={"X-Project-Key": "hostile"}).json()
    assert stats["summary"]["total_requests"] == 0


def test_two_hundred_slow_clients_keep_nobody_else_waiting(server):
    with ExitStack() as stack:
        slow = [stack.enter_context(wired(server, head(end=b"")[:-2])) for _ in range(200)]
        assert httpx.get(f"{server.url}/health/live", timeout=2).status_code == 200
        for wire in slow:
            assert status(heard(wire)) == 408


def test_a_client_that_does_not_read_its_answers_is_cut_off(server):
    with wired(server) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asking = head(start=b"GET /docs/swagger-ui-bundle.js HTTP/1.1")
        for _ in range(8):
            wire.sendall(asking)
        eventually(lambda: not connected(server, wire))


def test_a_client_that_does_not_read_does_not_keep_the_server_from_ending(llmring_process):
    process = llmring_process(LLMRING_PLUGINS="aliases").wait_until_up()
    with wired(process) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for _ in range(8):
            wire.sendall(head(start=b"GET /docs/swagger-ui-bundle.js HTTP/1.1"))
        time.sleep(0.5)
        began = time.monotonic()
        assert process.stop() in (0, -15)
        assert time.monotonic() - began < BOUND_SECONDS


def connected(server, wire):
    """Whether the server still holds its end of a connection."""
    mine = wire.getsockname()[1]
    held = psutil.Process(server.pid).net_connections(kind="tcp")
    return any(each.raddr and each.raddr.port == mine for each in held)


# Floods


def test_too_many_headers_are_431(server):
    code, answer = problem(asked(server, head(*(b"X-%d: y\r\n" % at for at in range(200)))))
    assert (code, answer["detail"]) == (431, "a request's head has at most 65536 bytes and 128 headers")


@pytest.mark.parametrize("size", [70_000, 4 * MEBIBYTE])
def test_a_huge_header_is_431_or_cut_off(server, size):
    assert status(refused(server, head(b"X-Huge: " + b"y" * size + b"\r\n"))) in (431, None)


def test_a_huge_request_line_is_431_or_cut_off(server):
    assert status(refused(server, head(start=b"GET /?" + b"y" * MEBIBYTE + b" HTTP/1.1"))) in (431, None)


def refused(server, sent):
    """Return the answer to what the server does not read to its end."""
    with wired(server) as wire:
        try:
            wire.sendall(sent)
        except ConnectionError:
            return b""
        return heard(wire)


ENDLESS = {
    "headers": (b"GET / HTTP/1.1\r\n", b"X-Y: z\r\n" * 1000),
    "one header": (b"GET / HTTP/1.1\r\nX: ", b"y" * 8000),
    "a path": (b"GET /", b"y" * 8000),
    "a method": (b"", b"G" * 8000),
    "empty lines": (b"", b"\r\n" * 4000),
    "trailers": (head(KEY, b"Transfer-Encoding: chunked\r\n", start=POST) + b"0\r\n", b"X-Y: z\r\n" * 1000),
    "one trailer": (head(KEY, b"Transfer-Encoding: chunked\r\n", start=POST) + b"0\r\nX: ", b"y" * 8000),
    "a chunk's extension": (head(KEY, b"Transfer-Encoding: chunked\r\n", start=POST) + b"1;", b"y" * 8000),
    "a body of nobody": (head(b"Transfer-Encoding: chunked\r\n"), b"fa0\r\n" + b"y" * 4000 + b"\r\n"),
    "requests": (b"", head() * 200),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_what_never_ends_is_cut_off_and_does_not_make_the_server_grow(server, what):
    first, more = ENDLESS[what]
    before = memory(server)
    deadline = time.monotonic() + BOUND_SECONDS
    with wired(server, first) as wire, suppress(ConnectionError):
        while time.monotonic() < deadline:
            wire.sendall(more)
    assert time.monotonic() < deadline
    assert memory(server) - before < 40 * MEBIBYTE


def test_more_connections_than_it_takes_are_503_with_retry_after(llmring_process):
    process = llmring_process(LLMRING_PLUGINS="aliases", LLMRING_MAX_CONNECTIONS="20").wait_until_up()
    with ExitStack() as stack:
        held = [stack.enter_context(wired(process)) for _ in range(20)]
        answer = asked(process, head())
        assert problem(answer)[0] == 503
        assert b"retry-after: 1" in answer
        held[0].sendall(head())
        assert status(held[0].recv(65536)) == 200
    eventually(lambda: httpx.get(f"{process.url}/health/live").status_code == 200)


# Malformed, and smuggled


SMUGGLED = {
    "both lengths": b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a length with a sign": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
    "a length below zero": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello",
    "a length beyond all": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n",
    "another coding after chunked": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello",
    "a folded header": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
    "a chunk that is longer than it says": head(KEY, b"Transfer-Encoding: chunked\r\n", start=POST)
    + b"1\r\nab\r\n0\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    "a bare CR in a header": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\rY: b\r\n\r\n",
    "NUL in the path": b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "bytes in the path": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an unknown method": b"STEAL / HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a version that is none": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "a tunnel": b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n",
}


@pytest.mark.parametrize("shape", SMUGGLED)
def test_what_is_no_proper_request_is_refused_once_and_the_connection_closed(server, shape):
    answer = asked(server, SMUGGLED[shape], head(start=b"GET /smuggled HTTP/1.1"))
    assert len(re.findall(rb"HTTP/1.1 \d{3} ", answer)) == 1, answer
    assert 400 <= status(answer) < 500
    assert b"/smuggled" not in answer


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "QUERY", "M-SEARCH", "SOURCE"])
def test_another_method_is_405(server, method):
    answer = httpx.request(method, f"{server.url}/api/v1/log", headers={"X-Project-Key": "hostile"})
    assert answer.status_code in (400, 405)
    assert "X-Project-Key" not in answer.text


@pytest.mark.parametrize(
    "header", [b"Upgrade: websocket\r\nConnection: Upgrade\r\n", b"Upgrade: h2c\r\nConnection: Upgrade\r\n"]
)
def test_an_upgrade_is_passed_over(server, header):
    assert status(asked(server, head(header, b"Connection: close\r\n"))) in (200, 400)


PATHS = [
    "/%00",
    "/api/v1/aliases/%00",
    "/api/v1/aliases/%ff%fe",
    "/%2e%2e/%2e%2e/etc/passwd",
    "//",
    "/" * 500,
    "/%",
    "/%zz",
]
QUERIES = [
    "%00=1",
    "profile=%00",
    "profile=%ff",
    "&" * 5000,
    "=" * 500,
    "profile=" + "%F0%9F%92%A9" * 500,
    "%",
    "profile=%zz",
]


@pytest.mark.parametrize("path", [*PATHS, *(f"/api/v1/aliases?{query}" for query in QUERIES)])
def test_an_odd_path_or_query_is_answered_and_never_with_a_fault_of_the_server(server, path):
    answer = asked(server, head(KEY, b"Connection: close\r\n", start=f"GET {path} HTTP/1.1".encode()))
    assert 200 <= status(answer) < 500


def test_ten_thousand_query_parameters_are_read_or_refused_in_a_moment(server):
    began = time.monotonic()
    query = "&".join(f"a{at}={at}" for at in range(5_000))
    answer = asked(server, head(KEY, b"Connection: close\r\n", start=f"GET /api/v1/aliases?{query} HTTP/1.1".encode()))
    assert 200 <= status(answer) < 500
    assert time.monotonic() - began < 1
