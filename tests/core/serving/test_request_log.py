"""The access log: lines are buffered briefly, and never lost, reordered or mixed."""

import asyncio
import io
import json
import logging
import re
import signal

import httpx
import pytest

from llmring_server.http.middleware.request_log import BUFFER_SECONDS, MAX_LINES, RequestLine, RequestLog
from llmring_server.serving.logging import JsonLines, TextLines
from llmring_server.testing import eventually


def line(path="/a", **given):
    members = {"request_id": "job-1", "method": "GET", "route": path, "path": path, "status": 200}
    return RequestLine(**members | {"milliseconds": 1.25, "project_id": "prj_a", "size": 2} | given)


@pytest.fixture
def stream():
    return io.StringIO()


@pytest.fixture
def log(stream):
    log = RequestLog("text")
    log.open(stream)
    yield log
    log.close()


def paths(stream):
    return re.findall(r"GET (\S+)", stream.getvalue())


def test_a_line_is_written_within_a_tenth_of_a_second(log, stream):
    async def write():
        log.write(line())
        assert stream.getvalue() == ""
        await asyncio.sleep(BUFFER_SECONDS)
        while not stream.getvalue():
            await asyncio.sleep(0)

    assert BUFFER_SECONDS <= 0.1
    asyncio.run(asyncio.wait_for(write(), 5))
    assert paths(stream) == ["/a"]


def test_many_lines_are_not_held_back(log, stream):
    async def write():
        for _ in range(MAX_LINES):
            log.write(line())

    asyncio.run(write())
    assert len(paths(stream)) == MAX_LINES


def test_a_record_of_another_logger_follows_earlier_lines(log, stream):
    handler = logging.StreamHandler(stream)
    handler.addFilter(log.flush)
    record = logging.LogRecord("a.logger", logging.ERROR, __file__, 1, "an error", (), None)

    async def write():
        log.write(line("/before"))
        handler.handle(record)
        log.write(line("/after"))

    asyncio.run(write())
    log.flush()
    assert re.findall(r"/before|an error|/after", stream.getvalue()) == ["/before", "an error", "/after"]


def test_lines_are_written_immediately_during_shutdown(log, stream):
    async def write():
        log.write(line("/before"))
        log.stop_buffering()
        log.write(line("/after"))
        return paths(stream)

    assert asyncio.run(write()) == ["/before", "/after"]


def test_buffered_lines_are_written_when_the_log_closes(log, stream):
    async def write():
        log.write(line())
        log.close()

    asyncio.run(write())
    assert paths(stream) == ["/a"]


@pytest.mark.parametrize(("style", "formatter"), [("text", TextLines()), ("json", JsonLines())])
def test_a_line_has_the_format_of_a_record(stream, style, formatter):
    log = RequestLog(style)
    log.open(stream)
    log.stop_buffering()
    log.write(line())
    record = logging.LogRecord("llmring_server.access", logging.INFO, __file__, 1, "%s", (line(),), None)
    record.request = line()
    shape = {r"\d": "0", r"job-0": "-", r'"request_id":"-",': ""}

    def shaped(text):
        for pattern, by in shape.items():
            text = re.sub(pattern, by, text)
        return text

    assert shaped(stream.getvalue()) == shaped(formatter.format(record)) + "\n"


def test_a_process_that_configured_logging_itself_gets_records(caplog):
    caplog.set_level(logging.INFO, "llmring_server.access")
    RequestLog("text").write(line())
    assert caplog.messages == ["GET /a 200 1.2 ms"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("serve", [True, False])
def test_no_line_is_lost_at_shutdown(llmring_process, number, serve):
    process = llmring_process(serve=serve, LLMRING_PLUGINS="", LLMRING_LOG_FORMAT="json").wait_until_up()
    with httpx.Client(base_url=process.url) as client:
        for at in range(20):
            client.get(f"/nowhere/{at}")
        process.signal(number)
    process.wait()
    lines = [json.loads(text) for text in process.output().splitlines() if text.startswith("{")]
    found = [each["path"] for each in lines if each["logger"] == "llmring_server.access"]
    assert [path for path in found if path.startswith("/nowhere/")] == [f"/nowhere/{at}" for at in range(20)]


def test_lines_and_an_error_are_in_chronological_order(llmring_process, distribution):
    source = """
from llmring_server.plugins.hookspecs import hookimpl
from llmring_server.http.routing import Route

class Failing:
    async def on_get(self, req, resp):
        raise LookupError("nowhere")

@hookimpl
def llmring_routes(server):
    return [Route(path="/fail", resource=Failing(), public=True)]
"""
    folder = distribution("acme-failing", "failing", source)
    process = llmring_process(LLMRING_PLUGINS="failing", PYTHONPATH=str(folder)).wait_until_up()
    with httpx.Client(base_url=process.url) as client:
        for path in ("/first", "/fail", "/last"):
            client.get(path)
    eventually(lambda: "GET /last" in process.output())
    order = re.findall(r"GET /first 404|failed: GET /fail|GET /fail 500|GET /last 404", process.output())
    assert order == ["GET /first 404", "failed: GET /fail", "GET /fail 500", "GET /last 404"]
