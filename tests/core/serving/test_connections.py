"""Slow and half-open connections to a real uvicorn process, which serves others meanwhile."""

import socket
import time
from contextlib import ExitStack

import httpx
import psutil
import pytest
from connection_kit import BOUND_SECONDS, KEY, MEBIBYTE, POST, connect, exchange, head, problem, read_all, status
from core_kit import ARRIVAL

from llmring_server.testing import eventually


@pytest.fixture
def server(impatient):
    return impatient


def drip(wire, parts, pause=0.2):
    """Send parts one by one until the server closes, and return the seconds until then."""
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


def test_a_head_that_never_ends_is_cut_off(server):
    with connect(server, b"GET / HTTP/1.1\r\n") as wire:
        assert ARRIVAL * 0.5 < drip(wire, (b"X-%d: y\r\n" % at for at in range(200))) < BOUND_SECONDS


def test_an_incomplete_head_is_408(server):
    assert problem(exchange(server, b"GET / HTTP/1.1\r\nHost"))[0] == 408


def test_an_idle_connection_is_closed_without_a_response(server):
    assert exchange(server) == b""


def test_an_incomplete_head_of_a_second_request_is_408(server):
    with connect(server, head()) as wire:
        first = b""
        while b"alive" not in first:
            first += wire.recv(65536)
        wire.sendall(b"GET / HTTP/1.1\r\nHost")
        assert problem(read_all(wire))[0] == 408


JSON = b"Content-Type: application/json\r\n"


@pytest.mark.parametrize("body", [b"Content-Length: 100\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_missing_body_is_408(server, body):
    answer = exchange(server, head(KEY, JSON, body, start=POST))
    assert problem(answer)[1]["detail"] == "The request did not arrive in time."


def test_a_body_sent_byte_by_byte_is_cut_off(server):
    with connect(server, head(KEY, JSON, b"Content-Length: 9999\r\n", start=POST)) as wire:
        assert ARRIVAL * 0.5 < drip(wire, (b" " for _ in range(200))) < BOUND_SECONDS


def test_a_rejected_body_is_not_awaited(server):
    with connect(server, head(JSON, b"Content-Length: 9999\r\n", start=POST), b" ") as wire:
        first = wire.recv(65536)
        assert status(first) == 401
        assert drip(wire, (b" " for _ in range(200))) < BOUND_SECONDS


def test_a_large_body_at_a_sufficient_rate_is_accepted(server):
    body = b"[" + b" " * MEBIBYTE + b"]"
    batch = b"POST /api/v1/log/batch HTTP/1.1"
    with connect(server, head(KEY, JSON, b"Content-Length: %d\r\n" % len(body), start=batch)) as wire:
        for at in range(0, len(body), 65536):
            wire.sendall(body[at : at + 65536])
            time.sleep(0.1)  # 1.7 s in all: more than the patience with a body that is small
        assert status(wire.recv(65536)) == 200


def test_an_incomplete_chunked_body_has_no_effect(server):
    batch = b"POST /api/v1/log/batch HTTP/1.1"
    entry = b'{"provider":"openai","model":"m","cost":1}\n'
    chunked = head(KEY, b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n", start=batch)
    with connect(server, chunked, b"%x\r\n%s\r\n" % (len(entry), entry)) as wire:
        wire.shutdown(socket.SHUT_WR)
        read_all(wire)
    stats = httpx.get(f"{server.url}/api/v1/stats", headers={"X-Project-Key": "hostile"}).json()
    assert stats["summary"]["total_requests"] == 0


@pytest.mark.parametrize(("path", "told"), [(b"/health/live", 200), (b"/openapi.json", 200), (b"/api/v1/stats", 401)])
def test_a_half_closed_connection_gets_its_response(server, path, told):
    with connect(server, head(start=b"GET " + path + b" HTTP/1.1")) as wire:
        wire.shutdown(socket.SHUT_WR)
        assert status(read_all(wire)) == told


def test_two_hundred_slow_clients_do_not_delay_others(server):
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(server, head(end=b"")[:-2])) for _ in range(200)]
        assert httpx.get(f"{server.url}/health/live", timeout=2).status_code == 200
        for wire in slow:
            assert status(read_all(wire)) == 408


def test_a_client_that_does_not_read_is_disconnected(server):
    with connect(server) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asking = head(start=b"GET /docs/swagger-ui-bundle.js HTTP/1.1")
        for _ in range(8):
            wire.sendall(asking)
        eventually(lambda: not connected(server, wire))


def test_a_client_that_does_not_read_does_not_delay_the_shutdown(llmring_process):
    process = llmring_process(serve=True, LLMRING_PLUGINS="aliases", LLMRING_SHUTDOWN_SECONDS="2").wait_until_up()
    with connect(process) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for _ in range(8):
            wire.sendall(head(start=b"GET /docs/swagger-ui-bundle.js HTTP/1.1"))
        time.sleep(0.5)
        began = time.monotonic()
        assert process.stop() in (0, -15)
        assert time.monotonic() - began < BOUND_SECONDS


def connected(server, wire):
    """Whether the server still has its end of a connection open."""
    mine = wire.getsockname()[1]
    held = psutil.Process(server.pid).net_connections(kind="tcp")
    return any(each.raddr and each.raddr.port == mine for each in held)
