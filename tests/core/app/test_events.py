"""Events: each listener has a queue of its own, so that one that fails, hangs or is slow affects no other."""

import asyncio
import logging
import time

import msgspec
import pytest

from llmring_server.errors import StartupError
from llmring_server.plugin_api import hookspec
from llmring_server.plugins.events import Events, QueueLimits
from llmring_server.plugins.manager import load
from llmring_server.testing import eventually, make_plugin

EVENT = "llmring_usage_recorded"


def listener(name, function):
    async def llmring_usage_recorded(server, entries):
        await function(entries)

    return make_plugin(name, llmring_usage_recorded=llmring_usage_recorded)


def collecting(name, received):
    async def collect(entries):
        received.extend(entries)

    return listener(name, collect)


def events_of(*plugins, entries=1000, size=10_000_000, seconds=5.0):
    return Events(None, load(plugins).listeners(), QueueLimits(entries, size, seconds))


def losses(events):
    return {queue.plugin: (queue.delivered, queue.failed, queue.dropped) for queue in events.queues}


async def publish_and_drain(events, *batches, seconds=5.0):
    for batch in batches:
        events.publish(EVENT, batch)
    await events.drain(seconds)


def test_entries_are_delivered_in_order_and_in_few_calls_while_the_listener_is_busy():
    calls = []

    async def slow(entries):
        calls.append(list(entries))
        await asyncio.sleep(0)

    asyncio.run(publish_and_drain(events_of(listener("slow", slow)), *([str(n)] for n in range(2500))))
    assert [entry for call in calls for entry in call] == [str(n) for n in range(1000)]
    assert len(calls) == 1


def test_a_listener_that_raises_is_logged_by_name_and_hears_the_next_entries(caplog):
    received, calls = [], []

    async def fail_once(entries):
        calls.append(list(entries))
        if len(calls) == 1:
            raise LookupError("not now")

    async def run():
        events = events_of(listener("bad", fail_once), collecting("good", received))
        await publish_and_drain(events, ["a"])
        await publish_and_drain(events, ["b"])
        return losses(events)

    assert asyncio.run(run()) == {"bad": (1, 1, 0), "good": (2, 0, 0)}
    assert (calls, received) == ([["a"], ["b"]], ["a", "b"])
    assert f"plugin 'bad' failed in {EVENT}: LookupError: not now" in caplog.text
    assert "Traceback" in caplog.text


def test_a_listener_that_hangs_is_cancelled_and_the_others_hear_everything(caplog):
    received, cancelled = [], []

    async def hang(entries):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.extend(entries)
            raise

    events = events_of(listener("hanging", hang), collecting("good", received), seconds=0.05)
    asyncio.run(publish_and_drain(events, ["a"], ["b"]))
    assert received == cancelled == ["a", "b"]
    assert losses(events) == {"hanging": (0, 2, 0), "good": (2, 0, 0)}
    assert "plugin 'hanging' failed in llmring_usage_recorded: it took longer than 0.05 s" in caplog.text


def test_a_listener_that_is_cancelled_stops_no_other_and_is_logged(caplog):
    received = []

    async def cancel(entries):
        raise asyncio.CancelledError

    events = events_of(listener("cancelled", cancel), collecting("good", received))
    asyncio.run(publish_and_drain(events, ["a"]))
    assert received == ["a"]
    assert losses(events) == {"cancelled": (0, 1, 0), "good": (1, 0, 0)}
    assert "plugin 'cancelled' failed in llmring_usage_recorded: it was cancelled" in caplog.text


def test_a_listener_that_ignores_its_cancellation_is_not_called_again_until_it_ends():
    calls, finish = [], asyncio.Event()

    async def ignore(entries):
        calls.append(list(entries))
        while not finish.is_set():
            try:
                await finish.wait()
            except asyncio.CancelledError:
                continue

    async def run():
        events = events_of(listener("ignoring", ignore), seconds=0.02)
        await publish_and_drain(events, ["a"], seconds=0.1)
        await publish_and_drain(events, ["b"], seconds=0.1)
        called = len(calls)
        finish.set()
        await events.drain(5)
        return called

    assert asyncio.run(run()) == 1
    assert calls == [["a"], ["b"]]


@pytest.mark.parametrize("bounds", [{"entries": 3}, {"size": 3 * 600}])
def test_entries_beyond_the_bounds_are_dropped_counted_and_logged_once(caplog, bounds):
    received = []
    events = events_of(collecting("slow", received), **bounds)
    batches = [[f"{n}"] for n in range(5)]
    asyncio.run(publish_and_drain(events, *batches))
    assert received == ["0", "1", "2"]
    assert losses(events) == {"slow": (3, 0, 2)}
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "plugin 'slow' failed in llmring_usage_recorded: its queue is full" in record.getMessage()


def test_failures_are_logged_once_a_minute_and_the_rest_at_the_stop(caplog):
    async def fail(entries):
        raise LookupError

    async def run():
        events = events_of(listener("bad", fail))
        for _ in range(20):
            await publish_and_drain(events, ["a"])
        events.close()

    asyncio.run(run())
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert [line.partition("(")[2] for line in lines] == [
        "entries so far: 1 failed, 0 dropped)",
        "entries so far: 20 failed, 0 dropped)",
    ]


def test_the_size_of_an_entry_counts_its_texts():
    class Text(msgspec.Struct):
        text: str

    received = []
    events = events_of(collecting("one", received), size=10_000)
    asyncio.run(publish_and_drain(events, [Text("x" * 9_000), Text("y" * 9_000)]))
    assert [one.text[0] for one in received] == ["x"]


def test_what_waits_at_the_stop_is_delivered_and_what_hangs_stops_no_stop(llmring_live, caplog):
    received = []

    async def slow(entries):
        await asyncio.sleep(0.1)
        received.extend(entries)

    async def hang(entries):
        await asyncio.Event().wait()

    plugins = [listener("hanging", hang), listener("slow", slow)]
    server = llmring_live(plugins, shutdown_seconds=1)
    server.server.drain.begin()
    began = time.monotonic()

    async def publish_and_close():
        server.server.events.publish(EVENT, ["a", "b"])
        await server.server.close()

    server.run(publish_and_close())
    assert received == ["a", "b"]
    assert time.monotonic() - began < 4
    assert (
        "plugin 'hanging' failed in llmring_usage_recorded: the server stops (entries so far: 0 failed, 2 dropped)"
        in (caplog.text)
    )


def test_listeners_hold_at_most_a_quarter_of_the_connections(llmring_live):
    held, most = set(), []

    def holding(name):
        async def hold(entries):
            async with server.server.database.connection():
                held.add(name)
                most.append(len(held))
                await asyncio.sleep(0.05)
                held.remove(name)

        return listener(name, hold)

    server = llmring_live([holding(f"listener{n}") for n in range(6)], database_pool_size=8, database_pool_overflow=0)
    server.run(server.server.events.deliver(EVENT, ["a"]))
    assert (len(most), max(most)) == (6, 2)


def test_the_connections_of_requests_are_not_limited(llmring_live):
    server = llmring_live([], database_pool_size=4, database_pool_overflow=0)

    async def hold_all():
        async def hold():
            async with server.server.database.connection():
                await together.wait()

        together = asyncio.Barrier(4)
        await asyncio.gather(*(hold() for _ in range(4)))

    server.run(hold_all())


class Hooks:
    @hookspec
    async def limits_reached(self, server, entries):
        """Called when limits are reached."""

    @hookspec
    def limits_factor(self, project):
        """Return a factor."""


def test_a_plugin_declares_an_event_and_a_hook_that_others_implement(llmring_live):
    received = []

    async def limits_reached(server, entries):
        received.extend(entries)

    owner = make_plugin("limits", llmring_hookspecs=lambda: Hooks())
    other = make_plugin("other", limits_reached=limits_reached, limits_factor=lambda project: f"{project} × 2")
    server = llmring_live([other, owner]).server
    server.events.publish("limits_reached", [])
    assert server.events.listens("limits_reached")
    assert server.call_hook("limits_factor", project="prj_a") == ["prj_a × 2"]
    assert not server.events.listens(EVENT)


def test_a_declared_event_is_delivered(llmring_live):
    received = []

    async def limits_reached(server, entries):
        received.extend(entries)

    owner = make_plugin("limits", llmring_hookspecs=lambda: Hooks())
    server = llmring_live([owner, make_plugin("other", limits_reached=limits_reached)])
    server.run(server.server.events.deliver("limits_reached", ["prj_a"]))
    assert eventually(lambda: received) == ["prj_a"]


@pytest.mark.parametrize(
    ("name", "declared", "message"),
    [
        ("other", lambda: Hooks(), "the hook 'limits_factor' must begin with 'other_'"),
        ("limits", lambda: object(), "has no `hookspec`"),
    ],
)
def test_a_declaration_that_is_not_the_plugins_stops_the_start(name, declared, message):
    with pytest.raises(StartupError, match=f"plugin '{name}' .*{message}"):
        load([make_plugin(name, llmring_hookspecs=declared)])
