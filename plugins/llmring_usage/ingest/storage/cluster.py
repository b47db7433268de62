"""Storing rows on a Citus cluster: per shard, and only on the nodes of their projects."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from llmring_server.database import Database
from llmring_server.database.cluster.placements import Placements
from llmring_server.http import codec
from llmring_usage.ingest.storage.cluster_sql import CLUSTER, FULL_DAYS, KNOWN, ClusterStatements
from llmring_usage.models import series
from llmring_usage.models.rows import UsageRow, key_expiry

Cursor = psycopg.AsyncRawCursor[Any]
Days = set[tuple[str, date]]

FULL_DAY_SECONDS = 60.0


class FullDays:
    """The days whose combinations are full, looked up at most every `FULL_DAY_SECONDS` per project and day."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._full: dict[tuple[str, date], bool] = {}
        self._expires = 0.0

    def of(self, rows: Iterable[UsageRow]) -> Days:
        """Return the project and day of each row."""
        return {(row.series.project_id, row.occurred_at.astimezone(self._zone).date()) for row in rows}

    async def find(self, cursor: Cursor, days: Days) -> Days:
        """Return those of the days that are full."""
        if time.monotonic() > self._expires:
            self._full, self._expires = {}, time.monotonic() + FULL_DAY_SECONDS
        known = self._full
        unknown = days - known.keys()
        if unknown:
            await cursor.execute(FULL_DAYS, _columns(unknown))
            full = {(project, date.fromisoformat(day)) for project, day in await cursor.fetchall()}
            known.update({one: one in full for one in unknown})
        return {one for one in days if known[one]}


class ClusterStore:
    """Stores rows in the caller's transaction, with the statements of one shard after another.

    Rows that are stored already, as after a commit whose confirmation was lost, are left unchanged.
    """

    def __init__(self, database: Database, zone: str, slot: int, tags: Sequence[str], key_lifetime: timedelta) -> None:
        self._placements = Placements(database, "usage_logs")
        self._full_days = FullDays(ZoneInfo(zone))
        self._constants = [zone, slot, list(tags)]
        self._key_lifetime = key_lifetime

    async def store(self, cursor: Cursor, rows: Sequence[UsageRow], *, plain: bool) -> set[str]:
        """Store rows, and return the ids of the keyed ones that are new."""
        placements = await self._placements.find({row.series.project_id for row in rows})
        shards: defaultdict[int, list[UsageRow]] = defaultdict(list)
        for row in rows:
            shards[placements[row.series.project_id].shard].append(row)
        stored: set[str] = set()
        for shard in sorted(shards):
            stored |= await self._store_shard(cursor, shards[shard], CLUSTER[plain])
        return stored

    async def _store_shard(self, cursor: Cursor, rows: Sequence[UsageRow], statements: ClusterStatements) -> set[str]:
        stored: set[str] = set()
        keyed = [row for row in rows if row.idempotency_key is not None]
        if keyed:
            statement = statements.keys.format(key_expiry(keyed, self._key_lifetime))
            stored = await _fetch_ids(cursor, statement, self._params(keyed))
            rows = [row for row in rows if row.idempotency_key is None or row.id in stored]
        if not rows:
            return stored
        new = await _fetch_ids(cursor, statements.logs, self._params(rows))
        rows = [row for row in rows if row.id in new]
        if rows:
            await self._add(cursor, rows, statements)
        return stored

    async def _add(self, cursor: Cursor, rows: Sequence[UsageRow], statements: ClusterStatements) -> None:
        """Add new rows to the rollups."""
        params = self._params(rows)
        full = await self._full_days.find(cursor, self._full_days.of(rows))
        if full:
            params[5] = await _find_known(cursor, full, statements.combinations, params)
        for statement in statements.sums:
            await cursor.execute(statement, params)

    def _params(self, rows: Sequence[UsageRow]) -> list[Any]:
        return [*series.encode_rows(rows), *self._constants, "[]"]


async def _find_known(cursor: Cursor, full: Days, combinations: bytes, params: Sequence[Any]) -> str:
    """Return the JSON of the rows' combinations that have rows in full days."""
    await cursor.execute(combinations, params)
    ids = [combination for *_, combination in await cursor.fetchall()]
    await cursor.execute(KNOWN, [*_columns(full), ids])
    names = ("project_id", "day", "combination")
    return codec.encode([dict(zip(names, found, strict=True)) for found in await cursor.fetchall()]).decode()


async def _fetch_ids(cursor: Cursor, statement: bytes | sql.Composed, params: Sequence[Any]) -> set[str]:
    await cursor.execute(statement, params)
    return {found[0] for found in await cursor.fetchall()}


def _columns(days: Days) -> list[list[Any]]:
    return [sorted({project for project, _ in days}), sorted({day for _, day in days})]
