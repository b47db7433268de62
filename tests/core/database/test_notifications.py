"""The notification channel between processes: delivery, and when it can be trusted."""

import asyncio
import contextlib
import time
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from llmring_server.database import Notifications
from llmring_server.database.notifications import LEASE_SECONDS


class Listener:
    """A listener that records messages and resets."""

    def __init__(self):
        self.received = []
        self.resets = 0

    def on_message(self, text):
        self.received.append(text)

    def reset(self):
        self.resets += 1


class Proxy:
    """A proxy in front of PostgreSQL that can stop forwarding without closing, as a network does."""

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

    def pause(self):
        self._open.clear()

    def resume(self):
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


async def notify(postgres, channel, topic, text):
    async with await psycopg.AsyncConnection.connect(postgres, autocommit=True) as connection:
        await connection.execute(Notifications.NOTIFY, channel.payload(topic, text))


def test_a_message_is_received_by_the_listeners_of_its_topic(llmring_postgres, schema):
    async def scene():
        channel, listener, other = Notifications(schema), Listener(), Listener()
        channel.listen("changes", listener.on_message, listener.reset)
        channel.listen("other", other.on_message, other.reset)
        assert not channel.live
        async with channel.running(llmring_postgres):
            await until(lambda: channel.live)
            await notify(llmring_postgres, channel, "changes", "one two")
            await until(lambda: listener.received)
        assert (listener.received, other.received) == (["one two"], [])
        assert not channel.live

    asyncio.run(scene())


def test_a_message_of_a_transaction_that_rolls_back_is_not_received(llmring_postgres, schema):
    async def scene():
        channel, listener = Notifications(schema), Listener()
        channel.listen("changes", listener.on_message, listener.reset)
        async with channel.running(llmring_postgres):
            await until(lambda: channel.live)
            async with await psycopg.AsyncConnection.connect(llmring_postgres) as connection:
                await connection.execute(Notifications.NOTIFY, channel.payload("changes", "never"))
                await connection.rollback()
            await notify(llmring_postgres, channel, "changes", "done")
            await until(lambda: listener.received)
        assert listener.received == ["done"]

    asyncio.run(scene())


def test_a_failing_listener_does_not_affect_others(llmring_postgres, schema, caplog):
    async def scene():
        channel, listener = Notifications(schema), Listener()
        channel.listen("changes", lambda text: 1 / 0, lambda: None)
        channel.listen("changes", listener.on_message, listener.reset)
        async with channel.running(llmring_postgres):
            await until(lambda: channel.live)
            await notify(llmring_postgres, channel, "changes", "a")
            await until(lambda: listener.received)

    asyncio.run(scene())
    assert "a listener of 'changes' failed" in caplog.text


def test_a_lost_connection_is_restored_with_a_reset(llmring_postgres, schema):
    async def scene():
        channel, listener = Notifications(schema), Listener()
        channel.listen("changes", listener.on_message, listener.reset)
        async with (
            channel.running(llmring_postgres),
            await psycopg.AsyncConnection.connect(llmring_postgres, autocommit=True) as connection,
        ):
            await until(lambda: channel.live)
            assert listener.resets == 1
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
            await connection.execute(cut, [f"{channel.name} channel"])
            await until(lambda: not channel.live)
            await until(lambda: channel.live)
            assert listener.resets == 2
            await notify(llmring_postgres, channel, "changes", "again")
            await until(lambda: listener.received)

    asyncio.run(scene())


def test_a_silent_connection_is_not_trusted(llmring_postgres, schema):
    async def scene():
        channel, listener, proxy = Notifications(schema), Listener(), Proxy(llmring_postgres)
        channel.listen("changes", listener.on_message, listener.reset)
        async with proxy.running() as conninfo, channel.running(conninfo):
            await until(lambda: channel.live)
            proxy.pause()
            await notify(llmring_postgres, channel, "changes", "missed")
            silent_since = time.monotonic()
            await until(lambda: not channel.live)
            assert time.monotonic() - silent_since < LEASE_SECONDS + 0.5
            assert listener.received == []
            proxy.resume()
            await until(lambda: channel.live)
            assert listener.received == ["missed"] or listener.resets == 2

    asyncio.run(scene())


def test_a_suspended_process_does_not_trust_its_cache(llmring_postgres, schema):
    async def scene():
        channel, listener = Notifications(schema), Listener()
        channel.listen("changes", listener.on_message, listener.reset)
        async with channel.running(llmring_postgres):
            await until(lambda: channel.live)
            time.sleep(LEASE_SECONDS)
            assert not channel.live
            await until(lambda: channel.live)
            assert listener.resets == 1

    asyncio.run(scene())


def test_without_a_listener_no_connection_is_opened():
    async def scene():
        async with Notifications("unused").running("host=nowhere.invalid"):
            await asyncio.sleep(0)

    asyncio.run(scene())
