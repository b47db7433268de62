"""A body that is there, and an answer in one piece: what the extension declines, and that nothing else changes."""

import gc
import queue
import socket
import weakref

import pytest
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from llmring_server.at_once import AT_ONCE, NEVER, AtOnce, offered
from llmring_server.operations import operation
from llmring_server.outgoing import LARGE
from llmring_server.routing import Route
from llmring_server.testing import make_plugin

HEAD = b"Host: x\r\nX-Project-Key: k\r\n"
ANSWER = (200, {b"content-length": b"2"}, b"{}")


class Said:
    """A transport that notes what is said over it."""

    def __init__(self):
        self.said = []

    def write(self, data):
        self.said.append(data)


class Echo:
    """A direct operation that says what it was sent and by whom."""

    @operation(body=dict[str, str], answer=dict[str, str], direct=True)
    async def on_post(self, req, resp, body):
        """Give a body back."""
        if "header" in body:
            resp.set_header("X-Said", body["header"])
        return {**body, "from": req.remote_addr}


@pytest.fixture
def declined(monkeypatch):
    """Give a function that returns of so many answers whether the extension declined to send them."""
    found, answer = queue.SimpleQueue(), AtOnce.answer

    def noted(self, *said):
        sent = answer(self, *said)
        found.put(not sent)
        return sent

    monkeypatch.setattr(AtOnce, "answer", noted)
    return lambda number=1: [found.get(timeout=10) for _ in range(number)]


@pytest.fixture
def server(llmring_live, declined):
    plugin = make_plugin("echo", llmring_routes=lambda server: [Route(path="/echo", resource=Echo())])
    return llmring_live([plugin])


def heard(server, *sent, ends=b"}"):
    """Return what a connection says until it closes, or has said `ends`."""
    url = server.client(None).base_url
    said = b""
    with socket.create_connection((url.host, url.port), timeout=10) as wire:
        for part in sent:
            wire.sendall(part)
            while not said.endswith(ends) and (heard := wire.recv(65536)):
                said += heard
    return said


def request(body, *headers, version=b"1.1"):
    lines = [b"POST /echo HTTP/" + version, *headers, b"Content-Length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n" + HEAD + b"\r\n" + body


def cycle_of(**given):
    """Return uvicorn's cycle of a request, and what was sent."""
    said = Said()
    cycle = RequestResponseCycle(
        scope={"type": "http", "method": "GET"},
        transport=said,
        flow=FlowControl(None),
        logger=None,
        access_logger=None,
        access_log=False,
        default_headers=[(b"date", b"today")],
        message_event=Event(),
        expect_100_continue=False,
        keep_alive=True,
        on_response=lambda: None,
    )
    cycle.more_body = False
    for name, value in given.items():
        setattr(cycle, name, value)
    cycle.scope["extensions"] = {AT_ONCE: AtOnce(cycle)}
    return cycle, said


def offer(cycle):
    return offered(cycle.scope, cycle.receive, cycle.send)


class Event:
    """What a cycle tells that it is over."""

    def set(self):
        """Tell nobody."""


def test_an_answer_goes_out_in_one_piece(server, declined):
    said = heard(server, request(b'{"a":"b"}'))
    assert said.startswith(b"HTTP/1.1 200 OK\r\ndate: ")
    assert said.endswith(b'\r\n\r\n{"a":"b","from":"127.0.0.1"}')
    assert declined() == [False]


def test_a_client_that_has_said_all_it_has_to_say_is_answered(server):
    url = server.client(None).base_url
    with socket.create_connection((url.host, url.port), timeout=10) as wire:
        wire.sendall(request(b'{"a":"b"}'))
        wire.shutdown(socket.SHUT_WR)
        assert b"".join(iter(lambda: wire.recv(65536), b"")).endswith(b'{"a":"b","from":"127.0.0.1"}')


def test_requests_that_come_at_once_are_answered_one_after_the_other(server, declined):
    said = heard(server, b"".join(request(b'{"a":"%d"}' % n) for n in range(3)), ends=b'{"a":"2","from":"127.0.0.1"}')
    assert [part[:9] for part in said.split(b"\r\n\r\n")[1:]] == [b'{"a":"0",', b'{"a":"1",', b'{"a":"2",']
    assert declined(3) == [False] * 3


@pytest.mark.parametrize(
    "sent", [request(b"{}", version=b"1.0"), request(b"{}", b"Connection: close")], ids=["HTTP/1.0", "close"]
)
def test_a_connection_that_ends_with_its_answer_is_told_so(server, declined, sent):
    said = heard(server, sent, ends=b"(its end)")
    assert b"\r\nconnection: close\r\n" in said
    assert said.endswith(b'{"from":"127.0.0.1"}')
    assert declined() == [True]


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(server):
    whole = request(b'{"a":"b"}', b"Expect: 100-continue")
    said = heard(server, whole[:-9], whole[-9:], ends=b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")


def test_a_header_that_would_be_two_is_a_fault_and_not_sent(server, caplog):
    said = heard(server, request(b'{"header":"a\\r\\nX-More: b"}'), ends=b"Error")
    assert said.startswith(b"HTTP/1.1 500 ")
    assert b"X-More" not in said
    assert "a header of the answer has a control character in it" in caplog.text


@pytest.mark.parametrize("name", ["X-Forwarded-For", "x-forwarded-for"])
def test_a_proxy_may_say_for_whom_it_asks(server, name):
    assert server.client().post("/echo", json={}, headers={name: "203.0.113.9"}).json() == {"from": "203.0.113.9"}


def test_a_request_leaves_nothing_to_collect():
    gc.disable()
    try:
        cycle, _ = cycle_of()
        gone = weakref.ref(cycle)
        del cycle
        assert gone() is None
    finally:
        gc.enable()


def test_an_answer_is_of_its_cycle_and_ends_it():
    cycle, said = cycle_of()
    assert offer(cycle).answer(*ANSWER)
    assert said.said == [b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 2\r\n\r\n{}"]
    assert cycle.response_started
    assert cycle.response_complete


@pytest.mark.parametrize("given", [{"keep_alive": False}, {"access_log": True}, {"disconnected": True}], ids=str)
def test_an_answer_that_is_more_than_sending_is_declined(given):
    cycle, said = cycle_of(**given)
    assert not offer(cycle).answer(*ANSWER)
    assert not cycle.response_started
    assert said.said == []


@pytest.mark.parametrize(
    "given",
    [{"scope": {"type": "http", "method": "HEAD"}}, {"default_headers": [(b"connection", b"close")]}],
    ids=["HEAD", "a server that always closes"],
)
def test_an_answer_that_is_less_than_it_says_or_the_last_is_declined(given):
    cycle, said = cycle_of(**given)
    assert not offer(cycle).answer(*ANSWER)
    assert said.said == []


def test_a_large_answer_is_declined_lest_it_be_copied():
    cycle, said = cycle_of()
    large = b"x" * (LARGE + 1)
    assert not offer(cycle).answer(200, {b"content-length": b"%d" % len(large)}, large)
    assert said.said == []


def test_middleware_around_the_application_is_not_passed_by():
    cycle, _ = cycle_of()

    async def send(event):
        await cycle.send(event)

    assert offered(cycle.scope, cycle.receive, send) is NEVER
    assert offered(cycle.scope, send, cycle.send) is NEVER


def test_an_answer_to_who_does_not_read_is_declined():
    cycle, said = cycle_of()
    cycle.flow.pause_writing()
    assert not offer(cycle).answer(*ANSWER)
    assert said.said == []


def test_an_answer_that_speaks_of_its_connection_is_declined():
    cycle, _ = cycle_of()
    assert not offer(cycle).answer(200, {b"connection": b"close", b"content-length": b"2"}, b"{}")


@pytest.mark.parametrize(
    "given", [{"more_body": True}, {"disconnected": True}, {"waiting_for_100_continue": True}], ids=str
)
def test_a_body_that_is_not_here_is_declined(given):
    cycle, _ = cycle_of(body=bytearray(b"part"), **given)
    assert offer(cycle).body() is None
    assert cycle.body == b"part"


def test_a_body_is_taken_once():
    cycle, _ = cycle_of(body=bytearray(b"whole"))
    assert offer(cycle).body() == b"whole"
    assert cycle.body == b""


def test_what_another_server_does_not_offer_is_declined():
    cycle, _ = cycle_of()
    assert offered({"type": "http"}, cycle.receive, cycle.send) is NEVER
    assert NEVER.body() is None
    assert not NEVER.answer(*ANSWER)
