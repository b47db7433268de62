"""News between processes: LISTEN/NOTIFY on a connection of its own, for what processes keep in memory.

A notification only says that something changed; the truth is in the tables. While the connection is not known to be
well, `live` is false and whoever keeps a copy reads the database instead; when it is back, every copy starts anew.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import psycopg
from psycopg import sql

from llmring_server.database.pool import Connection, hang_up
from llmring_server.runtime.background import beside

log = logging.getLogger(__name__)

PING_SECONDS = 0.4
LEASE_SECONDS = 0.9
SILENCE_SECONDS = 2.0
RETRY_SECONDS = 0.2
Heard = Callable[[str], None]
Reset = Callable[[], None]


class Channel:
    """One channel for all topics of a deployment, named after its schema.

    Say something in the transaction that makes it true: `await connection.execute(Channel.SAY, channel.words(topic,
    text))`; it is heard once that has committed. A text has at most 7,000 bytes.
    """

    SAY = "SELECT pg_notify(%s, %s)"

    def __init__(self, schema: str) -> None:
        self.name = f"llmring_{schema}"
        self._good_until = 0.0
        self._up = False
        self._listeners: dict[str, list[Heard]] = {}
        self._resets: list[Reset] = []

    @property
    def live(self) -> bool:
        """Whether everything said up to `LEASE_SECONDS` ago has been heard here.

        The answer to a ping proves it: PostgreSQL sends notifications before it answers what was asked after them. So
        a connection that hangs, and a process that was stopped for a while, are noticed without an error.
        """
        return time.monotonic() < self._good_until

    def listen(self, topic: str, heard: Heard, reset: Reset) -> None:
        """Have `heard` called with each text of a topic, and `reset` whenever some may have been missed.

        Both are plain functions on the event loop; neither waits.
        """
        self._listeners.setdefault(topic, []).append(heard)
        self._resets.append(reset)

    def words(self, topic: str, text: str) -> tuple[str, str]:
        """Return the parameters of `SAY`."""
        return self.name, f"{topic} {text}"

    @asynccontextmanager
    async def running(self, conninfo: str) -> AsyncIterator[None]:
        """Listen while the block runs, on a direct connection; without a listener none is opened."""
        if not self._listeners:
            yield
            return
        async with beside(self._keep(conninfo), "llmring channel"):
            yield

    async def _keep(self, conninfo: str) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    conninfo, autocommit=True, application_name=f"{self.name} channel"
                ) as connection:
                    await self._hear(connection)
            except (psycopg.Error, OSError, TimeoutError) as error:
                if self._up:
                    log.warning("the notification channel is lost (%s); reads go to the database", type(error).__name__)
            finally:
                self._up = False
                self._good_until = 0.0
            await asyncio.sleep(RETRY_SECONDS)

    async def _hear(self, connection: Connection) -> None:
        """Pass notifications on for as long as pings are answered."""
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self.name)))
        for reset in self._resets:
            reset()
        self._up = True
        while True:
            asked = time.monotonic()
            with _silence_ends(connection):
                await connection.execute("SELECT 1")
            await self._pass_on(connection, 0)
            self._good_until = asked + LEASE_SECONDS
            await self._pass_on(connection, PING_SECONDS)

    async def _pass_on(self, connection: Connection, seconds: float) -> None:
        async for notification in connection.notifies(timeout=seconds):
            topic, _, text = notification.payload.partition(" ")
            for heard in self._listeners.get(topic, ()):
                try:
                    heard(text)
                except Exception:
                    log.exception("a listener of %r failed", topic)


@contextmanager
def _silence_ends(connection: Connection) -> Iterator[None]:
    """Hang up on a server that does not answer; to cancel the ping instead would wait for the same server."""
    alarm = asyncio.get_running_loop().call_later(SILENCE_SECONDS, hang_up, connection)
    try:
        yield
    finally:
        alarm.cancel()
