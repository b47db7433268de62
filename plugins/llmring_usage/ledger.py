"""Where batches are stored: one statement a batch, and what to do when PostgreSQL refuses it."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg
from psycopg import errors

from llmring_server import wire
from llmring_server.database import Database
from llmring_server.database.pool import Connection
from llmring_server.errors import DATABASE_AWAY, Problem, Unavailable
from llmring_usage.ingest import REPLAYED, STORE_KEYED, STORE_UNKEYED
from llmring_usage.models import Logged, Row
from llmring_usage.partitions import Partitions, month_of
from llmring_usage.settings import UsageSettings

Outcome = Logged | Problem
Key = tuple[str, str | None]

CONTENDED = (errors.DeadlockDetected, errors.SerializationFailure)
REFUSED = (psycopg.DataError, psycopg.IntegrityError, errors.ProgramLimitExceeded, errors.StatementTooComplex)
ATTEMPTS = 8
OVERFLOW_SLOTS = (100, 32_000)
PAUSE_SECONDS = 0.02


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
    """Stores rows with their rollups and keys, exactly once, and says for each row what came of it."""

    def __init__(self, database: Database, partitions: Partitions, settings: UsageSettings) -> None:
        self._database = database
        self._partitions = partitions
        self._chance = random.SystemRandom()
        self._zone = settings.timezone
        self._slot = self._chance.randrange(settings.rollup_slots)
        self._key_seconds = settings.idempotency_hours * 3600

    async def store(self, rows: Sequence[Row], slot: int | None = None) -> list[Outcome]:
        """Store a batch in one transaction and return each row's outcome, in order.

        A row that PostgreSQL refuses fails alone. A connection lost in the middle leaves it open whether the batch was
        committed: it is sent again with the same ids, which the primary key stores once.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database is away; nothing is known to be stored.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._store(rows, self._slot if slot is None else slot)
            except errors.UniqueViolation:
                if attempt > 1:
                    return await self._outcomes(rows, {row.id for row in rows if not row.idempotency_key})
                raise
            except (errors.CheckViolation, errors.UndefinedTable):
                self._partitions.forget()
                if attempt == ATTEMPTS:
                    raise
            except REFUSED as error:
                return await self._store_apart(rows, error, slot)
            except (*CONTENDED, *DATABASE_AWAY):
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(PAUSE_SECONDS * attempt * self._chance.random())
        raise AssertionError("unreachable")

    async def _store(self, rows: Sequence[Row], slot: int) -> list[Outcome]:
        await self._partitions.ensure({month_of(row.occurred_at) for row in rows})
        keyed = any(row.idempotency_key for row in rows)
        sent = _first_of_each_key(rows) if keyed else rows
        async with self._database.pool.connection() as connection:
            stored = await self._send(connection, sent, keyed=keyed, slot=slot)
        if not keyed:
            return [_logged(row) for row in rows]
        return await self._outcomes(rows, stored | {row.id for row in rows if not row.idempotency_key})

    async def _send(self, connection: Connection, rows: Sequence[Row], *, keyed: bool, slot: int) -> set[str]:
        """Run the one statement, and return the ids of the keyed rows that were new."""
        cursor = psycopg.AsyncRawCursor(connection)
        params = [wire.encode(rows).decode(), self._zone, slot]
        await cursor.execute(*((STORE_KEYED, [*params, self._key_seconds]) if keyed else (STORE_UNKEYED, params)))
        return {found[0] for found in await cursor.fetchall()} if keyed else set()

    async def _store_apart(self, rows: Sequence[Row], error: psycopg.Error, slot: int | None) -> list[Outcome]:
        """Halve a refused batch until the row at fault stands alone; counts that overflow a sum get their own slot."""
        if len(rows) == 1 and isinstance(error, errors.NumericValueOutOfRange) and slot is None:
            return await self.store(rows, self._chance.randrange(*OVERFLOW_SLOTS))
        if len(rows) == 1:
            return [refused(error)]
        half = len(rows) // 2
        return [*await self.store(rows[:half]), *await self.store(rows[half:])]

    async def _outcomes(self, rows: Sequence[Row], stored: set[str]) -> list[Outcome]:
        """Return the answer of each row: its own when it was stored, else the one kept under its key."""
        asked = [{"project_id": row.project_id, "key": row.idempotency_key} for row in rows if row.id not in stored]
        kept: dict[Key, Kept] = {}
        if asked:
            found = await self._database.rows(Kept, REPLAYED, {"keys": wire.encode(asked).decode()})
            kept = {(one.project_id, one.key): one for one in found}
        return [_logged(row) if row.id in stored else _replayed(row, kept.get(_key(row))) for row in rows]

    async def store_within(self, connection: Connection, row: Row) -> None:
        """Store one row without a key in the caller's transaction; the partition of its month must be there."""
        await self._send(connection, [row], keyed=False, slot=self._slot)


def refused(error: psycopg.Error) -> Problem:
    """Return the 422 for an entry that PostgreSQL refuses."""
    reason = (error.diag.message_primary or str(error)).partition("\n")[0]
    return Problem(422, f"the entry cannot be stored: {reason}")


def _key(row: Row) -> Key:
    return row.project_id, row.idempotency_key


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
    return Logged(row.id, row.cost, row.cost_source, row.cost_status, row.occurred_at)


def _replayed(row: Row, kept: Kept | None) -> Outcome:
    if kept is None:
        return Unavailable("the entry that holds this idempotency key is not settled yet; try again")
    if kept.log_id != row.id and kept.fingerprint != row.fingerprint:
        return Problem(409, f"idempotency key {row.idempotency_key!r} was used for another entry; use a new one")
    return Logged(kept.log_id, kept.cost, kept.cost_source, kept.cost_status, kept.occurred_at)
