"""The channel between processes: what is heard, and when it can be relied on."""

import asyncio
import contextlib
import time
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from llmring_server.database import Notifications
from llmring_server.database.notifications import LEASE_SECONDS


class Ear:
    """A listener that remembers."""

    def __init__(self):
        self.heard = []
        self.resets = 0

    def hear(self, text):
        self.heard.append(text)

    def reset(self):
        self.resets += 1


class Wire:
    """A proxy before PostgreSQL that can go silent without closing, as a network does."""

    def __init__(self, postgres):
        self._given = conninfo_to_dict(postgres)
        self._open = asyncio.Event()
        self._open.set()
        self._tasks = set()

    @asynccontextmanager
    async def running(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield make_conninfo("", **{**self._given, "host": "127.0.0.1", "port": port})
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def silence(self):
        self._open.clear()

    def speak(self):
        self._open.set()

    async def _serve(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        host, port = self._given["host"], self._given.get("port", 5432)
        if host.startswith("/"):
            far_reader, far_writer = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        closing = contextlib.closing(writer), contextlib.closing(far_writer)
        with closing[0], closing[1], contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))

    async def _pump(self, source, target):
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                await self._open.wait()
                target.write(data)
            target.close()


@pytest.fixture
def schema(llmring_database):
    return llmring_database["database_schema"]


async def until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def say(postgres, channel, topic, text):
    async with await psycopg.AsyncConnection.connect(postgres, autocommit=True) as connection:
        await connection.execute(Notifications.NOTIFY, channel.payload(topic, text))


def test_what_is_said_is_heard_by_those_who_listen_to_its_topic(llmring_postgres, schema):
    async def scene():
        channel, ear, other = Notifications(schema), Ear(), Ear()
        channel.listen("news", ear.hear, ear.reset)
        channel.listen("other", other.hear, other.reset)
        assert not channel.live
        async with channel.running(llmring_postgres):
            await until(lambda: channel.live)
            await say(llmring_postgres, channel, "news", "one two")
            await until(lambda: ear.heard)
        assert (ear.heard, other.heard) == (["one two"], [])
        assert not channel.live

    asyncio.run(scene())


def test_nothing_said_in_a_transaction_that_rolls_back_is_heard(llmring_postgres, schema):
    async def scene():
        channel, ear = Notifications(schema), Ear()
        channel.listen("news", ear.hear, ear.reset)
        async with channel.running(llmring_postgres):
            await until(lambda: channel.live)
            async with await psycopg.AsyncConnection.connect(llmring_postgres) as connection:
                await connection.execute(Notifications.NOTIFY, channel.payload("news", "never"))
                await connection.rollback()
            await say(llmring_postgres, channel, "news", "done")
            await until(lambda: ear.heard)
        assert ear.heard == ["done"]

    asyncio.run(scene())


def test_a_listener_that_fails_keeps_no_other_from_hearing(llmring_postgres, schema, caplog):
    async def scene():
        channel, ear = Notifications(schema), Ear()
        channel.listen("news", lambda text: 1 / 0, lambda: None)
        channel.listen("news", ear.hear, ear.reset)
        async with channel.running(llmring_postgres):
            await until(lambda: channel.live)
            await say(llmring_postgres, channel, "news", "a")
            await until(lambda: ear.heard)

    asyncio.run(scene())
    assert "a listener of 'news' failed" in caplog.text


def test_a_connection_that_is_cut_comes_back_with_a_reset(llmring_postgres, schema):
    async def scene():
        channel, ear = Notifications(schema), Ear()
        channel.listen("news", ear.hear, ear.reset)
        async with (
            channel.running(llmring_postgres),
            await psycopg.AsyncConnection.connect(llmring_postgres, autocommit=True) as connection,
        ):
            await until(lambda: channel.live)
            assert ear.resets == 1
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
            await connection.execute(cut, [f"{channel.name} channel"])
            await until(lambda: not channel.live)
            await until(lambda: channel.live)
            assert ear.resets == 2
            await say(llmring_postgres, channel, "news", "again")
            await until(lambda: ear.heard)

    asyncio.run(scene())


def test_a_connection_that_goes_silent_is_not_relied_on(llmring_postgres, schema):
    async def scene():
        channel, ear, wire = Notifications(schema), Ear(), Wire(llmring_postgres)
        channel.listen("news", ear.hear, ear.reset)
        async with wire.running() as conninfo, channel.running(conninfo):
            await until(lambda: channel.live)
            wire.silence()
            await say(llmring_postgres, channel, "news", "unheard")
            silent_since = time.monotonic()
            await until(lambda: not channel.live)
            assert time.monotonic() - silent_since < LEASE_SECONDS + 0.5
            assert ear.heard == []
            wire.speak()
            await until(lambda: channel.live)
            assert ear.heard == ["unheard"] or ear.resets == 2

    asyncio.run(scene())


def test_a_process_that_was_held_up_does_not_trust_what_it_remembers(llmring_postgres, schema):
    async def scene():
        channel, ear = Notifications(schema), Ear()
        channel.listen("news", ear.hear, ear.reset)
        async with channel.running(llmring_postgres):
            await until(lambda: channel.live)
            time.sleep(LEASE_SECONDS)
            assert not channel.live
            await until(lambda: channel.live)
            assert ear.resets == 1

    asyncio.run(scene())


def test_without_a_listener_no_connection_is_opened():
    async def scene():
        async with Notifications("nobody").running("host=nowhere.invalid"):
            await asyncio.sleep(0)

    asyncio.run(scene())
