"""The usage repository: stores each batch with a single statement, with retries, and isolates rejected rows."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any

import msgspec
import psycopg
import psycopg_pool
from psycopg import errors
from psycopg.rows import class_row

from llmring_server.database import Database
from llmring_server.database.cluster.nodes import lost_nodes
from llmring_server.database.connections import Connection, abort_connection
from llmring_server.http import codec
from llmring_server.http.errors import Problem, Unavailable
from llmring_usage.ingest.names_limit import MARK_FULL_DAYS, NamesLimit
from llmring_usage.ingest.receipts import EntryReceipts, ReceiptsById, missing_receipts, with_receipt
from llmring_usage.ingest.storage.cluster import ClusterStore
from llmring_usage.ingest.storage.failures import Failure, failure_of
from llmring_usage.ingest.storage.insert_sql import SELECT_KEYS, STORE
from llmring_usage.models import series
from llmring_usage.models.responses import DeferredLogResponse, UsageLogResponse
from llmring_usage.models.rows import UsageRow, key_expiry
from llmring_usage.settings import UsageSettings
from llmring_usage.tables.partitions import Partitions, months_of

Outcome = UsageLogResponse | Problem
Key = tuple[str, str | None]
Cursor = psycopg.AsyncRawCursor[Any]

ATTEMPTS = 8
UNLIMITED = timedelta(days=365 * 300)  # keys expire with the raw rows only
PAUSE_SECONDS = 0.02
CANCEL_SECONDS = 0.2
RARE = (attrgetter("rare_counts"), attrgetter("processing"), attrgetter("speed"))

log = logging.getLogger(__name__)


class StoredResponse(msgspec.Struct, frozen=True):
    """The response stored under an idempotency key."""

    project_id: str
    key: str
    fingerprint: str
    log_id: str
    cost: Any
    cost_source: str | None
    cost_status: str
    occurred_at: Any
    price_notes: msgspec.Raw | None


class UsageRepository:
    """Stores rows with their rollups and keys, exactly once, and returns each row's outcome.

    A connection and its cursor are reused across batches until `release_connection`; only one task at a time may call
    `store`.
    """

    def __init__(
        self, database: Database, partitions: Partitions, settings: UsageSettings, receipts: EntryReceipts,
        names: NamesLimit | None = None,
    ) -> None:  # fmt: skip
        self._database = database
        self._partitions = partitions
        self._receipts = receipts
        self._random = random.SystemRandom()
        self._zone = settings.timezone
        self._tags = list(settings.tags)
        self._names = names or NamesLimit(settings.names_per_day)
        self._slot = self._random.randrange(settings.rollup_slots)
        self._key_lifetime = timedelta(hours=settings.idempotency_hours) or UNLIMITED
        self._cluster = ClusterStore(database, self._zone, self._slot, self._tags, self._key_lifetime)
        self._cursor: Cursor | None = None

    async def store(self, rows: Sequence[UsageRow], deadline: float) -> list[Outcome]:
        """Store a batch in one transaction and return each row's outcome, in order, by `deadline` (the loop's time).

        A row that PostgreSQL rejects fails alone. After a lost connection it is unknown whether the batch was
        committed: it is sent again with the same ids, which the primary key stores once.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database is down; nothing is known to be stored.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with lost_nodes(distributed=self._database.distributed):
                    return await self._store(rows, deadline)
            except Problem as refusal:  # of a plugin in the transaction
                return await self._bisect(rows, refusal, deadline)
            except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
                failure = failure_of(error)
                if failure is Failure.DUPLICATE and attempt > 1:
                    return await self._stored_earlier(rows, deadline)
                if failure is Failure.REJECTED:
                    return await self._bisect(rows, error, deadline)
                if failure not in (Failure.NO_PARTITION, Failure.RETRY) or attempt == ATTEMPTS:
                    raise
                if failure is Failure.NO_PARTITION:
                    self._partitions.forget_known()
                elif _now() >= deadline:
                    raise
                else:
                    await asyncio.sleep(PAUSE_SECONDS * attempt * self._random.random())
        raise AssertionError("unreachable")

    async def _stored_earlier(self, rows: Sequence[UsageRow], deadline: float) -> list[Outcome]:
        """Return the outcomes of rows that an earlier attempt has stored."""
        known = {row.id for row in rows if not row.idempotency_key}
        outcomes = _outcomes(rows, known, await self._find_stored(rows, known, deadline))
        return await self._with_receipts(rows, outcomes, {}, deadline)

    async def store_in_transaction(self, connection: Connection, row: UsageRow) -> None:
        """Store a row that has no key in the caller's transaction; the partition of its month must exist."""
        await self._execute(Cursor(connection), [row], keyed=False)
        await self._receipts.issue(connection, [row])

    async def release_connection(self) -> None:
        """Return the reused connection to the pool, or close it if the database is closed already."""
        cursor, self._cursor = self._cursor, None
        if cursor is None:
            return
        try:
            await self._database.pool.putconn(cursor.connection)
        except psycopg.InterfaceError:
            await cursor.connection.close()

    async def _store(self, rows: Sequence[UsageRow], deadline: float) -> list[Outcome]:
        await self._partitions.ensure(months_of([row.occurred_at for row in rows]), deadline - _now())
        keyed = any(row.idempotency_key for row in rows)
        sent = _first_of_each_key(rows) if keyed else rows
        async with self._borrow_cursor(deadline) as cursor:
            stored, receipts = await self._insert(cursor, sent, keyed=keyed)
        if not keyed:
            return await self._with_receipts(rows, [_response(row) for row in rows], receipts, deadline)
        stored |= {row.id for row in rows if not row.idempotency_key}
        outcomes = _outcomes(rows, stored, await self._find_stored(rows, stored, deadline))
        return await self._with_receipts(rows, outcomes, receipts, deadline)

    async def _insert(self, cursor: Cursor, rows: Sequence[UsageRow], *, keyed: bool) -> tuple[set[str], ReceiptsById]:
        """Store rows in one transaction, with the receipts where they are issued."""
        if not self._receipts.in_transaction and not self._database.distributed:
            return await self._execute(cursor, rows, keyed=keyed), {}
        async with cursor.connection.transaction():
            stored = await self._execute(cursor, rows, keyed=keyed)
            new = [row for row in rows if not row.idempotency_key or row.id in stored]
            return stored, await self._receipts.issue(cursor.connection, new)

    async def _with_receipts(
        self, rows: Sequence[UsageRow], outcomes: list[Outcome], issued: ReceiptsById, deadline: float
    ) -> list[Outcome]:
        """Return the responses with their receipts; those of entries that were stored earlier are looked up."""
        if not self._receipts.enabled:
            return outcomes
        missing = missing_receipts(rows, outcomes, issued)
        if missing:
            async with self._borrow_cursor(deadline) as cursor:
                issued = {**issued, **await self._receipts.find(cursor.connection, missing)}
        return [with_receipt(one, issued) if isinstance(one, UsageLogResponse) else one for one in outcomes]

    @asynccontextmanager
    async def _borrow_cursor(self, deadline: float) -> AsyncIterator[Cursor]:
        """Yield the reused cursor, or one from the pool; at the deadline, its statement is cancelled."""
        left = max(deadline - _now(), 0.001)
        if self._cursor is None:
            self._cursor = Cursor(await self._database.pool.getconn(left))
        cursor, connection, cancelled = self._cursor, self._cursor.connection, []
        alarm = asyncio.get_running_loop().call_at(
            deadline - min(CANCEL_SECONDS, left / 2),
            lambda: cancelled.append(asyncio.create_task(_cancel_statement(connection), name="llmring usage cancel")),
        )
        try:
            yield cursor
        except errors.ReadOnlySqlTransaction:
            await self._database.replace_connections()
            await self.release_connection()
            raise
        finally:
            alarm.cancel()
            if cancelled:
                await cancelled[0]
                await connection.close()
            if connection.closed:
                await self.release_connection()

    async def _execute(self, cursor: Cursor, rows: Sequence[UsageRow], *, keyed: bool) -> set[str]:
        """Store rows, and return the ids of the keyed ones that are new."""
        for project, day in self._names.due(rows):
            await cursor.execute(MARK_FULL_DAYS, [project, day, self._names.limit])
            for combinations, marked in await cursor.fetchall():
                self._names.found((project, day), combinations, marked)
        plain = _are_plain(rows)
        if self._database.distributed:
            return await self._cluster.store(cursor, rows, plain=plain)
        params: list[Any] = [*series.encode_rows(rows), self._zone, self._slot]
        params += [key_expiry(rows, self._key_lifetime)] if keyed else []
        params += [self._tags] if self._tags else []
        await cursor.execute(STORE[keyed, plain, bool(self._tags)], params)
        return {found[0] for found in await cursor.fetchall()} if keyed else set()

    async def _bisect(self, rows: Sequence[UsageRow], error: Exception, deadline: float) -> list[Outcome]:
        """Split a rejected batch in halves until the invalid row is isolated."""
        if len(rows) == 1:
            return [rejection(error)]
        half = len(rows) // 2
        return [*await self.store(rows[:half], deadline), *await self.store(rows[half:], deadline)]

    async def _find_stored(
        self, rows: Sequence[UsageRow], stored: set[str], deadline: float
    ) -> dict[Key, StoredResponse]:
        """Return the responses stored under the keys of the rows that are not in `stored`."""
        keys = [dict(zip(("project_id", "key"), _key(row), strict=True)) for row in rows if row.id not in stored]
        if not keys:
            return {}
        async with (
            self._borrow_cursor(deadline) as borrowed,
            borrowed.connection.cursor(row_factory=class_row(StoredResponse)) as cursor,
        ):
            await cursor.execute(SELECT_KEYS, {"keys": codec.encode(keys).decode()})
            return {(one.project_id, one.key): one for one in await cursor.fetchall()}


async def _cancel_statement(connection: Connection) -> None:
    """Cancel a statement whose time is up, then abort its connection without waiting for a server that hangs."""
    try:
        await connection.cancel_safe(timeout=CANCEL_SECONDS)
    except psycopg.Error as error:
        log.debug("a statement could not be cancelled: %s", error)
    abort_connection(connection)


def _are_plain(rows: Sequence[UsageRow]) -> bool:
    """Whether no row has a column that few rows have, or an estimated cost."""
    return not any(row.series.rare for row in rows) and not any(any(map(rare, rows)) for rare in RARE)


def _outcomes(rows: Sequence[UsageRow], stored: set[str], by_key: Mapping[Key, StoredResponse]) -> list[Outcome]:
    """Return the outcome of each row: its own response if it is stored, otherwise the one stored under its key."""
    return [_response(row) if row.id in stored else _earlier_response(row, by_key.get(_key(row))) for row in rows]


def _now() -> float:
    return asyncio.get_running_loop().time()


def rejection(error: Exception) -> Problem:
    """Return the 422 for an entry that PostgreSQL rejects, or the problem of a plugin that refuses it."""
    if isinstance(error, Problem):
        return error
    message = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    reason = (message or str(error)).partition("\n")[0]
    return Problem(422, f"The entry cannot be stored: {reason}.")


def _key(row: UsageRow) -> Key:
    return row.series.project_id, row.idempotency_key


def _first_of_each_key(rows: Sequence[UsageRow]) -> list[UsageRow]:
    """Return the rows without those whose key an earlier row of the batch has: a statement may touch a key once."""
    seen: set[Key] = set()
    first: list[UsageRow] = []
    for row in rows:
        if row.idempotency_key is None or _key(row) not in seen:
            first.append(row)
            seen.add(_key(row))
    return first


def _response(row: UsageRow) -> UsageLogResponse:
    return UsageLogResponse(*_billed(row), price_notes=row.series.price_notes or msgspec.UNSET)


def deferred_response(row: UsageRow) -> DeferredLogResponse:
    """Return the response for a row that waits in the journal."""
    return DeferredLogResponse(*_billed(row), price_notes=row.series.price_notes or msgspec.UNSET)


def _billed(row: UsageRow) -> tuple[str, Decimal | None, str | None, str, datetime]:
    return row.id, row.cost, row.series.cost_source, row.series.cost_status, row.occurred_at


def _earlier_response(row: UsageRow, stored: StoredResponse | None) -> Outcome:
    if stored is None:
        return Unavailable("Another request with this idempotency key is still in progress. Try again.")
    if stored.log_id != row.id and stored.fingerprint not in (row.fingerprint, row.former_fingerprint):
        return Problem(409, f"Idempotency key {row.idempotency_key!r} was used for another entry. Use a new one.")
    return UsageLogResponse(
        stored.log_id, stored.cost, stored.cost_source, stored.cost_status, stored.occurred_at,
        price_notes=tuple(msgspec.json.decode(stored.price_notes)) if stored.price_notes else msgspec.UNSET,
    )  # fmt: skip
