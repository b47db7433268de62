"""The security headers of responses."""

import re
import socket
import subprocess
import sys

import httpx
import pytest

from llmring_server.http.endpoints.docs import PAGE
from llmring_server.testing import eventually
from llmring_server.testing.process import clean_environment, free_port, variables

EVERYWHERE = {"x-content-type-options": "nosniff"}
LIST = "/api/v1/aliases"


@pytest.fixture
def server(llmring_shared, constant_registry):
    return llmring_shared(["aliases", "registry", "usage"], registry={"base_url": constant_registry.as_uri()})


def headers_of(answer):
    return {name: answer.headers.get(name) for name in EVERYWHERE}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/health", 200),
        ("GET", "/nowhere", 404),
        ("DELETE", "/health", 405),
        ("GET", LIST, 200),
        ("POST", f"{LIST}/bind", 400),
        ("GET", f"{LIST}/unbound", 404),
        ("GET", "/registry", 200),
        ("GET", "/docs", 200),
        ("GET", "/docs/start.js", 200),
        ("OPTIONS", LIST, 200),
        ("GET", "/api/v1/logs/export", 200),
    ],
)
def test_every_response_has_the_header_once(server, method, path, status):
    answer = server.client().request(method, path)
    assert answer.status_code == status
    assert headers_of(answer) == EVERYWHERE


def test_a_stream_a_304_and_a_401_have_it_too(server):
    client = server.client()
    with client.stream("GET", f"{LIST}/watch") as answer:
        assert headers_of(answer) == EVERYWHERE
    tag = client.get(LIST).headers["etag"]
    for answer in (client.get(LIST, headers={"If-None-Match": tag}), server.client(None).get(LIST)):
        assert answer.status_code in (304, 401)
        assert headers_of(answer) == EVERYWHERE


def test_the_response_to_invalid_http_is_plain_text(server):
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=10) as wire:
        wire.sendall(b"nonsense\r\n\r\n")
        answer = wire.recv(65536).lower()
    assert b"content-type: text/plain" in answer
    assert b"nonsense" not in answer


@pytest.mark.parametrize("path", ["/api/v1/stats", "/api/v1/logs", f"{LIST}/unbound", f"{LIST}/history"])
def test_a_response_to_a_key_is_not_cached(server, path):
    assert server.client().get(path).headers["cache-control"] == "no-store"


def test_a_response_to_an_invalid_key_is_not_cached(server):
    assert server.client(None).get("/api/v1/stats").headers["cache-control"] == "no-store"


def test_responses_that_are_never_cached_have_no_header(server):
    answer = server.client().post(f"{LIST}/bind", json={"alias": "a", "model": "m:n"})
    assert "cache-control" not in answer.headers


def test_a_response_with_an_etag_is_revalidated(server):
    client = server.client()
    client.post(f"{LIST}/bind", json={"alias": "a", "model": "m:n"})
    for path in (LIST, f"{LIST}/a"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304
        assert {first.headers["cache-control"], again.headers["cache-control"]} == {"private, no-cache"}


def test_a_public_response_has_its_own_lifetime(server):
    client = server.client()
    assert client.get("/registry").headers["cache-control"] == "public, max-age=60"
    assert "cache-control" not in client.get("/").headers


def test_the_documentation_runs_only_its_own_scripts_and_cannot_be_framed(server):
    headers_of = server.client().get("/docs").headers
    policy = headers_of["content-security-policy"]
    assert (headers_of["referrer-policy"], headers_of["cross-origin-resource-policy"]) == ("no-referrer", "same-origin")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == "'self'"
    scripts = re.findall(rb"<script([^>]*)>(.*?)</script>", PAGE, re.DOTALL)
    assert scripts
    assert all(b'src="/docs/' in attributes and not text for attributes, text in scripts)
    assert not re.search(rb"\son\w+=|javascript:", PAGE)


def test_a_server_started_by_its_own_command_limits_connections_and_names_no_software(llmring_database):
    port = free_port()
    given = {**variables(llmring_database), "LLMRING_PLUGINS": "aliases"}
    command = [sys.executable, "-m", "llmring_server", "serve", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, env=clean_environment(given), stderr=subprocess.DEVNULL)
    try:
        answer = eventually(lambda: httpx.get(f"http://127.0.0.1:{port}/health/live"), 60)
        assert "server" not in answer.headers
        many = {f"X-{at}": "y" for at in range(200)}
        assert httpx.get(f"http://127.0.0.1:{port}/health/live", headers=many).status_code == 431
    finally:
        process.terminate()
        process.wait(20)
