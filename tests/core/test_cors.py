"""CORS: the contract's headers and methods, for the origins that are allowed."""

import pytest
from core_kit import echo_routes

from llmring_server.testing import make_plugin

ALLOWED = "https://app.example"
PREFLIGHT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-project-key"}


@pytest.fixture
def client(llmring_live):
    echo = make_plugin("echo", llmring_routes=echo_routes)
    return llmring_live([echo], cors_origins=(ALLOWED,)).client(None)


def listed(answer, header):
    return {part.strip().lower() for part in answer.headers[header].split(",")}


def test_a_preflight_names_the_contracts_headers_and_methods(client):
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


def test_a_denied_origin_is_allowed_nothing(client):
    for answer in (
        client.options("/echo", headers={"Origin": "https://evil.example", **PREFLIGHT}),
        client.get("/echo", headers={"Origin": "https://evil.example", "X-Project-Key": "k"}),
    ):
        assert not [header for header in answer.headers if header.startswith("access-control-allow")]


def test_an_answer_to_an_allowed_origin_shows_what_scripts_may_read(client):
    answer = client.get("/echo", headers={"Origin": ALLOWED, "X-Project-Key": "k"})
    assert answer.headers["access-control-allow-origin"] == ALLOWED
    assert listed(answer, "access-control-expose-headers") >= {"etag", "link", "retry-after", "x-request-id"}


def test_an_answer_that_depends_on_the_origin_says_so_to_caches(client):
    assert "origin" in listed(client.get("/echo", headers={"Origin": ALLOWED, "X-Project-Key": "k"}), "vary")


@pytest.mark.parametrize("path", ["/nowhere", "/echo"])
def test_a_script_may_read_errors_too(client, path):
    answer = client.get(path, headers={"Origin": ALLOWED})
    assert answer.status_code in (401, 404)
    assert answer.headers["access-control-allow-origin"] == ALLOWED


def test_a_star_allows_every_origin(llmring_live):
    client = llmring_live([], cors_origins=("https://app.example", "*")).client(None)
    assert client.get("/health/live", headers={"Origin": "https://any.example"}).headers[
        "access-control-allow-origin"
    ] in ("*", "https://any.example")


def test_without_an_origin_nothing_is_added(client):
    assert not [header for header in client.get("/health/live").headers if header.startswith("access-control")]


def test_an_answer_without_an_origin_must_not_be_cached_for_one_that_has(client):
    assert "origin" in listed(client.get("/health/live"), "vary")
