"""Cache-invalidation messages between processes over LISTEN/NOTIFY, on a connection of their own.

A message only states that something changed; the tables have the data. While the connection is not known to be healthy,
`live` is false and caches read the database instead; when it is back, every cache is reset.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import psycopg
from psycopg import sql

from llmring_server.database.connections import Connection, abort_connection
from llmring_server.runtime.background import beside

log = logging.getLogger(__name__)

PING_SECONDS = 0.4
LEASE_SECONDS = 0.9
SILENCE_SECONDS = 2.0
RETRY_SECONDS = 0.2
OnMessage = Callable[[str], None]
Reset = Callable[[], None]


class Notifications:
    """One channel for all topics of a deployment, named after its schema.

    Send a message in the transaction that makes the change: `await connection.execute(Notifications.NOTIFY,
    notifications.payload(topic, text))`; it is delivered after the commit. A text has at most 7,000 bytes.
    """

    NOTIFY = "SELECT pg_notify(%s, %s)"

    def __init__(self, schema: str) -> None:
        self.name = f"llmring_{schema}"
        self._good_until = 0.0
        self._up = False
        self._listeners: dict[str, list[OnMessage]] = {}
        self._resets: list[Reset] = []

    @property
    def live(self) -> bool:
        """Whether every message sent up to `LEASE_SECONDS` ago has been received here.

        The response to a ping proves it: PostgreSQL sends notifications before it answers a later statement. So a
        connection that hangs, and a process that was suspended for a while, are detected without an error.
        """
        return time.monotonic() < self._good_until

    def listen(self, topic: str, on_message: OnMessage, reset: Reset) -> None:
        """Call `on_message` with each text of a topic, and `reset` whenever some may have been missed.

        Both are plain functions on the event loop; neither waits.
        """
        self._listeners.setdefault(topic, []).append(on_message)
        self._resets.append(reset)

    def payload(self, topic: str, text: str) -> tuple[str, str]:
        """Return the parameters of `NOTIFY`."""
        return self.name, f"{topic} {text}"

    @asynccontextmanager
    async def running(self, conninfo: str) -> AsyncIterator[None]:
        """Listen while the block runs, on a direct connection; without listeners no connection is opened."""
        if not self._listeners:
            yield
            return
        async with beside(self._reconnect(conninfo), "llmring notifications"):
            yield

    async def _reconnect(self, conninfo: str) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    conninfo, autocommit=True, application_name=f"{self.name} channel"
                ) as connection:
                    await self._listen(connection)
            except (psycopg.Error, OSError, TimeoutError) as error:
                if self._up:
                    log.warning("the notification channel is lost (%s); reads go to the database", type(error).__name__)
            finally:
                self._up = False
                self._good_until = 0.0
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self, connection: Connection) -> None:
        """Dispatch notifications for as long as pings are answered."""
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self.name)))
        for reset in self._resets:
            reset()
        self._up = True
        while True:
            sent = time.monotonic()
            with _aborted_on_silence(connection):
                await connection.execute("SELECT 1")
            await self._dispatch(connection, 0)
            self._good_until = sent + LEASE_SECONDS
            await self._dispatch(connection, PING_SECONDS)

    async def _dispatch(self, connection: Connection, seconds: float) -> None:
        async for notification in connection.notifies(timeout=seconds):
            topic, _, text = notification.payload.partition(" ")
            for on_message in self._listeners.get(topic, ()):
                try:
                    on_message(text)
                except Exception:
                    log.exception("a listener of %r failed", topic)


@contextmanager
def _aborted_on_silence(connection: Connection) -> Iterator[None]:
    """Abort the connection to a server that does not answer; cancelling the ping would wait for the same server."""
    alarm = asyncio.get_running_loop().call_later(SILENCE_SECONDS, abort_connection, connection)
    try:
        yield
    finally:
        alarm.cancel()
