"""Request ids in requests, responses and the log, and what is never logged."""

import logging
import re

import pytest
from core_kit import echo_routes, serves

from llmring_server.testing import make_plugin

LOGGING = """
import logging
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.http.routing import Route

log = logging.getLogger(__name__)

class Noting:
    async def on_get(self, req, resp):
        log.info("noted by the plugin")

@hookimpl
def llmring_routes(server):
    return [Route(path="/note", resource=Noting(), public=True)]
"""


ECHO = make_plugin("echo", llmring_routes=echo_routes)


@pytest.fixture
def client(llmring_shared):
    return llmring_shared([ECHO], log_level="info").client()


def test_a_request_id_is_generated_when_none_is_given(client):
    first, second = (client.get("/echo").headers["x-request-id"] for _ in range(2))
    assert re.fullmatch(r"[0-9a-f]{32}", first)
    assert first != second


def test_a_given_request_id_is_returned(client):
    assert client.get("/echo", headers={"X-Request-ID": "job-7:a.b_c"}).headers["x-request-id"] == "job-7:a.b_c"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\tb", "<script>", "é".encode()])
def test_a_malformed_request_id_is_replaced(client, given):
    answer = client.get("/echo", headers={"X-Request-ID": given})
    assert answer.status_code == 200
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


def test_an_error_has_the_request_id(client):
    answer = client.get("/nowhere", headers={"X-Request-ID": "job-7"})
    assert (answer.headers["x-request-id"], answer.json()["request_id"]) == ("job-7", "job-7")


def test_the_access_log_has_method_path_status_and_time(client, caplog):
    caplog.set_level(logging.INFO, "llmring_server.access")
    client.get("/echo?secret=1")
    assert re.search(r"GET /echo 200 \d+\.\d ms", caplog.text)
    assert "secret" not in caplog.text


@pytest.mark.parametrize("path", ["/a%0aFORGED", "/a%0d%0aFORGED", "/a%1b[2JFORGED"])
def test_clients_cannot_inject_lines_into_the_log(client, caplog, path):
    caplog.set_level(logging.INFO, "llmring_server.access")
    client.get(path)
    assert all(character.isprintable() for record in caplog.records for character in record.getMessage())


def test_a_failure_is_logged_with_a_path_of_one_line(llmring_live, caplog):
    async def fail(self, req, resp, name):
        raise RuntimeError

    client = llmring_live([make_plugin("failing", llmring_routes=serves("/x/{name}", fail, "get"))]).client()
    client.get("/x/a%0aFORGED")
    assert [record.getMessage() for record in caplog.records] == ["plugin 'failing' failed: GET /x/a%0AFORGED"]


def test_a_process_prints_the_hosts_and_the_plugins_lines_with_their_request_id(llmring_process, distribution):
    import httpx

    folder = distribution("acme-noting", "noting", LOGGING)
    server = llmring_process(LLMRING_PLUGINS="noting", PYTHONPATH=str(folder)).wait_until_up()
    httpx.get(f"{server.url}/note", headers={"X-Request-ID": "job-7"})
    server.stop()
    assert re.search(r"INFO acme_noting_module \[job-7\] noted by the plugin", server.output())
    assert re.search(r"INFO llmring_server.access \[job-7\] GET /note 200 ", server.output())


def test_the_log_level_is_respected(llmring_process):
    server = llmring_process(LLMRING_PLUGINS="", LLMRING_LOG_LEVEL="warning").wait_until_up()
    server.stop()
    assert "llmring_server.access" not in server.output()
