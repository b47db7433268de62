"""Starting and stopping: order, unwinding, failure, and starting again."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from core_kit import echo_routes

from llmring_server.app import create_app
from llmring_server.database import pool
from llmring_server.errors import StartupError
from llmring_server.testing import make_plugin, make_settings

BROKEN = """
from contextlib import asynccontextmanager
from llmring_server.plugins.hookspecs import hookimpl

@hookimpl
@asynccontextmanager
async def llmring_lifespan(server):
    raise OSError("no such device")
    yield
"""


def noting_plugin(name, notes, fails=False):
    """Return a plugin whose lifespan appends to `notes` when it is entered and exited."""

    @asynccontextmanager
    async def llmring_lifespan(server):
        if fails:
            raise LookupError("not here")
        notes.append(f"{name} in")
        try:
            yield
        finally:
            notes.append(f"{name} out")

    return make_plugin(name, llmring_lifespan=lambda server: llmring_lifespan(server))


async def lifespan(app, messages=("lifespan.startup", "lifespan.shutdown")):
    """Run an application's lifespan as an ASGI server does, and return the events that it sent."""
    waiting, sent = list(messages), []

    async def receive():
        return {"type": waiting.pop(0)}

    async def send(event):
        sent.append(event)

    await app({"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}, receive, send)
    return sent


def test_lifespans_are_entered_in_conf_order_and_exited_in_reverse(llmring_database):
    notes = []
    app = create_app(make_settings(llmring_database), [noting_plugin("one", notes), noting_plugin("two", notes)])
    sent = asyncio.run(lifespan(app))
    assert [event["type"] for event in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert notes == ["one in", "two in", "two out", "one out"]


def test_the_database_is_open_inside_a_lifespan(llmring_database):
    found = []

    @asynccontextmanager
    async def llmring_lifespan(server):
        found.extend(await server.database.fetch("SELECT 1 AS one"))
        yield

    plugin = make_plugin("reading", llmring_lifespan=lambda server: llmring_lifespan(server))
    asyncio.run(lifespan(create_app(make_settings(llmring_database), [plugin])))
    assert found == [{"one": 1}]


def test_a_start_waits_for_its_first_connections_as_long_as_for_the_database(llmring_database, monkeypatch):
    monkeypatch.setattr(pool, "ACQUIRE_SECONDS", 0.0001)  # less than any connection takes

    async def start():
        database = pool.Database(make_settings(llmring_database, database_wait=30), [])
        try:
            await database.open()
        finally:
            await database.close()

    asyncio.run(start())


def test_a_failing_lifespan_exits_those_entered_and_is_reported_to_asgi(llmring_database):
    notes = []
    plugins = [noting_plugin("one", notes), noting_plugin("two", notes, fails=True), noting_plugin("three", notes)]
    (event,) = asyncio.run(lifespan(create_app(make_settings(llmring_database), plugins)))
    assert event == {
        "type": "lifespan.startup.failed",
        "message": "plugin 'two' (distribution given in code): its lifespan failed: LookupError: not here",
    }
    assert notes == ["one in", "one out"]


def test_a_failing_start_has_a_traceback_at_log_level_debug(llmring_database):
    app = create_app(make_settings(llmring_database, log_level="debug"), [noting_plugin("two", [], fails=True)])
    (event,) = asyncio.run(lifespan(app))
    assert event["message"].startswith("Traceback")
    assert "LookupError: not here" in event["message"]


def test_a_lifespan_that_is_not_a_context_manager_is_named(llmring_live):
    wrong = make_plugin("wrong", llmring_lifespan=lambda server: "open")
    with pytest.raises(StartupError, match=r"^plugin 'wrong' .*llmring_lifespan returned 'open'"):
        llmring_live([wrong])


def test_a_process_whose_plugin_fails_to_start_ends_with_a_failure(llmring_process, distribution):
    folder = distribution("acme-broken", "broken", BROKEN)
    process = llmring_process(LLMRING_PLUGINS="broken", PYTHONPATH=str(folder))
    assert process.wait() != 0
    said = "plugin 'broken' (distribution acme-broken): its lifespan failed: OSError: no such device"
    assert said in process.output()
    assert "Traceback" not in process.output()


def test_an_application_serves_again_after_it_has_stopped(llmring_database):
    answers = []

    @asynccontextmanager
    async def llmring_lifespan(server):
        answers.append((server.http.is_closed, await server.database.fetch("SELECT 1 AS one")))
        yield

    plugin = make_plugin("again", llmring_lifespan=lambda server: llmring_lifespan(server))
    app = create_app(make_settings(llmring_database), [plugin])
    for _ in range(2):
        asyncio.run(lifespan(app))
    assert answers == [(False, [{"one": 1}])] * 2


def test_nothing_is_opened_before_the_lifespan():
    settings = make_settings({"database_url": "postgresql://unknown@127.0.0.1:1/none"})
    create_app(settings, ["aliases", make_plugin("echo", llmring_routes=echo_routes)])


def test_an_unreachable_database_is_reported_on_one_line():
    settings = make_settings({"database_url": "postgresql://unknown:secret@127.0.0.1:1/none"})
    (event,) = asyncio.run(lifespan(create_app(settings, [])))
    assert event["message"].startswith("the database cannot be reached for its migrations: ")
    assert "\n" not in event["message"]
    assert "secret" not in event["message"]


def test_a_database_without_tables_stops_the_start_with_the_remedy(llmring_database):
    settings = make_settings(llmring_database, database_migrate=False)
    (event,) = asyncio.run(lifespan(create_app(settings, [])))
    assert event["message"] == "the database has no tables yet; run `llmring-server migrate` first"


def test_a_task_is_finished_before_the_server_closes(llmring_live):
    done = []

    async def work():
        await asyncio.sleep(0.05)
        done.append(True)

    @asynccontextmanager
    async def llmring_lifespan(server):
        server.create_task(work(), "some work")
        yield

    plugin = make_plugin("working", llmring_lifespan=lambda server: llmring_lifespan(server))
    server = llmring_live([plugin])
    server.run(server.server.close())
    assert done == [True]


def test_a_failing_task_is_logged(llmring_live, caplog):
    async def work():
        raise LookupError("lost")

    @asynccontextmanager
    async def llmring_lifespan(server):
        server.create_task(work(), "some work")
        yield

    plugin = make_plugin("working", llmring_lifespan=lambda server: llmring_lifespan(server))
    server = llmring_live([plugin])
    server.run(server.server.close())
    assert "some work failed" in caplog.text
