"""The log: one JSON object per line or readable text, the same for all loggers, and never a key."""

import json
import logging
import os
import re
import signal
import subprocess
import sys

import httpx
import pytest
import uvicorn.logging
from core_kit import write_distribution

from llmring_server.errors import StartupError
from llmring_server.http.middleware.authentication import project_id
from llmring_server.serving.logging import JsonLines, TextLines, adopt_uvicorn, formatter, uvicorn_logging
from llmring_server.settings import load_settings
from llmring_server.testing import ServerProcess, eventually, fresh_database
from llmring_server.testing.process import clean_environment, free_port, variables

KEY = "a-key-that-must-stay-hidden"
NOISY = """
import logging
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.http.routing import Route

class Noise:
    async def on_get(self, req, resp, name):
        logging.getLogger(__name__).info("one\\ntwo")
        logging.getLogger("some.library").warning("a library warns")
        resp.media = {}

class Failing:
    async def on_get(self, req, resp):
        raise LookupError("nowhere")

class Streaming:
    async def on_get(self, req, resp):
        async def parts():
            yield b"part"
        resp.stream = parts()

@hookimpl
def llmring_routes(server):
    public = {"/stream": Streaming(), "/fail": Failing()}
    found = [Route(path=path, resource=resource, public=True) for path, resource in public.items()]
    return [*found, Route(path="/noise/{name}", resource=Noise())]
"""


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    """The folder of a distribution with a plugin that logs."""
    return write_distribution(tmp_path_factory.mktemp("noisy"), "acme-noisy", "noisy", NOISY)


@pytest.fixture
def serve(llmring_process, noisy):
    """Start a server with a logging plugin, in a log format."""

    def start(style, **environment):
        given = {"LLMRING_PLUGINS": "noisy", "LLMRING_LOG_FORMAT": style, "PYTHONPATH": str(noisy), **environment}
        return llmring_process(**given).wait_until_up()

    return start


@pytest.fixture(scope="module")
def noise(llmring_postgres, noisy):
    """The lines of a server that logs JSON, after one request of each kind."""
    given = {"LLMRING_PLUGINS": "noisy", "LLMRING_LOG_FORMAT": "json", "PYTHONPATH": str(noisy)}
    with fresh_database(llmring_postgres) as settings:
        server = ServerProcess({**variables(settings), **given}, noisy / "server.log").wait_until_up()
        for path, request in (("/noise/x", "job-1"), ("/fail", "job-2"), ("/stream", "job-3"), ("/nowhere", "job-4")):
            httpx.get(f"{server.url}{path}?page=2", headers={"X-Project-Key": KEY, "X-Request-ID": request})
        server.stop()
    return [json.loads(line) for line in server.output().splitlines()]


def of(lines, logger):
    return [line for line in lines if line["logger"] == logger]


def test_every_line_is_an_object_with_time_level_and_logger(noise):
    assert len(noise) > 10
    for line in noise:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        assert line["level"] in ("DEBUG", "INFO", "WARNING", "ERROR")
        assert line["logger"]


def test_a_request_is_one_line_with_all_its_fields(noise):
    (line,) = [line for line in of(noise, "llmring_server.access") if line["request_id"] == "job-1"]
    assert line["duration_ms"] > 0
    assert line["time"]
    assert {name: value for name, value in line.items() if name not in ("duration_ms", "time")} == {
        "level": "INFO",
        "logger": "llmring_server.access",
        "request_id": "job-1",
        "method": "GET",
        "route": "/noise/{name}",
        "path": "/noise/x",
        "status": 200,
        "project_id": project_id(KEY, b""),
        "bytes": None,
    }


def test_each_request_has_one_line_also_for_errors(noise):
    found = {
        line["request_id"]: (line["route"], line["path"], line["status"])
        for line in of(noise, "llmring_server.access")
        if line["request_id"].startswith("job-")
    }
    assert found == {
        "job-1": ("/noise/{name}", "/noise/x", 200),
        "job-2": ("/fail", "/fail", 500),
        "job-3": ("/stream", "/stream", 200),
        "job-4": (None, "/nowhere", 404),
    }
    assert of(noise, "uvicorn.access") == []


def test_the_bytes_are_those_of_the_response_and_unknown_for_a_stream(llmring_live, caplog):
    caplog.set_level(logging.INFO, "llmring_server.access")
    client = llmring_live([], log_level="info").client()
    sizes = [len(client.get(path).content) for path in ("/", "/nowhere", "/docs")]
    assert [record.request.size for record in caplog.records] == sizes


def test_a_plugins_line_of_two_lines_is_one_with_its_request_id(noise):
    (line,) = of(noise, "acme_noisy_module")
    assert (line["message"], line["request_id"]) == ("one\ntwo", "job-1")


def test_a_warning_of_a_library_has_the_same_format(noise):
    (line,) = of(noise, "some.library")
    assert (line["level"], line["message"], line["request_id"]) == ("WARNING", "a library warns", "job-1")


def test_lines_of_uvicorn_have_the_same_format(noise):
    messages = " ".join(line["message"] for line in of(noise, "uvicorn.error"))
    assert "Application startup complete" in messages
    assert "Shutting down" in messages


def test_a_traceback_is_a_field_of_its_line(noise):
    (line,) = [line for line in noise if line["level"] == "ERROR"]
    assert line["message"] == "plugin 'noisy' failed: GET /fail"
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("LookupError: nowhere")


def test_a_line_outside_of_a_request_has_no_request_id(noise):
    (line,) = [line for line in noise if line.get("message", "").startswith("serving with plugins")]
    assert "request_id" not in line


@pytest.mark.parametrize("style", ["json", "text"])
def test_no_key_is_in_the_log_wherever_the_client_put_it(serve, style):
    server = serve(style, LLMRING_LOG_LEVEL="debug")
    for headers in ({"X-Project-Key": KEY}, {"X-API-Key": KEY}, {"Authorization": f"Bearer {KEY}"}):
        for path in ("/noise/x", "/fail", "/nowhere"):
            httpx.get(f"{server.url}{path}?api_key={KEY}", headers=headers)
    server.stop()
    assert "/noise/x" in server.output()
    assert KEY not in server.output()


def test_text_has_the_same_format_for_all(serve):
    server = serve("text")
    httpx.get(f"{server.url}/noise/x", headers={"X-Project-Key": KEY, "X-Request-ID": "job-1"})
    server.stop()
    lines = server.output().splitlines()
    form = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (INFO|WARNING) [\w.]+ \[[\w-]+\] .+"
    assert [line for line in lines if not re.fullmatch(form, line)] == ["two"]
    assert any(re.search(r"INFO llmring_server.access \[job-1\] GET /noise/x 200 \d+\.\d ms$", line) for line in lines)
    assert any(re.search(r"WARNING some.library \[job-1\] a library warns$", line) for line in lines)


def test_the_command_with_several_workers_prints_only_objects(llmring_database, tmp_path):
    port, log = free_port(), tmp_path / "log"
    given = {**variables(llmring_database), "LLMRING_PLUGINS": "", "LLMRING_LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "llmring_server", "serve", "--port", str(port), "--workers", "2"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=clean_environment(given), stdout=output, stderr=output, start_new_session=True
        )
    try:
        eventually(lambda: httpx.get(f"http://127.0.0.1:{port}/health/live").is_success, 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert f"starting on 0.0.0.0 port {port}" in {line.get("message") for line in lines}
    assert [line["path"] for line in lines if "path" in line]


def test_an_unknown_format_stops_the_start(monkeypatch):
    monkeypatch.setenv("LLMRING_LOG_FORMAT", "xml")
    with pytest.raises(StartupError, match=r"LLMRING_LOG_FORMAT.*'text' or 'json'"):
        load_settings()


def record(message, *arguments):
    return logging.LogRecord("a.logger", logging.INFO, __file__, 1, message, arguments, None)


@pytest.mark.parametrize("message", ["\ud800", "a\u2028b\r\n", "\x00\x1b[2J", '"quoted" \\'])
def test_any_text_makes_one_line(message):
    line = JsonLines().format(record("%s", message))
    assert not set(line) & {"\n", "\r", "\x00", "\x1b"}
    assert json.loads(line)["message"] == message.encode(errors="backslashreplace").decode()


@pytest.fixture
def logger():
    """A logger of uvicorn with a handler for one test."""
    uvicorns, handler = logging.getLogger("uvicorn"), logging.StreamHandler()
    uvicorns.addHandler(handler)
    yield handler
    uvicorns.removeHandler(handler)


@pytest.mark.parametrize(("style", "form"), [("json", JsonLines), ("text", TextLines)])
def test_the_default_format_of_uvicorn_is_replaced(logger, style, form):
    logger.setFormatter(uvicorn.logging.DefaultFormatter())
    adopt_uvicorn(style)
    assert isinstance(logger.formatter, form)


def test_a_custom_format_of_uvicorn_is_not_changed(logger):
    chosen = logging.Formatter("%(message)s")
    logger.setFormatter(chosen)
    adopt_uvicorn("json")
    assert logger.formatter is chosen


def test_the_configuration_for_uvicorn_has_our_format():
    assert uvicorn_logging("json")["formatters"]["default"]["style"] == "json"
    assert isinstance(formatter("json"), JsonLines)
