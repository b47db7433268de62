"""Where batches are stored: one statement a batch, and what to do when PostgreSQL refuses it."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import psycopg
from psycopg import errors
from psycopg.rows import class_row

from llmring_server.database import Database
from llmring_server.database.pool import Connection, abort_connection
from llmring_server.http import codec
from llmring_server.http.errors import DATABASE_AWAY, Problem, Unavailable
from llmring_usage.ingest.insert_sql import REPLAYED, STORE_KEYED, STORE_UNKEYED
from llmring_usage.ingest.receipts import Made, Receipts, unmade, with_receipt
from llmring_usage.models import series
from llmring_usage.models.responses import Deferred, Logged
from llmring_usage.models.rows import Row
from llmring_usage.settings import UsageSettings
from llmring_usage.tables.partitions import Partitions, months_of

Outcome = Logged | Problem
Key = tuple[str, str | None]
Cursor = psycopg.AsyncRawCursor[Any]

CONTENDED = (errors.DeadlockDetected, errors.SerializationFailure)
REFUSED = (psycopg.DataError, psycopg.IntegrityError, errors.ProgramLimitExceeded, errors.StatementTooComplex)
ATTEMPTS = 8
PAUSE_SECONDS = 0.02
CANCEL_SECONDS = 0.2
# A string would be encoded and hashed anew for every batch.
UNKEYED, KEYED = STORE_UNKEYED.encode(), STORE_KEYED.encode()

log = logging.getLogger(__name__)


class Kept(msgspec.Struct, frozen=True):
    """What was answered under an idempotency key."""

    project_id: str
    key: str
    fingerprint: str
    log_id: str
    cost: Any
    cost_source: str | None
    cost_status: str
    occurred_at: Any


class Ledger:
    """Stores rows with their rollups and keys, exactly once, and says for each row what came of it.

    A connection and its cursor are kept from batch to batch until `rest`; one task at a time may call `store`.
    """

    def __init__(self, database: Database, partitions: Partitions, settings: UsageSettings, receipts: Receipts) -> None:
        self._database = database
        self._partitions = partitions
        self._receipts = receipts
        self._chance = random.SystemRandom()
        self._zone = settings.timezone
        self._slot = self._chance.randrange(settings.rollup_slots)
        self._key_seconds = settings.idempotency_hours * 3600
        self._cursor: Cursor | None = None

    async def store(self, rows: Sequence[Row], deadline: float) -> list[Outcome]:
        """Store a batch in one transaction and return each row's outcome, in order, by `deadline` (the loop's time).

        A row that PostgreSQL refuses fails alone. A connection lost in the middle leaves it open whether the batch was
        committed: it is sent again with the same ids, which the primary key stores once.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database is away; nothing is known to be stored.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._store(rows, deadline)
            except errors.UniqueViolation:
                if attempt > 1:
                    known = {row.id for row in rows if not row.idempotency_key}
                    outcomes = _settled(rows, known, await self._kept(rows, known, deadline))
                    return await self._with_receipts(rows, outcomes, {}, deadline)
                raise
            except (errors.CheckViolation, errors.UndefinedTable):
                self._partitions.forget()
                if attempt == ATTEMPTS:
                    raise
            except REFUSED as error:
                return await self._store_apart(rows, error, deadline)
            except (*CONTENDED, *DATABASE_AWAY):
                if attempt == ATTEMPTS or _now() >= deadline:
                    raise
                await asyncio.sleep(PAUSE_SECONDS * attempt * self._chance.random())
        raise AssertionError("unreachable")

    async def store_within(self, connection: Connection, row: Row) -> None:
        """Store one row without a key in the caller's transaction; the partition of its month must be there."""
        await self._send(Cursor(connection), [row], keyed=False)
        await self._receipts.issue(connection, [row])

    async def rest(self) -> None:
        """Give the kept connection back to the pool."""
        cursor, self._cursor = self._cursor, None
        if cursor is not None:
            await self._database.pool.putconn(cursor.connection)

    async def _store(self, rows: Sequence[Row], deadline: float) -> list[Outcome]:
        await self._partitions.ensure(months_of([row.occurred_at for row in rows]), deadline - _now())
        keyed = any(row.idempotency_key for row in rows)
        sent = _first_of_each_key(rows) if keyed else rows
        async with self._holding(deadline) as cursor:
            stored, made = await self._write(cursor, sent, keyed=keyed)
        if not keyed:
            return await self._with_receipts(rows, [_logged(row) for row in rows], made, deadline)
        stored |= {row.id for row in rows if not row.idempotency_key}
        outcomes = _settled(rows, stored, await self._kept(rows, stored, deadline))
        return await self._with_receipts(rows, outcomes, made, deadline)

    async def _write(self, cursor: Cursor, rows: Sequence[Row], *, keyed: bool) -> tuple[set[str], Made]:
        """Run the one statement, in a transaction with the receipts where calls get such."""
        if not self._receipts.wanted:
            return await self._send(cursor, rows, keyed=keyed), {}
        async with cursor.connection.transaction():
            stored = await self._send(cursor, rows, keyed=keyed)
            news = [row for row in rows if not row.idempotency_key or row.id in stored]
            return stored, await self._receipts.issue(cursor.connection, news)

    async def _with_receipts(
        self, rows: Sequence[Row], outcomes: list[Outcome], made: Made, deadline: float
    ) -> list[Outcome]:
        """Return the answers with their receipts, those of entries that were stored before looked up."""
        if not self._receipts.wanted:
            return outcomes
        before = unmade(rows, outcomes, made)
        if before:
            async with self._holding(deadline) as cursor:
                made = {**made, **await self._receipts.find(cursor.connection, before)}
        return [with_receipt(one, made) if isinstance(one, Logged) else one for one in outcomes]

    @asynccontextmanager
    async def _holding(self, deadline: float) -> AsyncIterator[Cursor]:
        """Hold the kept cursor, or one of the pool's, until the deadline: then its statement is cancelled."""
        left = max(deadline - _now(), 0.001)
        if self._cursor is None:
            self._cursor = Cursor(await self._database.pool.getconn(left))
        cursor, connection, ended = self._cursor, self._cursor.connection, []
        alarm = asyncio.get_running_loop().call_at(
            deadline - min(CANCEL_SECONDS, left / 2),
            lambda: ended.append(asyncio.create_task(_end(connection), name="llmring usage cancel")),
        )
        try:
            yield cursor
        finally:
            alarm.cancel()
            if ended:
                await ended[0]
                await connection.close()
            if connection.closed:
                await self.rest()

    async def _send(self, cursor: Cursor, rows: Sequence[Row], *, keyed: bool) -> set[str]:
        """Run the one statement, and return the ids of the keyed rows that were new."""
        params = [*series.encode(rows), self._zone, self._slot]
        await cursor.execute(*((KEYED, [*params, self._key_seconds]) if keyed else (UNKEYED, params)))
        return {found[0] for found in await cursor.fetchall()} if keyed else set()

    async def _store_apart(self, rows: Sequence[Row], error: psycopg.Error, deadline: float) -> list[Outcome]:
        """Halve a refused batch until the row at fault stands alone."""
        if len(rows) == 1:
            return [refused(error)]
        half = len(rows) // 2
        return [*await self.store(rows[:half], deadline), *await self.store(rows[half:], deadline)]

    async def _kept(self, rows: Sequence[Row], stored: set[str], deadline: float) -> dict[Key, Kept]:
        """Return what is kept under the keys of the rows that were not stored."""
        asked = [dict(zip(("project_id", "key"), _key(row), strict=True)) for row in rows if row.id not in stored]
        if not asked:
            return {}
        async with self._holding(deadline) as held, held.connection.cursor(row_factory=class_row(Kept)) as cursor:
            await cursor.execute(REPLAYED, {"keys": codec.encode(asked).decode()})
            return {(one.project_id, one.key): one for one in await cursor.fetchall()}


async def _end(connection: Connection) -> None:
    """Have the server drop a statement whose time is up, then hang up: a server that hangs is not waited for."""
    try:
        await connection.cancel_safe(timeout=CANCEL_SECONDS)
    except psycopg.Error as error:
        log.debug("a statement could not be cancelled: %s", error)
    abort_connection(connection)


def _settled(rows: Sequence[Row], stored: set[str], kept: Mapping[Key, Kept]) -> list[Outcome]:
    """Return the answer of each row: its own when it was stored, else the one kept under its key."""
    return [_logged(row) if row.id in stored else _replayed(row, kept.get(_key(row))) for row in rows]


def _now() -> float:
    return asyncio.get_running_loop().time()


def refused(error: psycopg.Error) -> Problem:
    """Return the 422 for an entry that PostgreSQL refuses."""
    reason = (error.diag.message_primary or str(error)).partition("\n")[0]
    return Problem(422, f"the entry cannot be stored: {reason}")


def _key(row: Row) -> Key:
    return row.series.project_id, row.idempotency_key


def _first_of_each_key(rows: Sequence[Row]) -> list[Row]:
    """Return the rows without those whose key an earlier row of the batch has; one statement touches a key once."""
    seen: set[Key] = set()
    first: list[Row] = []
    for row in rows:
        if row.idempotency_key is None or _key(row) not in seen:
            first.append(row)
            seen.add(_key(row))
    return first


def _logged(row: Row) -> Logged:
    return Logged(row.id, row.cost, row.series.cost_source, row.series.cost_status, row.occurred_at)


def deferred(row: Row) -> Deferred:
    """Return the answer for a row that waits in the journal."""
    return Deferred(row.id, row.cost, row.series.cost_source, row.series.cost_status, row.occurred_at)


def _replayed(row: Row, kept: Kept | None) -> Outcome:
    if kept is None:
        return Unavailable("the entry that holds this idempotency key is not settled yet; try again")
    if kept.log_id != row.id and kept.fingerprint != row.fingerprint:
        return Problem(409, f"idempotency key {row.idempotency_key!r} was used for another entry; use a new one")
    return Logged(kept.log_id, kept.cost, kept.cost_source, kept.cost_status, kept.occurred_at)
