"""Malformed and odd requests to a real uvicorn process: answered, and never with a server error."""

import re
import time

import httpx
import pytest
from connection_kit import KEY, POST, exchange, head, status


@pytest.fixture
def server(impatient):
    return impatient


SMUGGLED = {
    "both lengths": b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a length with a sign": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
    "a length below zero": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello",
    "a length beyond all": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n",
    "another coding after chunked": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n",
    "chunked twice": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
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
def test_a_malformed_request_is_rejected_once_and_the_connection_closed(server, shape):
    answer = exchange(server, SMUGGLED[shape], head(start=b"GET /smuggled HTTP/1.1"))
    assert len(re.findall(rb"HTTP/1.1 \d{3} ", answer)) == 1, answer
    assert 400 <= status(answer) < 500
    assert b"/smuggled" not in answer


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "QUERY", "M-SEARCH", "SOURCE"])
def test_another_method_is_405(server, method):
    answer = httpx.request(method, f"{server.url}/api/v1/log", headers={"X-Project-Key": "hostile"})
    assert answer.status_code in (400, 405)
    assert "X-Project-Key" not in answer.text


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
def test_an_odd_path_or_query_is_never_a_server_error(server, path):
    answer = exchange(server, head(KEY, b"Connection: close\r\n", start=f"GET {path} HTTP/1.1".encode()))
    assert 200 <= status(answer) < 500


def test_ten_thousand_query_parameters_are_handled_quickly(server):
    began = time.monotonic()
    query = "&".join(f"a{at}={at}" for at in range(5_000))
    answer = exchange(
        server, head(KEY, b"Connection: close\r\n", start=f"GET /api/v1/aliases?{query} HTTP/1.1".encode())
    )
    assert 200 <= status(answer) < 500
    assert time.monotonic() - began < 1
