"""Where batches are stored: one statement a batch, and what to do when PostgreSQL refuses it."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import psycopg_pool
from psycopg import errors

from llmring_server import wire
from llmring_server.database import Database
from llmring_server.errors import Problem, Unavailable
from llmring_usage.ingest import REPLAYED, STORE_KEYED, STORE_UNKEYED
from llmring_usage.models import Logged, Row
from llmring_usage.partitions import Partitions, month_of
from llmring_usage.settings import UsageSettings

Outcome = Logged | Problem
Key = tuple[str, str | None]

LOST = (psycopg.OperationalError, psycopg.InterfaceError, psycopg_pool.PoolTimeout)
CONTENDED = (errors.DeadlockDetected, errors.SerializationFailure)
ATTEMPTS = 8
PAUSE_SECONDS = 0.02


class Kept(msgspec.Struct, frozen=True):
    """What was answered under an idempotency key."""

    project_id: str
    key: str
    fingerprint: str
    log_id: UUID
    cost: Any
    cost_source: str | None
    cost_status: str
    occurred_at: Any


class Ledger:
    """Stores rows with their rollups and keys, exactly once, and says for each row what came of it."""

    def __init__(self, database: Database, partitions: Partitions, settings: UsageSettings) -> None:
        self._database = database
        self._partitions = partitions
        self._constants = {
            "zone": settings.timezone,
            "slot": random.randrange(settings.rollup_slots),  # noqa: S311 spreads load, guards nothing
            "key_seconds": settings.idempotency_hours * 3600,
        }

    async def store(self, rows: Sequence[Row]) -> list[Outcome]:
        """Store a batch in one transaction and return each row's outcome, in order.

        A row that PostgreSQL refuses fails alone. A connection lost in the middle leaves it open whether the batch was
        committed: it is sent again with the same ids, which the primary key stores once.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database is away; nothing is known to be stored.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._store(rows)
            except errors.UniqueViolation:
                if attempt > 1:
                    return await self._outcomes(rows, {row.id for row in rows if not row.idempotency_key})
                raise
            except (errors.CheckViolation, errors.UndefinedTable):
                self._partitions.forget()
                if attempt == ATTEMPTS:
                    raise
            except (*CONTENDED, *LOST):
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(PAUSE_SECONDS * attempt * random.random())  # noqa: S311 jitter
            except (psycopg.DataError, psycopg.IntegrityError, errors.ProgramLimitExceeded) as error:
                return await self._store_apart(rows, error)
        raise AssertionError("unreachable")

    async def _store(self, rows: Sequence[Row]) -> list[Outcome]:
        await self._partitions.ensure({month_of(row.occurred_at) for row in rows})
        keyed = any(row.idempotency_key for row in rows)
        sent = _first_of_each_key(rows) if keyed else rows
        params = {**self._constants, "rows": wire.encode(sent).decode()}
        async with self._database.pool.connection() as connection:
            cursor = await connection.execute(STORE_KEYED if keyed else STORE_UNKEYED, params)
            stored = {found[0] for found in await cursor.fetchall()} if keyed else set()
        if not keyed:
            return [_logged(row) for row in rows]
        return await self._outcomes(rows, stored | {row.id for row in rows if not row.idempotency_key})

    async def _store_apart(self, rows: Sequence[Row], error: psycopg.Error) -> list[Outcome]:
        """Halve a refused batch until the row at fault stands alone."""
        if len(rows) == 1:
            return [refused(error)]
        half = len(rows) // 2
        return [*await self.store(rows[:half]), *await self.store(rows[half:])]

    async def _outcomes(self, rows: Sequence[Row], stored: set[UUID]) -> list[Outcome]:
        """Return the answer of each row: its own when it was stored, else the one kept under its key."""
        asked = [{"project_id": row.project_id, "key": row.idempotency_key} for row in rows if row.id not in stored]
        kept: dict[Key, Kept] = {}
        if asked:
            found = await self._database.rows(Kept, REPLAYED, {"keys": wire.encode(asked).decode()})
            kept = {(one.project_id, one.key): one for one in found}
        return [_logged(row) if row.id in stored else _replayed(row, kept.get(_key(row))) for row in rows]

    async def store_within(self, connection: psycopg.AsyncConnection[Any], row: Row) -> None:
        """Store one row without a key in the caller's transaction; the partition of its month must be there."""
        await connection.execute(STORE_UNKEYED, {**self._constants, "rows": wire.encode([row]).decode()})


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
