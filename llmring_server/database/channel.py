"""News between processes: LISTEN/NOTIFY on a connection of its own, for what processes keep in memory.

A notification only says that something changed; the truth is in the tables. While the connection is lost, `live` is
false and whoever keeps a copy reads the database instead; when it is back, every copy starts anew.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import sql

log = logging.getLogger(__name__)

PING_SECONDS = 0.4
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
        self.live = False
        self._listeners: dict[str, list[Heard]] = {}
        self._resets: list[Reset] = []

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
        task = asyncio.create_task(self._keep(conninfo), name="llmring channel")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _keep(self, conninfo: str) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
                    await self._hear(connection)
            except (psycopg.Error, OSError, TimeoutError) as error:
                if self.live:
                    log.warning("the notification channel is lost (%s); reads go to the database", type(error).__name__)
            finally:
                self.live = False
            await asyncio.sleep(RETRY_SECONDS)

    async def _hear(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Pass notifications on; a connection that goes silent is noticed within two pings."""
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self.name)))
        for reset in self._resets:
            reset()
        self.live = True
        while True:
            async for notification in connection.notifies(timeout=PING_SECONDS):
                self._pass_on(notification.payload)
            async with asyncio.timeout(PING_SECONDS):
                await connection.execute("SELECT 1")

    def _pass_on(self, payload: str) -> None:
        topic, _, text = payload.partition(" ")
        for heard in self._listeners.get(topic, ()):
            try:
                heard(text)
            except Exception:
                log.exception("a listener of %r failed", topic)
