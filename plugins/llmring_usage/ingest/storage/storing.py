"""The hook in the transaction that stores entries: what listeners write is stored with the entries or not at all."""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from llmring_server.contracts import LoggedUsage
from llmring_server.database.connections import Connection
from llmring_server.http.errors import Problem
from llmring_server.server import Server
from llmring_usage.ingest.storage.failures import Failure, failure_of

HOOK = "llmring_usage_storing"
SECONDS = 2.0
FAILED = "The plugin {plugin!r} failed on this entry, which is not stored."

T = TypeVar("T")

log = logging.getLogger(__name__)


class StoringListeners:
    """The listeners of `llmring_usage_storing`, in conf order."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._listeners = [(plugin.name, call) for plugin, call in server.plugins.callers(HOOK)]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._listeners)

    async def __call__(self, connection: Connection, entries: Sequence[LoggedUsage]) -> None:
        """Call each listener in the transaction of `connection`.

        Raises:
            Problem: a listener refused the entries, or failed.
        """
        for plugin, call in self._listeners:
            await refusing(plugin, connection, call(server=self._server, connection=connection, entries=entries))


async def refusing(plugin: str, connection: Connection, work: Awaitable[T]) -> T:
    """Return the result of work in a transaction; its failure is a Problem, which refuses the entries.

    Raises:
        Problem: its own, or a 500 for another exception and for a statement whose error was not raised.
        TimeoutError: it takes longer than `SECONDS`.
        psycopg.Error: the database is down, or the transaction is to be repeated.
    """
    try:
        async with asyncio.timeout(SECONDS):
            result = await work
    except (Problem, TimeoutError):
        raise
    except Exception as error:
        if isinstance(error, psycopg.Error) and failure_of(error) is Failure.RETRY:
            raise
        log.exception("plugin %r failed in the transaction that stores usage", plugin)
        raise Problem(500, FAILED.format(plugin=plugin)) from error
    if connection.info.transaction_status == TransactionStatus.INERROR:
        log.error("plugin %r ignored the error of a statement in the transaction that stores usage", plugin)
        raise Problem(500, FAILED.format(plugin=plugin))
    return result
