"""Requests whose framing uvicorn's parser misreads: offers of another protocol, and trailers after a body."""

import itertools

import httpx
import pytest
from connection_kit import POST, connect, exchange, head, problem, read_all, status

BODY = b'{"provider":"openai","model":"m","cost":1}'
JDK = (
    b"Connection: Upgrade, HTTP2-Settings\r\nContent-Length: %d\r\nHost: 127.0.0.1:8000\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\nUpgrade: h2c\r\n"
    b"User-Agent: Java-http-client/17.0.15\r\nContent-Type: application/json\r\nX-Project-Key: %s\r\n\r\n"
)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CLOSE = b"Connection: close\r\n"
_keys = (f"framing-{number}" for number in itertools.count())


@pytest.fixture
def server(impatient):
    return impatient


@pytest.fixture
def key():
    """A key whose project is empty."""
    return next(_keys)


def calls(server, key):
    """Return the number of calls logged with a key."""
    answer = httpx.get(f"{server.url}/api/v1/stats", headers={"X-Project-Key": key})
    return answer.json()["summary"]["total_requests"]


def jdk_post(key, body=BODY):
    """Return the head that Java's HttpClient sends before a body."""
    return POST + b"\r\n" + JDK % (len(body), key.encode())


def receive(wire, size=65536):
    """Return one response whose head and body arrive together or one after the other."""
    found = wire.recv(size)
    while b"}" not in found:
        found += wire.recv(size)
    return found


def test_a_body_in_its_own_segment_survives_an_offer_of_h2c(server, key):
    with connect(server, jdk_post(key)) as wire:
        wire.sendall(BODY)
        assert status(receive(wire)) == 200
    assert calls(server, key) == 1


def test_a_body_in_the_segment_of_its_head_survives_an_offer_of_h2c(server, key):
    with connect(server, jdk_post(key) + BODY) as wire:
        assert status(receive(wire)) == 200
    assert calls(server, key) == 1


def test_a_head_sent_byte_by_byte_survives_an_offer_of_h2c(server, key):
    with connect(server, *(bytes([byte]) for byte in jdk_post(key) + BODY)) as wire:
        assert status(receive(wire)) == 200
    assert calls(server, key) == 1


def test_every_request_of_a_connection_may_offer_h2c(server, key):
    with connect(server) as wire:
        for _ in range(3):
            wire.sendall(jdk_post(key))
            wire.sendall(BODY)
            assert status(receive(wire)) == 200
    assert calls(server, key) == 3


def test_a_body_after_an_offer_of_h2c_is_no_request(server, key):
    hidden = head(b"X-Project-Key: " + key.encode() + b"\r\n", start=b"GET /api/v1/stats HTTP/1.1")
    with connect(server, jdk_post(key, hidden)) as wire:
        wire.sendall(hidden)
        answer = receive(wire)
    assert status(answer) == 400
    assert b"total_requests" not in answer


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c", b"TLS/1.0", b"nonsense"])
@pytest.mark.parametrize("name", [b"Upgrade", b"upgrade", b"UPGRADE"])
def test_an_upgrade_is_ignored(server, protocol, name):
    offer = name + b": " + protocol + b"\r\nConnection: Upgrade\r\n"
    with connect(server, head(offer)) as wire:
        assert status(receive(wire)) == 200
        wire.sendall(head(CLOSE))
        assert status(read_all(wire)) == 200


def chunked(trailers, *headers, body=BODY):
    """Return a POST with a chunked body and trailers."""
    framed = b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(body), body, trailers)
    return head(*headers, CHUNKED, b"Content-Type: application/json\r\n", CLOSE, start=POST) + framed


def test_a_key_in_a_trailer_authenticates_nothing(server, key):
    assert status(exchange(server, chunked(b"X-Project-Key: " + key.encode() + b"\r\n"))) == 401


def test_a_second_key_in_a_trailer_is_ignored(server, key):
    project = b"X-Project-Key: " + key.encode() + b"\r\n"
    assert status(exchange(server, chunked(b"X-API-Key: another\r\n", project))) == 200


def test_an_idempotency_key_in_a_trailer_is_ignored(server, key):
    project = b"X-Project-Key: " + key.encode() + b"\r\n"
    for _ in range(2):
        assert status(exchange(server, chunked(b"Idempotency-Key: once\r\n", project))) == 200
    assert calls(server, key) == 2


def test_a_trailer_that_arrives_after_its_body_is_ignored(server, key):
    sent = chunked(b"Idempotency-Key: once\r\n", b"X-Project-Key: " + key.encode() + b"\r\n")
    for _ in range(2):
        assert status(exchange(server, *(bytes([byte]) for byte in sent))) == 200
    assert calls(server, key) == 2


def test_many_chunks_with_extensions_are_one_body(server, key):
    chunks = b"".join(b"1;note=%d\r\n%c\r\n" % (at, byte) for at, byte in enumerate(BODY)) + b"0;last\r\n\r\n"
    sent = head(b"X-Project-Key: " + key.encode() + b"\r\n", CHUNKED, CLOSE, start=POST) + chunks
    assert status(exchange(server, sent)) == 200
    assert calls(server, key) == 1


def test_a_request_after_trailers_is_served(server, key):
    project = b"X-Project-Key: " + key.encode() + b"\r\n"
    first = chunked(b"X-Late: 1\r\n", project).replace(CLOSE, b"")
    answer = exchange(server, first + head(CLOSE))
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200"]


@pytest.mark.parametrize("body", [b"g\r\nx\r\n0\r\n\r\n", b"\r\n0\r\n\r\n", b"-1\r\n", b"1" * 17 + b"\r\n", b"1\n"])
def test_a_malformed_chunk_is_400(server, key, body):
    sent = head(b"X-Project-Key: " + key.encode() + b"\r\n", CHUNKED, start=POST)
    assert problem(exchange(server, sent + body))[0] == 400


def test_plain_uvicorn_refuses_a_body_after_an_offer_of_h2c_and_names_the_remedy(llmring_process, key):
    server = llmring_process("--http", "httptools", LLMRING_PLUGINS="usage").wait_until_up()
    with connect(server, jdk_post(key)) as wire:
        code, told = problem(receive(wire))
        wire.sendall(BODY)
    assert code == 400
    assert "llmring-server serve" in told["detail"]


def test_uvicorn_with_h11_serves_an_offer_of_h2c_and_ignores_trailers(llmring_process, key):
    server = llmring_process("--http", "h11", LLMRING_PLUGINS="usage").wait_until_up()
    with connect(server, jdk_post(key)) as wire:
        wire.sendall(BODY)
        assert status(receive(wire)) == 200
    assert status(exchange(server, chunked(b"X-Project-Key: " + key.encode() + b"\r\n"))) == 401
    assert calls(server, key) == 1
