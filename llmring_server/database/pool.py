"""The database as features see it: a pool of connections, opened and closed with the server."""

import asyncio
import contextlib
import logging
import os
import select
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString, TypeVar, cast

import msgspec
import psycopg
import psycopg_pool
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import class_row, dict_row
from psycopg.types.json import set_json_loads

from llmring_server.database.embedded import EmbeddedPostgres
from llmring_server.database.migrate import Source, State, apply, status
from llmring_server.errors import StartupError
from llmring_server.settings import Settings

log = logging.getLogger(__name__)

ACQUIRE_SECONDS = 1.5
CONNECT_SECONDS = 5
# Statistics sort and hash tens of thousands of sums; compiling such a query takes longer than running it.
TUNING = "-c work_mem=16MB -c jit=off"
PING_SECONDS = 1.0
GRACE_SECONDS = 0.5
FIRST_CONNECTIONS = 2
GROWTH_INTERVAL_SECONDS = 30.0
WAIT_SECONDS = 0.5
REFUSED = (errors.InvalidAuthorizationSpecification, errors.InvalidCatalogName)

Connection = psycopg.AsyncConnection[Any]
Params = Sequence[Any] | dict[str, Any] | None
T = TypeVar("T")


class Database:
    """PostgreSQL with this deployment's schema first in the search path, in UTC.

    Nothing is opened before `open`. Every wait is bounded: `ACQUIRE_SECONDS` for a connection, `database_timeout`
    for a statement; past either the caller sees `psycopg.OperationalError`, which HTTP gives as 503. Bound a
    shorter wait with `connection(seconds)`, not with `asyncio.timeout`, on which psycopg first asks a perhaps hung
    server to cancel.
    """

    def __init__(self, settings: Settings, sources: Sequence[Source]) -> None:
        self._settings = settings
        self._sources = tuple(sources)
        self._embedded = EmbeddedPostgres(settings.data_dir)
        self._pool: psycopg_pool.AsyncConnectionPool[Connection] | None = None
        self._growth: asyncio.Task[None] | None = None
        self.conninfo = ""

    async def open(self) -> None:
        """Start the bundled server if it is ours, migrate, and open the pool.

        Raises:
            StartupError: the database cannot be reached or a migration fails.
        """
        await asyncio.to_thread(self.prepare)
        await asyncio.to_thread(wait_for, self.conninfo, self._settings.database_wait)
        if self._settings.database_migrate:
            await asyncio.to_thread(self.migrate)
        self._pool = psycopg_pool.AsyncConnectionPool(
            self.conninfo,
            kwargs={"autocommit": True},
            open=False,
            min_size=min(FIRST_CONNECTIONS, self._settings.pool_size),
            max_size=self._settings.pool_size + self._settings.pool_overflow,
            timeout=ACQUIRE_SECONDS,
            reconnect_timeout=CONNECT_SECONDS,
            configure=_prepare,
            name="llmring",
        )
        await self._pool.open()
        self._growth = asyncio.create_task(self._keep_what_grew(), name="llmring pool growth")

    async def close(self) -> None:
        """Close the pool, and leave the bundled server."""
        if self._growth is not None:
            self._growth.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._growth
        if self._pool is not None:
            await self._pool.close(timeout=CONNECT_SECONDS)
        await asyncio.to_thread(self._embedded.stop)

    def prepare(self) -> None:
        """Make the connection string, with the bundled server running behind it if it is ours. Blocks.

        Raises:
            StartupError: the URL does not parse, or the bundled server does not start.
        """
        given = self._settings.database_url
        url = given.get_secret_value() if given else self._embedded.start()
        self.conninfo = connection_string(url, self._settings.database_schema)

    def release(self) -> None:
        """Leave the bundled server after `prepare` without `open`, as commands do. Blocks."""
        self._embedded.stop()

    def migrate(self) -> list[str]:
        """Apply pending migrations and return their ids. Blocks."""
        return apply(self.conninfo, self._settings.database_schema, self._sources)

    def migrations(self) -> list[State]:
        """Return every migration and whether it has been applied. Blocks."""
        return status(self.conninfo, self._settings.database_schema, self._sources)

    @asynccontextmanager
    async def connection(self, seconds: float | None = None) -> AsyncIterator[Connection]:
        """Lend a connection on which every statement commits by itself; `seconds` bounds the whole of it."""
        loop = asyncio.get_running_loop()
        limit = seconds or self._settings.database_timeout
        deadline = loop.time() + limit
        async with asyncio.timeout(limit + GRACE_SECONDS), self._lent(min(limit, ACQUIRE_SECONDS)) as connection:
            alarm = loop.call_at(deadline, hang_up, connection)
            try:
                yield connection
            finally:
                alarm.cancel()

    @asynccontextmanager
    async def _lent(self, seconds: float) -> AsyncIterator[Connection]:
        """Lend a connection of the pool, passing over those on which the server has hung up since."""
        pool, until = self.pool, time.monotonic() + seconds
        while True:
            connection = await pool.getconn(until - time.monotonic())
            try:
                if await _still_open(connection):
                    async with connection:
                        yield connection
                    return
            finally:
                await pool.putconn(connection)

    @asynccontextmanager
    async def transaction(self, seconds: float | None = None) -> AsyncIterator[Connection]:
        """Lend a connection in a transaction that commits at the end, and rolls back when the block raises."""
        async with self.connection(seconds) as connection, connection.transaction():
            yield connection

    async def fetch(self, query: LiteralString, params: Params = None) -> list[dict[str, Any]]:
        """Return the rows of a statement as dicts."""
        return cast("list[dict[str, Any]]", await self._run(query, params, dict_row))

    async def rows(self, model: type[T], query: LiteralString, params: Params = None) -> list[T]:
        """Return the rows of a statement as `model`, whose fields are the columns."""
        return cast("list[T]", await self._run(query, params, class_row(model)))

    async def one(self, model: type[T], query: LiteralString, params: Params = None) -> T | None:
        """Return the first row of a statement as `model`, or None."""
        found = await self.rows(model, query, params)
        return found[0] if found else None

    async def execute(self, query: LiteralString, params: Params = None) -> int:
        """Run a statement and return how many rows it touched."""
        async with self.connection() as connection:
            return (await connection.execute(query, params)).rowcount

    async def ping(self) -> None:
        """Ask the database for nothing; raises when it does not answer."""
        await self._run("SELECT 1", None, dict_row, PING_SECONDS)

    @property
    def pool(self) -> "psycopg_pool.AsyncConnectionPool[Connection]":
        """The open pool.

        Raises:
            psycopg.InterfaceError: the server is not running.
        """
        if self._pool is None:
            raise psycopg.InterfaceError("the database is not open; it opens in the server's lifespan")
        return self._pool

    async def _run(self, query: LiteralString, params: Params, rows: Any, seconds: float | None = None) -> Any:
        async with self.connection(seconds) as connection, connection.cursor(row_factory=rows) as cursor:
            await cursor.execute(query, params)
            return await cursor.fetchall() if cursor.description else []

    async def _keep_what_grew(self) -> None:
        """Keep connections that load has opened, up to the pool size; only the overflow is closed when idle."""
        while True:
            await asyncio.sleep(GROWTH_INTERVAL_SECONDS)
            grown = self.pool.get_stats().get("pool_size", 0)
            kept = min(max(grown, FIRST_CONNECTIONS), self._settings.pool_size)
            if kept > self.pool.min_size:
                await self.pool.resize(kept, self.pool.max_size)


def wait_for(conninfo: str, seconds: float) -> None:
    """Wait for a database that comes later than its server, `seconds` at most. Blocks.

    One that answers and refuses is not waited for, and what is wrong when the time is up is left to whoever connects.
    """
    until = time.monotonic() + seconds
    told = False
    while time.monotonic() < until:
        try:
            psycopg.connect(conninfo).close()
        except REFUSED:
            return
        except psycopg.OperationalError as error:
            if not told:
                log.warning("waiting up to %.0f s for the database: %s", seconds, str(error).strip().partition("\n")[0])
            told = True
            time.sleep(WAIT_SECONDS)
        else:
            return


async def _prepare(connection: Connection) -> None:
    """Give JSON columns as `msgspec.Raw`, every digit as stored; let the server drop statements we hung up on."""
    set_json_loads(msgspec.Raw, connection)
    with contextlib.suppress(psycopg.DataError):  # a server on Windows cannot watch its clients
        await connection.execute("SET client_connection_check_interval = '1s'")


async def _still_open(connection: Connection) -> bool:
    """Whether the server has not hung up on an idle connection: only then there is nothing to read. No round trip."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        with contextlib.suppress(psycopg.OperationalError):
            await psycopg_pool.AsyncConnectionPool.check_connection(connection)
    return not connection.closed


def hang_up(connection: Connection) -> None:
    """End a connection whose time is up, so that its statement fails now; asking a hung server to cancel would wait."""
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


def connection_string(url: str, schema: str) -> str:
    """Return libpq's connection string for `url`, with our schema, UTC and a bounded connect.

    Raises:
        StartupError: the URL does not parse; it is not repeated, since it holds a password.
    """
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise StartupError("LLMRING_DATABASE_URL is no PostgreSQL connection string") from error
    options = f"{given.get('options', '')} -c search_path={schema} -c timezone=UTC {TUNING}".strip()
    defaults: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "application_name": "llmring-server"}
    return make_conninfo("", **{**defaults, **given, "options": options})
