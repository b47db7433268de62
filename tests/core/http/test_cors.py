"""CORS: the headers and methods of the API, for the allowed origins."""

import pytest
from core_kit import echo_routes

from llmring_server.testing import make_plugin

ALLOWED = "https://app.example"
PREFLIGHT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-project-key"}


ECHO = make_plugin("echo", llmring_routes=echo_routes)


@pytest.fixture
def client(llmring_shared):
    return llmring_shared([ECHO], cors_origins=(ALLOWED,)).client(None)


def listed(answer, header):
    return {part.strip().lower() for part in answer.headers[header].split(",")}


def test_a_preflight_lists_the_headers_and_methods_of_the_api(client):
    answer = client.options("/echo", headers={"Origin": ALLOWED, **PREFLIGHT})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ALLOWED
    assert listed(answer, "access-control-allow-methods") == {"get", "post", "put", "patch", "delete", "options"}
    assert listed(answer, "access-control-allow-headers") >= {
        "x-project-key",
        "x-api-key",
        "authorization",
        "content-type",
        "if-match",
        "if-none-match",
        "idempotency-key",
    }
    assert int(answer.headers["access-control-max-age"]) > 0


def test_another_origin_gets_no_cors_headers(client):
    for answer in (
        client.options("/echo", headers={"Origin": "https://evil.example", **PREFLIGHT}),
        client.get("/echo", headers={"Origin": "https://evil.example", "X-Project-Key": "k"}),
    ):
        assert not [header for header in answer.headers if header.startswith("access-control-allow")]


def test_a_response_to_an_allowed_origin_lists_the_exposed_headers(client):
    answer = client.get("/echo", headers={"Origin": ALLOWED, "X-Project-Key": "k"})
    assert answer.headers["access-control-allow-origin"] == ALLOWED
    assert listed(answer, "access-control-expose-headers") >= {"etag", "link", "retry-after", "x-request-id"}


def test_a_response_that_depends_on_the_origin_varies_by_it(client):
    assert "origin" in listed(client.get("/echo", headers={"Origin": ALLOWED, "X-Project-Key": "k"}), "vary")


@pytest.mark.parametrize("path", ["/nowhere", "/echo"])
def test_a_script_may_read_errors_too(client, path):
    answer = client.get(path, headers={"Origin": ALLOWED})
    assert answer.status_code in (401, 404)
    assert answer.headers["access-control-allow-origin"] == ALLOWED


def test_an_asterisk_allows_every_origin(llmring_live):
    client = llmring_live([], cors_origins=("https://app.example", "*")).client(None)
    assert client.get("/health/live", headers={"Origin": "https://any.example"}).headers[
        "access-control-allow-origin"
    ] in ("*", "https://any.example")


def test_without_an_origin_nothing_is_added(client):
    assert not [header for header in client.get("/health/live").headers if header.startswith("access-control")]


def test_a_response_without_an_origin_varies_by_origin_too(client):
    assert "origin" in listed(client.get("/health/live"), "vary")
