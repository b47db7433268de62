"""Project keys and project ids: the accepted keys, and that no key is ever stored or shown."""

import base64
import hashlib
import hmac
import logging
import socket

import pytest
from core_kit import Echo, echo_routes

from llmring_server.errors import StartupError
from llmring_server.http.middleware.authentication import project_id
from llmring_server.http.routing import Route
from llmring_server.testing import make_plugin

ECHO = make_plugin("echo", llmring_routes=echo_routes)
PUBLIC = make_plugin("public", llmring_routes=lambda server: [Route(path="/open", resource=Echo(), public=True)])


@pytest.fixture
def server(llmring_shared):
    return llmring_shared([ECHO, PUBLIC])


@pytest.fixture
def get(server):
    client = server.client(None)
    return lambda **headers: client.get("/echo", headers={n.replace("_", "-"): v for n, v in headers.items()})


def raw(server, *lines):
    """Send a raw request, for headers that no client sends, and return the status."""
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=10) as wire:
        wire.sendall(b"\r\n".join([b"GET /echo HTTP/1.1", b"Host: x", b"Connection: close", *lines, b"", b""]))
        return int(wire.makefile("rb").readline().split()[1])


def test_the_project_id_is_prj_and_26_characters_of_hmac_sha256():
    digest = hmac.new(b"pepper", b"key", hashlib.sha256).digest()
    expected = "prj_" + base64.b32encode(digest).decode().lower()[:26]
    assert project_id("key", b"pepper") == expected
    assert len(expected) == 30


def test_every_header_for_keys_gives_the_same_project(get):
    answers = [get(X_Project_Key="k1"), get(X_API_Key="k1"), get(Authorization="Bearer k1")]
    assert {answer.json()["project_id"] for answer in answers} == {project_id("k1", b"")}


def test_one_key_in_all_three_headers_is_accepted(get):
    answer = get(X_Project_Key="k1", X_API_Key="k1", Authorization="Bearer k1")
    assert answer.json()["project_id"] == project_id("k1", b"")


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_scheme_is_case_insensitive(get, scheme):
    assert get(Authorization=f"{scheme} k1").status_code == 200


def test_a_missing_key_is_401_with_the_remedy(get):
    answer = get()
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["detail"] == "No project key. Send one as X-Project-Key, X-API-Key or Authorization: Bearer."


def test_another_scheme_is_not_a_key(get):
    assert get(Authorization="Basic abc").status_code == 401


def test_another_scheme_does_not_hide_a_key(get):
    assert get(Authorization="Basic abc", X_API_Key="k1").status_code == 200


MALFORMED = {
    "empty": b"X-Project-Key:",
    "blank": b"X-API-Key:   ",
    "empty bearer": b"Authorization: Bearer",
    "space inside": b"X-Project-Key: a b",
    "tab inside": b"X-Project-Key: a\tb",
    "no-break space": b"X-Project-Key: a\xa0b",
    "256 characters": b"X-Project-Key: " + b"k" * 256,
    "two bearers": b"Authorization: Bearer a b",
}


@pytest.mark.parametrize("line", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_key_is_400(server, line):
    assert raw(server, line) == 400


@pytest.mark.parametrize("line", [b"X-Project-Key: " + b"k" * 255, b"X-Project-Key: k\xe9", b"X-Project-Key: a,b"])
def test_a_well_formed_key_is_accepted(server, line):
    assert raw(server, line) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Project_Key": "a", "X_API_Key": "b"},
        {"X_Project_Key": "a", "Authorization": "Bearer b"},
        {"X_API_Key": "a", "Authorization": "Bearer b"},
    ],
)
def test_two_headers_that_differ_are_400(get, headers):
    answer = get(**headers)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Two headers have different project keys. Send one key."


def test_one_header_twice_with_two_keys_is_400(server):
    assert raw(server, b"X-API-Key: a", b"X-API-Key: b") == 400


def test_one_header_twice_with_one_key_is_accepted(server):
    assert raw(server, b"X-API-Key: a", b"X-API-Key: a") == 200


def test_a_public_route_requires_no_key(server):
    assert server.client(None).get("/open").json() == {"project_id": None}


def test_a_preflight_requires_no_key(server):
    answer = server.client(None).options("/echo")
    assert answer.status_code == 200
    assert "GET" in answer.headers["allow"]


def test_an_unknown_path_requires_no_key(server):
    assert server.client(None).get("/nowhere").status_code == 404


def test_another_pepper_gives_another_project():
    assert project_id("key", b"one") != project_id("key", b"two")


def test_a_changed_pepper_stops_the_start(llmring_live):
    llmring_live([], key_pepper="first")
    llmring_live([], key_pepper="first")
    with pytest.raises(
        StartupError, match="LLMRING_KEY_PEPPER differs from the one this database was created with"
    ) as no:
        llmring_live([], key_pepper="second")
    assert "second" not in str(no.value)


def test_the_key_is_in_no_table_no_answer_and_no_log_line(llmring_live, caplog):
    caplog.set_level(logging.DEBUG)
    key = "a-very-secret-key-0123456789"
    server = llmring_live(["aliases"], log_level="debug")
    client = server.client(key)
    calls = [("POST", "/bind"), ("PUT", "/a"), ("GET", ""), ("GET", "/nothing"), ("DELETE", "/a"), ("PATCH", "/a")]
    for method, path in calls:
        body = {"alias": "b", "model": "m:n"} if method in ("POST", "PUT") else None
        answer = client.request(method, f"/api/v1/aliases{path}", json=body)
        assert key not in answer.text + str(answer.headers)
    malformed = server.client(None).get("/api/v1/aliases", headers={"X-API-Key": f"{key} {key}"})
    assert key not in malformed.text
    assert key not in caplog.text
    assert key not in whole_schema(server)


def whole_schema(server):
    """Return every value of every table of the server's schema, as text."""
    tables = server.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
    assert tables
    return "".join(str(server.rows(f'SELECT t::text FROM "{table["table_name"]}" t')) for table in tables)
