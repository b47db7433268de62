"""Connections to the database: their number, whether one is open, its rows a few at a time, and its end."""

import asyncio
import contextlib
import os
import select
import socket
from collections.abc import AsyncGenerator, Sequence
from typing import Any, LiteralString, TypeVar, cast

import psycopg
import psycopg_pool

Connection = psycopg.AsyncConnection[Any]
Params = Sequence[Any] | dict[str, Any] | None
T = TypeVar("T")
GROWTH_INTERVAL_SECONDS = 30.0
STREAMED_ROWS = 4  # in memory at once


async def retain_grown_pool(pool: "psycopg_pool.AsyncConnectionPool[Connection]", smallest: int, largest: int) -> None:
    """Keep connections that were opened under load up to the pool size; only the overflow is closed when idle."""
    while True:
        await asyncio.sleep(GROWTH_INTERVAL_SECONDS)
        size = min(max(pool.get_stats().get("pool_size", 0), smallest), largest)
        if size > pool.min_size:
            await pool.resize(size, pool.max_size)


async def is_open(connection: Connection) -> bool:
    """Whether the server has not closed an idle connection: there is nothing to read then. No round trip."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        with contextlib.suppress(psycopg.OperationalError):
            await psycopg_pool.AsyncConnectionPool.check_connection(connection)
    return not connection.closed


def stream_rows(
    cursor: psycopg.AsyncCursor[T], query: LiteralString, params: Params = None
) -> "contextlib.aclosing[AsyncGenerator[T, None]]":
    """Run a statement and read a few rows at a time; leaving the block early cancels the statement."""
    rows = STREAMED_ROWS if psycopg.capabilities.has_stream_chunked() else 1
    return contextlib.aclosing(cast("AsyncGenerator[T, None]", cursor.stream(query, params, size=rows)))


def abort_connection(connection: Connection) -> None:
    """Shut down the socket of a connection, so that its statement fails now, even when the server hangs."""
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)
