"""`/watch`: every change once and in order, also over interrupted connections."""

import asyncio
import itertools
import random
import resource
import threading
import time

import httpx
import psycopg
import pytest
from aliases_kit import PATH, bind, list_aliases, replace, stream_events

from llmring_aliases.cache.feeds import Feeds
from llmring_server.client import Change, LLMRingServer, Ready
from llmring_server.testing import eventually

CHANGES = 1_000
WATCHERS = 1_000
HEADERS = {"X-Project-Key": "one"}


def watch(client, **query):
    return client.stream("GET", f"{PATH}/watch", params=query)


def test_a_watch_starts_now_and_sends_later_changes(client):
    bind(client, "before")
    with watch(client) as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        events = stream_events(stream.iter_lines())
        assert next(events)["event"] == "ready"
        bind(client, "fast", "openai:a", metadata={"a": 1})
        client.delete(f"{PATH}/fast")
        bound, unbound = next(events), next(events)
    assert (bound["id"], bound["event"], unbound["id"], unbound["event"]) == ("2", "bind", "3", "unbind")
    assert [entry["seq"] for entry in (bound["data"], unbound["data"])] == [2, 3]
    assert [unbound["data"], bound["data"]] == client.get(f"{PATH}/history").json()[:2]


def test_a_watch_sends_its_version_first(client):
    bind(client, "before")
    with watch(client) as stream:
        ready = next(stream_events(stream.iter_lines()))
    assert (ready["event"], ready["id"], ready["data"]) == ("ready", "1", {"version": 1})


def test_no_change_is_lost_between_list_and_watch(client):
    bind(client, "a")
    version = list_aliases(client).headers["x-alias-version"]
    bind(client, "b")
    for given in ({"headers": {"Last-Event-ID": version}}, {"params": {"last_event_id": version}}):
        with client.stream("GET", f"{PATH}/watch", **given) as stream:
            event = next(stream_events(stream.iter_lines()))
        assert (event["event"], event["data"]["alias"]) == ("bind", "b")


def test_a_watch_of_a_profile_sends_no_changes_of_others(server, client):
    with watch(client, profile="prod", last_event_id="0") as stream:
        bind(client, "a")
        bind(server.client("two"), "b", profile="prod")
        bind(client, "c", profile="prod")
        assert next(stream_events(stream.iter_lines()))["data"]["alias"] == "c"


def test_a_quiet_stream_has_heartbeats_even_while_another_profile_is_busy(client):
    with watch(client, profile="quiet") as stream:
        lines = stream.iter_lines()
        for n in range(10):
            bind(client, "busy", f"openai:{n}")
        assert any(line.startswith(":") for line in itertools.islice(lines, 50))


def test_metadata_of_several_lines_stays_one_event(client):
    with watch(client, last_event_id="0") as stream:
        body = b'{"alias": "a", "model": "openai:a", "metadata": {\r\n  "why": "two\\nlines"\n}}'
        client.post(f"{PATH}/bind", content=body, headers={"Content-Type": "application/json"})
        assert next(stream_events(stream.iter_lines()))["data"]["metadata"] == {"why": "two\nlines"}


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "9" * 30])
def test_an_invalid_event_id_is_422(client, given):
    assert client.get(f"{PATH}/watch", headers={"Last-Event-ID": given}).status_code == 422


def test_a_watch_with_a_future_id_starts_now(client):
    bind(client, "a")
    with watch(client, last_event_id="99") as stream:
        assert next(stream_events(stream.iter_lines()))["event"] == "ready"


def test_a_slow_reader_gets_all_changes(client):
    with watch(client, last_event_id="0") as stream:
        events = stream_events(stream.iter_lines())
        for turn in range(3):
            replace(client, {f"a{n}": f"openai:{turn}" for n in range(3_000)})
        time.sleep(0.5)
        assert [event["data"]["seq"] for event in itertools.islice(events, 9_000)] == list(range(1, 9_001))


def test_of_a_thousand_changes_none_is_lost_or_out_of_order_while_the_client_reconnects(llmring_process, figure):
    servers = [llmring_process(LLMRING_PLUGINS="aliases").wait_until_up() for _ in range(2)]
    dice = random.Random(7)
    seen: list[Change] = []
    streams = 0

    def write():
        clients = [httpx.Client(base_url=server.url, headers=HEADERS, timeout=30) for server in servers]
        for n in range(CHANGES):
            bind(clients[n % 2], f"a{n % 10}", f"openai:m{n}")
        for client in clients:
            client.close()

    async def read():
        nonlocal streams
        since = 0
        while since < CHANGES:
            async with LLMRingServer(dice.choice(servers).url, "one") as server:
                left = dice.randrange(1, 40)
                stream = server.aliases.watch(since=since)
                streams += 1
                async for event in stream:
                    assert isinstance(event, Change)
                    seen.append(event)
                    since = event.seq
                    left -= 1
                    if not left or since == CHANGES:
                        break
                await stream.aclose()

    writer = threading.Thread(target=write)
    writer.start()
    asyncio.run(asyncio.wait_for(read(), 120))
    writer.join()
    figure("streams, one after the other,", streams)
    assert streams > CHANGES / 40
    assert [change.seq for change in seen] == list(range(1, CHANGES + 1))
    for n in range(10):
        models = [change.model for change in seen if change.alias == f"a{n}"]
        assert models == [f"openai:m{i}" for i in range(n, CHANGES, 10)]


@pytest.mark.own_server
def test_a_watch_continues_while_the_notification_channel_is_cut(server, client, llmring_postgres):
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
    with watch(client, last_event_id="0") as stream:
        events = stream_events(stream.iter_lines())
        with psycopg.connect(llmring_postgres, autocommit=True) as connection:
            for n in range(5):
                connection.execute(cut, [f"{server.server.notifications.name} channel"])
                bind(client, "fast", f"openai:m{n}")
                assert next(events)["data"]["model"] == f"openai:m{n}"


@pytest.mark.own_server
def test_a_watch_survives_a_database_that_is_being_restored(server, client, caplog):
    def rename(old, new):
        server.run(server.server.database.execute(f"ALTER TABLE {old} RENAME TO {new}"))

    with watch(client) as stream:
        events = stream_events(stream.iter_lines())
        assert next(events)["event"] == "ready"
        rename("alias_history", "away")
        server.server.service(Feeds).reset()
        eventually(lambda: "waits for the database" in caplog.text)
        rename("away", "alias_history")
        bind(client, "fast", "openai:a")
        assert next(events)["data"]["model"] == "openai:a"


@pytest.fixture
def many_files():
    """Raise the limit of open files to one socket per watcher: some systems allow 256."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, 2 * WATCHERS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_thousand_idle_watchers_share_few_database_connections(many_files, llmring_process, llmring_database, figure):
    url = llmring_database["database_url"]
    name = f"watched {llmring_database['database_schema']}"
    named = psycopg.conninfo.make_conninfo(url, application_name=name)
    server = llmring_process(LLMRING_PLUGINS="aliases", LLMRING_DATABASE_URL=named).wait_until_up()
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name IN (%s, %s)"
    names = (name, f"llmring_{llmring_database['database_schema']} channel")

    async def scene():
        gate = asyncio.Semaphore(50)

        async def open_stream():
            async with gate:
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                request = f"GET {PATH}/watch HTTP/1.1\r\nHost: localhost\r\nX-Project-Key: one\r\n\r\n"
                writer.write(request.encode())
                await reader.readuntil(b"event: ready")
            return reader, writer

        watchers = await asyncio.gather(*(open_stream() for _ in range(WATCHERS)))
        async with await psycopg.AsyncConnection.connect(url) as connection:
            [connections] = await (await connection.execute(count, names)).fetchone()
        figure(f"database connections with {WATCHERS} watchers", connections)
        assert 1 <= connections <= llmring_database["database_pool_size"] + 1
        async with LLMRingServer(server.url, "one") as other:
            await other.aliases.bind("fast", "openai:a")
        await asyncio.wait_for(asyncio.gather(*(reader.readuntil(b"event: bind") for reader, _ in watchers)), 30)
        for _, writer in watchers:
            writer.close()

    asyncio.run(asyncio.wait_for(scene(), 120))


def test_streams_end_when_the_server_stops(llmring_process):
    server = llmring_process(LLMRING_PLUGINS="aliases").wait_until_up()
    with httpx.Client(base_url=server.url, headers=HEADERS, timeout=30) as client, watch(client) as stream:
        lines = stream.iter_lines()
        assert next(stream_events(lines))["event"] == "ready"
        stopping = threading.Thread(target=server.stop)
        begun = time.monotonic()
        stopping.start()
        assert list(stream_events(lines)) == []
        stopping.join()
        assert time.monotonic() - begun < 10


def test_a_feed_ends_when_its_last_client_leaves(server, client):
    feeds = server.server.service(Feeds)
    with watch(client) as stream:
        assert next(stream_events(stream.iter_lines()))
        eventually(lambda: len(feeds._feeds) == 1)
    eventually(lambda: not feeds._feeds)


def test_a_client_resumes_its_watch_after_a_restart(llmring_process):
    first = llmring_process(LLMRING_PLUGINS="aliases").wait_until_up()

    async def scene():
        async with LLMRingServer(first.url, "one") as client:
            events = client.aliases.watch()
            assert await anext(events) == Ready(0)
            await client.aliases.bind("a", "openai:a")
            assert (await anext(events)).alias == "a"
            await asyncio.to_thread(first.stop)
            second = await asyncio.to_thread(
                lambda: llmring_process(port=first.port, LLMRING_PLUGINS="aliases").wait_until_up()
            )
            assert second.port == first.port
            await client.aliases.bind("b", "openai:b")
            assert (await asyncio.wait_for(anext(events), 30)).alias == "b"
            await events.aclose()

    asyncio.run(scene())
