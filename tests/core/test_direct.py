"""The direct way: taken by what has nothing unusual about it, and told from Falcon's by nothing but its speed."""

import gzip
import json
import logging
import socket
from typing import NamedTuple

import falcon
import msgspec
import pytest

from llmring_server.app import compose
from llmring_server.direct import usual
from llmring_server.errors import Problem
from llmring_server.exchange import Asked
from llmring_server.operations import form_of, operation
from llmring_server.routing import Route
from llmring_server.settings import Settings
from llmring_server.testing import make_plugin

LOG = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 10, "output_tokens": 5, "cost": 0.5}
JSON_TYPE = "application/json"
JSON = {"Content-Type": JSON_TYPE}
KEY = {"X-Project-Key": "test-project"}
TWICE = [("X-Twice", "a"), ("X-Twice", "b")]
OF_ONE_ANSWER = {"date", "x-request-id"}


class Note(msgspec.Struct, frozen=True):
    """What the tests' operations take and give."""

    text: str


class Notes:
    """Operations that say which way a request came."""

    def __init__(self):
        self.came = []

    @operation(body=Note, answer=Note, direct=True)
    async def on_post(self, req, resp, body):
        """Give a note back, or fail as it says."""
        self.came.append(isinstance(req, Asked))
        if body.text == "broken":
            raise RuntimeError("the responder is broken")
        if body.text == "conflict":
            raise Problem(409, "this note is taken", headers={"X-Hint": "another"})
        if body.text == "moved":
            raise falcon.HTTPStatus(falcon.HTTP_203, text="elsewhere")
        return body

    @operation(answer=Note, direct=True)
    async def on_get(self, req, resp):
        """Give a note, or nothing."""
        self.came.append(isinstance(req, Asked))
        if req.get_header("If-None-Match"):
            resp.status = falcon.HTTP_304
            return None
        resp.set_header("X-Query", req.query_string)
        return Note("hello")

    @operation(answer=Note, direct=True)
    async def on_get_stream(self, req, resp):
        """Stream, against what a direct operation promises."""
        resp.stream = iter([b"never"])


class Noticed:
    """Middleware that runs on lean requests too."""

    direct = True

    def __init__(self):
        self.seen = []

    async def process_resource(self, req, resp, resource, params):
        resp.append_header("X-Seen", "resource")
        if req.get_header("X-Halt"):
            resp.complete = True
            resp.data = b'{"text":"halted"}'

    async def process_response(self, req, resp, resource, req_succeeded):
        self.seen.append((req.method, req.path, req.uri_template, resp.status_code, req_succeeded))
        if req.get_header("X-Break"):
            raise Problem(503, "the middleware is broken")


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def noticed():
    return Noticed()


@pytest.fixture
def client(llmring_live, notes, noticed):
    routes = [Route(path="/notes", resource=notes), Route(path="/streams", resource=notes, suffix="stream")]
    plugin = make_plugin("notes", llmring_routes=lambda server: routes, llmring_middleware=lambda server: [noticed])
    return llmring_live([plugin], log_level="info", max_body_bytes=2048).client(None)


def post(client, content=b'{"text":"a"}', headers=None, path="/notes"):
    return client.post(path, content=content, headers=[*(headers or {**KEY, **JSON}).items()])


def test_an_ordinary_request_comes_directly(client, notes):
    assert post(client).json() == {"text": "a"}
    assert client.get("/notes", headers=KEY).json() == {"text": "hello"}
    assert notes.came == [True, True]


@pytest.mark.parametrize(
    "headers",
    [
        [*KEY.items(), *JSON.items(), *TWICE],
        [*KEY.items(), *JSON.items(), ("Origin", "http://localhost:5173")],
    ],
    ids=["a header twice", "of an origin"],
)
def test_what_is_unusual_takes_falcons_way(client, notes, headers):
    assert client.post("/notes", content=b'{"text":"a"}', headers=headers).json() == {"text": "a"}
    assert notes.came == [False]


def test_a_body_that_is_encoded_or_comes_in_parts_takes_falcons_way(client, notes):
    zipped = gzip.compress(b'{"text":"a"}')
    assert post(client, zipped, {**KEY, **JSON, "Content-Encoding": "gzip"}).json() == {"text": "a"}
    assert client.post("/notes", content=iter([b'{"text"', b':"a"}']), headers={**KEY, **JSON}).json() == {"text": "a"}
    assert notes.came == [False, False]


def test_a_body_that_arrives_late_is_read_whole(client, notes):
    host, port = client.base_url.host, client.base_url.port
    head = b"POST /notes HTTP/1.1\r\nHost: x\r\nX-Project-Key: k\r\nContent-Length: 12\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, port)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in (head, b'{"text"', b':"a"}'):
            wire.sendall(part)
        answer = b"".join(iter(lambda: wire.recv(4096), b""))
    assert answer.endswith(b'{"text":"a"}')


def test_a_query_that_is_not_ascii_reaches_no_responder_over_uvicorn(client, notes):
    host, port = client.base_url.host, client.base_url.port
    with socket.create_connection((host, port)) as wire:
        wire.sendall(b"GET /notes?a=\xc3\xa9 HTTP/1.1\r\nHost: x\r\nX-Project-Key: k\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: wire.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert notes.came == []


def test_a_query_that_another_server_lets_through_is_left_to_falcon():
    head = {"headers": [(b"host", b"x")], "query_string": b"a=1"}
    assert usual(head) == {b"host": b"x"}
    assert usual({**head, "query_string": b"a=\xc3\xa9"}) is None


class Case(NamedTuple):
    """A request, as both ways are sent it."""

    method: str
    path: str
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


SENT = (*KEY.items(), *JSON.items())
CASES = {
    "a note": Case("POST", "/notes", b'{"text":"a"}', SENT),
    "with a trailing slash": Case("POST", "/notes/", b'{"text":"a"}', SENT),
    "with a charset": Case("POST", "/notes", b'{"text":"a"}', (*KEY.items(), ("Content-Type", f"{JSON_TYPE}; q=1"))),
    "without a type": Case("POST", "/notes", b'{"text":"a"}', (*KEY.items(),)),
    "of another type": Case("POST", "/notes", b'{"text":"a"}', (*KEY.items(), ("Content-Type", "text/plain"))),
    "without a body": Case("POST", "/notes", b"", SENT),
    "too large": Case("POST", "/notes", b'{"text":"' + b"a" * 2048 + b'"}', SENT),
    "no JSON": Case("POST", "/notes", b'{"text":', SENT),
    "not UTF-8": Case("POST", "/notes", b'{"text":"\xff"}', SENT),
    "U+0000": Case("POST", "/notes", b'{"text":"\\u0000"}', SENT),
    "a misfit": Case("POST", "/notes", b'{"text":7}', SENT),
    "a conflict": Case("POST", "/notes", b'{"text":"conflict"}', SENT),
    "a status that is raised": Case("POST", "/notes", b'{"text":"moved"}', SENT),
    "a fault of ours": Case("POST", "/notes", b'{"text":"broken"}', SENT),
    "no key": Case("POST", "/notes", b'{"text":"a"}', (*JSON.items(),)),
    "an empty key": Case("POST", "/notes", b'{"text":"a"}', (*JSON.items(), ("X-Project-Key", ""))),
    "two keys": Case("POST", "/notes", b'{"text":"a"}', (*SENT, ("X-API-Key", "another"))),
    "a bearer's key": Case("POST", "/notes", b'{"text":"a"}', (*JSON.items(), ("Authorization", "Bearer k"))),
    "a query": Case("GET", "/notes?a=1&b=%C3%A9&a=2", None, (*KEY.items(),)),
    "nothing new": Case("GET", "/notes", None, (*KEY.items(), ("If-None-Match", '"1"'))),
    "a method that is not served": Case("DELETE", "/notes", None, (*KEY.items(),)),
    "halted by middleware": Case("POST", "/notes", b'{"text":"a"}', (*SENT, ("X-Halt", "1"))),
    "broken by middleware": Case("POST", "/notes", b'{"text":"a"}', (*SENT, ("X-Break", "1"))),
    "with an id": Case("POST", "/notes", b'{"text":"a"}', (*SENT, ("X-Request-ID", "job-7"))),
}  # fmt: skip


def answered(client, case, more=()):
    answer = client.request(case.method, case.path, content=case.body, headers=[*case.headers, *more])
    body = answer.content
    if answer.headers.get("content-type") == "application/problem+json":
        body = answer.json()
        assert body.pop("request_id") == answer.headers["x-request-id"]
    return answer.status_code, body, {k: v for k, v in answer.headers.items() if k not in OF_ONE_ANSWER}


@pytest.mark.parametrize("name", CASES)
def test_both_ways_give_the_same_answer(client, noticed, name):
    directly, usually = answered(client, CASES[name]), answered(client, CASES[name], TWICE)
    assert directly == usually
    assert noticed.seen[0] == noticed.seen[1]


def test_the_access_log_has_a_line_for_a_direct_request(client, caplog):
    caplog.set_level(logging.INFO, "llmring_server.access")
    post(client)
    (line,) = [record for record in caplog.records if record.name == "llmring_server.access"]
    assert line.getMessage().startswith("POST /notes 200 ")


def test_a_direct_operation_that_streams_is_told_that_it_cannot(client, caplog):
    assert client.get("/streams", headers=KEY).status_code == 500
    assert "`stream` takes one that is not direct" in caplog.text


def test_middleware_that_does_not_say_it_is_direct_keeps_every_request_on_falcons_way(llmring_live, notes):
    class Usual:
        async def process_resource(self, req, resp, resource, params):
            assert req.get_param("a") is None

    plugin = make_plugin(
        "notes",
        llmring_routes=lambda server: [Route(path="/notes", resource=notes)],
        llmring_middleware=lambda server: [Usual()],
    )
    assert post(llmring_live([plugin]).client(None)).status_code == 200
    assert notes.came == [False]


def test_a_head_and_a_preflight_are_falcons(client, notes):
    assert client.head("/notes", headers=KEY).content == b""
    assert client.options("/notes", headers=KEY).status_code == 200
    assert notes.came == [False]


def test_the_calls_that_every_client_waits_for_are_direct():

    _, routes = compose(Settings(plugins=("registry", "aliases", "usage", "receipts"), tables={}))
    direct = {
        f"{method} {route.path}"
        for _, route in routes.items()
        for method, responder in route.responders().items()
        if form_of(responder).direct
    }
    assert direct == {
        "GET /api/v1/aliases", "GET /api/v1/aliases/resolve", "GET /registry", "GET /registry.json", "POST /api/v1/log",
        "POST /api/v1/receipts/issue",
    }  # fmt: skip


def test_a_call_is_logged_the_same_both_ways(llmring_live):
    client = llmring_live(["usage"]).client()
    answers = [
        client.post("/api/v1/log", content=json.dumps(LOG), headers=[*JSON.items(), *more]) for more in ([], TWICE)
    ]
    assert [answer.json()["cost"] for answer in answers] == [0.5, 0.5]
    assert client.get("/api/v1/stats").json()["summary"]["total_requests"] == 2
