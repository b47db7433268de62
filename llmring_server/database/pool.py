"""The database for features: a pool of connections, opened and closed with the server."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, LiteralString, TypeVar, cast

import psycopg
import psycopg_pool
from psycopg.rows import class_row, dict_row

from llmring_server.database import addresses
from llmring_server.database.checks import clock
from llmring_server.database.checks.writable import WritableCheck
from llmring_server.database.cluster.distribute import Placement, distribute, is_distributed
from llmring_server.database.cluster.nodes import lost_nodes
from llmring_server.database.connections import (
    Connection,
    Params,
    abort_connection,
    is_open,
    retain_grown_pool,
    stream_rows,
)
from llmring_server.database.embedded import EmbeddedPostgres
from llmring_server.database.embedded.supervision import supervise
from llmring_server.database.migrate import Source, State, apply, check_database, status
from llmring_server.database.waiting import wait_for
from llmring_server.errors import DatabaseDown
from llmring_server.runtime.listener_limit import ListenerLimit
from llmring_server.settings import Settings

log = logging.getLogger(__name__)

ACQUIRE_SECONDS = 1.5
PING_SECONDS = 1.0
GRACE_SECONDS = 0.5
FIRST_CONNECTIONS = 2
DRAIN_INTERVAL_SECONDS = 1.0
PAGE_BYTES = 1024 * 1024

T = TypeVar("T")


class Database:
    """PostgreSQL with this deployment's schema first in the search path, in UTC.

    Nothing is opened before `open`. Every wait is limited: `ACQUIRE_SECONDS` for a connection, `database_timeout`
    for a statement; after that `psycopg.OperationalError` is raised, which HTTP returns as 503. For a shorter limit
    use `connection(seconds)`, not `asyncio.timeout`: psycopg would first cancel at a server that may hang. Listeners of
    events hold at most a quarter of the connections together. `distributed` is whether the tables were distributed over
    a Citus cluster when it was opened.
    """

    def __init__(self, settings: Settings, sources: Sequence[Source]) -> None:
        self._settings, self._sources = settings, tuple(sources)
        self._embedded = EmbeddedPostgres(settings.data_dir)
        self._pool: psycopg_pool.AsyncConnectionPool[Connection] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._url, self._addresses = "", addresses.Addresses("", "")
        self._drained_at = 0.0
        self._writable, self.distributed = WritableCheck(), False
        self._listeners = ListenerLimit(settings.pool_size + settings.pool_overflow)

    async def open(self) -> None:
        """Start the bundled server if it is used, migrate, and open the pool; after an error it may be called again.

        Raises:
            DatabaseDown: the database does not answer in time.
            StartupError: the database cannot be reached, its tables are of another application or a newer version, a
                migration fails, or sessions lack required settings.
        """
        await asyncio.to_thread(self.prepare)
        await asyncio.to_thread(wait_for, self.conninfo, self._settings.database_wait)
        if self._settings.database_migrate:
            await asyncio.to_thread(self.migrate)
        else:
            await asyncio.to_thread(check_database, self.conninfo, self._settings.database_schema, self._sources)
        self._pool = self._make_pool()
        try:
            await self._pool.open()
            await self._check_first_session()
        except BaseException:
            await self._close_pool()
            raise
        growth = retain_grown_pool(self._pool, FIRST_CONNECTIONS, self._settings.pool_size)
        self._tasks.append(asyncio.create_task(growth, name="llmring pool growth"))
        if self._settings.embedded:
            watch = supervise(self._embedded, self._url)
            self._tasks.append(asyncio.create_task(watch, name="llmring bundled PostgreSQL"))

    async def close(self) -> None:
        """Close the pool, and stop using the bundled server."""
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._close_pool()
        await asyncio.to_thread(self._embedded.stop)

    async def _close_pool(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close(timeout=addresses.CONNECT_SECONDS)

    def prepare(self) -> None:
        """Set the database's addresses, and start the bundled server if it is used. Blocks.

        Raises:
            StartupError: an address is invalid, or the bundled server does not start.
        """
        given = self._settings.database_url
        self._url = given.get_secret_value() if given else self._embedded.start()
        self._addresses = addresses.find(self._settings, self._url)

    @property
    def conninfo(self) -> str:
        """PostgreSQL's own connection string, for dedicated sessions; '' before `prepare`."""
        return self._addresses.direct

    @property
    def programs(self) -> Path | None:
        """The folder of the bundled server's programs; None when the system's are used."""
        return self._embedded.programs

    def release(self) -> None:
        """Stop using the bundled server after `prepare` without `open`, as in commands. Blocks."""
        self._embedded.stop()

    def migrate(self) -> list[str]:
        """Apply pending migrations, distribute new tables if configured, and return the ids. Blocks."""
        applied = apply(self.conninfo, self._settings.database_schema, self._sources)
        if self._settings.database_distribute:
            self.distribute()
        return applied

    def distribute(self, shards: int | None = None) -> list[Placement]:
        """Distribute the tables with projects' data over a Citus cluster, and return all placements. Blocks."""
        return distribute(self.conninfo, self._settings.database_schema, self._sources, shards)

    def migrations(self) -> list[State]:
        """Return every migration and whether it has been applied. Blocks."""
        return status(self.conninfo, self._settings.database_schema, self._sources)

    @asynccontextmanager
    async def connection(self, seconds: float | None = None) -> AsyncIterator[Connection]:
        """Yield a connection in autocommit mode; `seconds` limits the whole block."""
        loop, limit = asyncio.get_running_loop(), seconds or self._settings.database_timeout
        async with (
            self._listeners.slot(),
            asyncio.timeout_at((deadline := loop.time() + limit) + GRACE_SECONDS),
            self._checkout(min(limit, ACQUIRE_SECONDS)) as connection,
        ):
            alarm = loop.call_at(deadline, abort_connection, connection)
            try:
                with lost_nodes(distributed=self.distributed):
                    yield connection
            except psycopg.errors.ReadOnlySqlTransaction:
                await self.replace_connections()
                raise
            finally:
                alarm.cancel()

    @asynccontextmanager
    async def _checkout(self, seconds: float) -> AsyncIterator[Connection]:
        """Yield a connection of the pool, skipping those that the server has closed."""
        pool, until = self.pool, time.monotonic() + seconds
        while True:
            connection = await pool.getconn(until - time.monotonic())
            try:
                if await is_open(connection):
                    async with connection:
                        yield connection
                    return
            finally:
                await pool.putconn(connection)

    @asynccontextmanager
    async def transaction(self, seconds: float | None = None) -> AsyncIterator[Connection]:
        """Yield a connection in a transaction that commits at the end, and rolls back when the block raises."""
        async with self.connection(seconds) as connection, connection.transaction():
            yield connection

    async def fetch(self, query: LiteralString, params: Params = None) -> list[dict[str, Any]]:
        """Return the rows of a statement as dicts."""
        return cast("list[dict[str, Any]]", await self._run(query, params, dict_row))

    async def rows(self, model: type[T], query: LiteralString, params: Params = None) -> list[T]:
        """Return the rows of a statement as instances of `model`, whose fields are the columns."""
        return cast("list[T]", await self._run(query, params, class_row(model)))

    async def one(self, model: type[T], query: LiteralString, params: Params = None) -> T | None:
        """Return the first row of a statement as an instance of `model`, or None."""
        found = await self.rows(model, query, params)
        return found[0] if found else None

    async def page(
        self,
        model: type[T],
        query: LiteralString,
        params: Params,
        limit: int,
        *,
        size_of: Callable[[T], int],
        max_bytes: int = PAGE_BYTES,
    ) -> tuple[list[T], bool]:
        """Return at most `limit` rows of a statement and about `max_bytes`, at least one, and whether it has more.

        Rows are read a few at a time, so that hardly more than a page of them is in memory. `size_of` returns the bytes
        of a row.
        """
        found: list[T] = []
        size = 0
        async with (
            self.connection() as connection,
            connection.cursor(row_factory=class_row(model)) as cursor,
            stream_rows(cursor, query, params) as rows,
        ):
            async for row in rows:
                size += size_of(row)
                if found and (len(found) == limit or size > max_bytes):
                    return found, True
                found.append(row)
        return found, False

    async def execute(self, query: LiteralString, params: Params = None) -> int:
        """Run a statement and return the number of affected rows."""
        async with self.connection() as connection:
            return (await connection.execute(query, params)).rowcount

    async def ping(self) -> None:
        """Run an empty query; raises when the database does not answer."""
        await self._run("SELECT 1", None, dict_row, PING_SECONDS)

    async def check_writable(self) -> None:
        """Check that the database answers, is not read-only, and has space on its disk (every few seconds).

        Raises:
            psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.DiskFull: it answers, but stores nothing.
            psycopg.OperationalError, psycopg_pool.PoolTimeout, TimeoutError: it does not answer.
        """
        async with self.connection(PING_SECONDS) as connection:
            await self._writable.run(connection)

    async def replace_connections(self) -> None:
        """Open new connections in place of those that were read-only, as after a failover to another server."""
        now = time.monotonic()
        if now - self._drained_at >= DRAIN_INTERVAL_SECONDS:
            self._drained_at = now
            await self.pool.drain()

    async def check_clock(self) -> None:
        """Compare this machine's clock with the database's, before work that cannot be undone; raises `WrongClock`."""
        await clock.check(self.fetch)

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

    def _make_pool(self) -> "psycopg_pool.AsyncConnectionPool[Connection]":
        options: dict[str, Any] = {"autocommit": True}
        if self._addresses.pooler:
            options["prepare_threshold"] = None  # a prepared statement stays in one session, the next may be another
        return psycopg_pool.AsyncConnectionPool(
            self._addresses.pooled,
            kwargs=options,
            open=False,
            min_size=min(FIRST_CONNECTIONS, self._settings.pool_size),
            max_size=self._settings.pool_size + self._settings.pool_overflow,
            timeout=ACQUIRE_SECONDS,
            reconnect_timeout=addresses.CONNECT_SECONDS,
            configure=addresses.configure_json if self._addresses.pooler else addresses.configure,
            name="llmring",
        )

    async def _check_first_session(self) -> None:
        """Wait for the pool as long as for the database itself, and check the settings of one session."""
        try:
            await self.pool.wait(max(ACQUIRE_SECONDS, self._settings.database_wait))
            found = await self.rows(addresses.Session, addresses.SESSION)
        except psycopg.OperationalError as error:
            raise DatabaseDown(f"the database does not answer; see {addresses.URL}") from error
        addresses.check(found[0], self._settings.database_schema)
        self.distributed = await is_distributed(self.fetch)
