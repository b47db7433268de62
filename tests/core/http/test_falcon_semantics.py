"""Resources and middleware behave on every route as Falcon documents."""

import httpx
import pytest
from connection_kit import exchange, head, status
from core_kit import serves

from llmring_server.testing import make_plugin


class Completing:
    """Middleware that completes the response."""

    async def process_request(self, req, resp):
        resp.media = {"answered": "early"}
        resp.complete = True


class Noting:
    """Middleware that records the calls of its methods."""

    def __init__(self):
        self.seen = []

    async def process_request(self, req, resp):
        self.seen.append("request")

    async def process_response(self, req, resp, resource, req_succeeded):
        self.seen.append("response")


@pytest.mark.parametrize("path", ["/api/v1/aliases/resolve?alias=a", "/api/v1/log", "/registry", "/health", "/nowhere"])
def test_a_complete_response_stops_later_middleware_on_every_route(llmring_live, path):
    noting = Noting()
    plugins = [
        make_plugin("first", llmring_middleware=lambda server: [Completing()]),
        make_plugin("second", llmring_middleware=lambda server: [noting]),
    ]
    client = llmring_live([*plugins, "aliases", "usage", "registry"]).client()
    for method in ("GET", "POST"):
        assert client.request(method, path).json() == {"answered": "early"}
    assert noting.seen == ["response", "response"]


def test_a_responder_may_close_the_connection(llmring_live):
    async def close(self, req, resp):
        resp.set_header("Connection", "close")

    server = llmring_live([make_plugin("closing", llmring_routes=serves("/close", close, "get", public=True))])
    with httpx.Client(base_url=server.url) as client:
        assert client.get("/close").headers["Connection"] == "close"


@pytest.mark.parametrize("asking", [b"Connection: close\r\n", b"connection: Close, te\r\n"])
def test_a_client_may_close_the_connection(impatient, asking):
    answer = exchange(impatient, head(asking))
    assert status(answer) == 200
    assert b"connection: close" in answer.lower()


def test_pipelined_requests_are_answered_in_order(impatient):
    paths = [b"/health/live", b"/openapi.json", b"/nowhere", b"/health/live"]
    requests = [head(start=b"GET " + path + b" HTTP/1.1") for path in paths[:-1]]
    answer = exchange(impatient, *requests, head(b"Connection: close\r\n"))
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"404", b"200"]


def test_a_client_that_expects_100_continue_gets_it(impatient):
    body = b'{"provider":"openai","model":"m","input_tokens":1,"output_tokens":1,"cost":1}'
    headers = (b"X-Project-Key: waiting\r\n", b"Expect: 100-continue\r\n", b"Content-Length: %d\r\n" % len(body))
    sent = head(*headers, b"Connection: close\r\n", start=b"POST /api/v1/log HTTP/1.1")
    answer = exchange(impatient, sent, body)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
