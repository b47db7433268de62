"""Heads of requests that RFC 9110 and 9112 forbid or define precisely, with our connections and with plain uvicorn."""

import itertools
import re

import httpx
import pytest
from connection_kit import KEY, POST, connect, exchange, head, problem, read_all, status

from llmring_server.testing import ServerProcess, fresh_database
from llmring_server.testing.process import variables

CLOSE = b"Connection: close\r\n"
BODY = b'{"provider":"openai","model":"m","cost":1}'
_keys = (f"heads-{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def plain(llmring_postgres, tmp_path_factory):
    """Serve with uvicorn's own HTTP protocol, for all tests of a module."""
    with fresh_database(llmring_postgres) as settings:
        given = {**variables(settings), "LLMRING_PLUGINS": "aliases,usage"}
        running = ServerProcess(given, tmp_path_factory.mktemp("plain") / "server.log", "--http", "httptools")
        yield running.wait_until_up()
        running.stop()


@pytest.fixture(params=["limited", "plain"])
def server(request, impatient, plain):
    return {"limited": impatient, "plain": plain}[request.param]


MALFORMED = {
    "HTTP/0.9": b"GET /health/live\r\n\r\n",
    "a version of HTTP/0.9": b"GET /health/live HTTP/0.9\r\n\r\n",
    "a version of HTTP/2": b"GET /health/live HTTP/2.0\r\nHost: x\r\n\r\n",
    "no Host": b"GET /health/live HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET /health/live HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "the same Host twice": b"GET /health/live HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
    "chunked in HTTP/1.0": b"POST /api/v1/log HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("shape", MALFORMED)
def test_a_malformed_head_is_400_and_the_connection_closed(server, shape):
    assert problem(exchange(server, MALFORMED[shape]))[0] == 400


def test_a_line_of_http_0_9_is_400_before_a_blank_line(impatient):
    assert problem(exchange(impatient, b"GET /health/live\r\n"))[0] == 400


def test_http_1_0_needs_no_host(server):
    assert status(exchange(server, b"GET /health/live HTTP/1.0\r\n\r\n")) == 200


@pytest.mark.parametrize("coding", [b"gzip, chunked", b"gzip,chunked", b"identity, chunked"])
def test_a_transfer_coding_besides_chunked_is_501(server, coding):
    sent = head(KEY, b"Transfer-Encoding: " + coding + b"\r\n", start=POST)
    assert problem(exchange(server, sent + b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)))[0] == 501


def test_two_transfer_codings_are_501(server):
    sent = head(KEY, b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", start=POST)
    assert problem(exchange(server, sent + b"0\r\n\r\n"))[0] == 501


@pytest.mark.parametrize("blanks", [b" %s ", b"\t%s\t", b"%s  \t", b"%s", b"   %s"])
def test_blanks_around_a_header_value_are_not_part_of_it(server, blanks):
    key = next(_keys).encode()
    sent = head(b"X-Project-Key:" + blanks % key + b"\r\n", b"Content-Length:" + blanks % b"%d" % len(BODY) + b"\r\n",
                b"Content-Type:" + blanks % b"application/json" + b"\r\n", CLOSE, start=POST)  # fmt: skip
    assert status(exchange(server, sent + BODY)) == 200
    stats = httpx.get(f"{server.url}/api/v1/stats", headers={"X-Project-Key": key.decode()}).json()
    assert stats["summary"]["total_requests"] == 1


def test_a_key_with_blanks_inside_is_400(server):
    assert status(exchange(server, head(b"X-Project-Key: a b\r\n", CLOSE, start=b"GET /api/v1/stats HTTP/1.1"))) == 400


EXPECT = b"Expect: 100-continue\r\n"
REFUSED = {
    "no key": (401, (b"Content-Length: 9\r\n",)),
    "a body that is too large": (413, (KEY, b"Content-Length: 99999999\r\n")),
    "another type": (415, (KEY, b"Content-Type: text/plain\r\nContent-Length: 9\r\n")),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_refusal_comes_instead_of_100_continue_and_closes_the_connection(server, reason):
    code, headers = REFUSED[reason]
    assert problem(exchange(server, head(*headers, EXPECT, start=POST)))[0] == code


def test_an_unknown_path_is_404_instead_of_100_continue(server):
    assert problem(exchange(server, head(EXPECT, b"Content-Length: 9\r\n", start=b"POST /none HTTP/1.1")))[0] == 404


@pytest.mark.parametrize("expect", [EXPECT, b"expect: 100-Continue\r\n"])
def test_100_continue_is_sent_when_the_body_is_read_and_the_connection_stays_open(server, expect):
    sent = head(KEY, expect, b"Content-Length: %d\r\n" % len(BODY), start=POST)
    with connect(server, sent) as wire:
        assert wire.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(BODY + head(CLOSE))
        assert re.findall(rb"HTTP/1.1 (\d{3}) ", read_all(wire)) == [b"200", b"200"]
