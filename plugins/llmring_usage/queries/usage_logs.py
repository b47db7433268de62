"""Queries of logged calls: pages by keyset, and streams by a server-side cursor."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec
import psycopg
from psycopg.rows import class_row

from llmring_server.contracts.usage import LogEntry
from llmring_server.contracts.usage_filters import CallFilter
from llmring_server.database import Database
from llmring_server.database.connections import stream_rows
from llmring_usage.pricing.tokens import Tokens, tokens_of
from llmring_usage.queries.export_limiter import PROJECT_EXPORTS, ExportLimiter
from llmring_usage.queries.filter_sql import filter_sql
from llmring_usage.queries.time_limit import limit_search
from llmring_usage.statistics.periods import Range
from llmring_usage.tables.cost_columns import PRICE_COLUMNS
from llmring_usage.tables.entry_lookup import find_params, find_sql
from llmring_usage.tables.log_columns import RARE_FIELDS, TOKENS, rare_count_sql

CHUNK_BYTES = 131_072
ROW_BYTES = 512  # of a call without metadata

EXPRESSIONS: Mapping[str, LiteralString] = {
    "logged_at": "occurred_at AS logged_at",
    "units": "rare_counts->'units' AS units",
    **{field: rare_count_sql(name) + " AS " + field for name, field in RARE_FIELDS.items()},
    **{name: value + " AS " + name for name, value in PRICE_COLUMNS.items()},
}
COLUMNS: LiteralString = ", ".join(EXPRESSIONS.get(name, name) for name in LogEntry.__struct_fields__)
NOT_READ: Mapping[str, LiteralString] = {"metadata": "NULL AS metadata", "tags": "NULL AS tags"}
LISTED: LiteralString = ", ".join({**EXPRESSIONS, **NOT_READ}.get(name, name) for name in LogEntry.__struct_fields__)
FROM_PROJECT: LiteralString = " FROM usage_logs WHERE project_id = %(project)s"
SELECT: LiteralString = "SELECT " + COLUMNS + FROM_PROJECT
SELECT_LISTED: LiteralString = "SELECT " + LISTED + FROM_PROJECT
FETCH: LiteralString = "FETCH 1000 FROM usage_export"
SELECT_PRICED: LiteralString = "SELECT " + COLUMNS + ", " + TOKENS + ", rare_counts AS rare, price" + FROM_PROJECT
ONE: LiteralString = SELECT_PRICED + " AND occurred_at = %(occurred_at)s AND id = %(id)s"
BY_ID: LiteralString = find_sql(SELECT_PRICED)
NEWEST_FIRST: LiteralString = " ORDER BY occurred_at DESC, id DESC"


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The end of a page: the key of its last row; the next page begins after it."""

    occurred_at: datetime
    id: UUID


class PricedLogEntry(LogEntry, frozen=True):
    """A row with the disjoint counts that were priced, and the rates (USD per million tokens) if any were known."""

    fresh: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    cache_write: int
    output: int
    reasoning: int
    rare: msgspec.Raw | None
    price: msgspec.Raw | None

    @property
    def tokens(self) -> Tokens:
        """The counts that were priced."""
        return tokens_of(self, self.rare)


class LogFilter(msgspec.Struct, frozen=True):
    """The requested calls: a range of time, and the conditions of a filter, whose own range is not used."""

    span: Range
    calls: CallFilter = CallFilter()


class UsageLogs:
    """The table `usage_logs`, newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._exports = ExportLimiter()

    async def page(
        self, project: str, chosen: LogFilter, limit: int, after: Position | None = None, offset: int = 0
    ) -> tuple[list[LogEntry], bool]:
        """Return up to `limit` calls, after a position or an offset, and whether there are more.

        A page also ends at a number of bytes (`Database.page`).

        Raises:
            Problem: 422 for a filter that takes too long.
        """
        query, params = select_sql(project, chosen, after)
        query += NEWEST_FIRST + " LIMIT %(limit)s OFFSET %(offset)s"
        params |= {"limit": limit + 1, "offset": offset}
        async with self._limit(chosen):
            return await self._database.page(LogEntry, query, params, limit, size_of=size_of)

    async def listing(
        self, project: str, chosen: LogFilter, limit: int, after: Position | None = None
    ) -> tuple[list[LogEntry], bool]:
        """Return the same as `page`, without reading metadata and tags."""
        query, params = select_sql(project, chosen, after, SELECT_LISTED)
        query += NEWEST_FIRST + " LIMIT %(limit)s"
        async with self._limit(chosen):
            found = await self._database.rows(LogEntry, query, {**params, "limit": limit + 1})
        return found[:limit], len(found) > limit

    def _limit(self, chosen: LogFilter) -> AbstractAsyncContextManager[None]:
        """Return the limit of a search; a page without a filter takes as long wherever it is."""
        conditions, _ = filter_sql(chosen.calls)
        return limit_search(self._database) if conditions else nullcontext()

    async def get(self, project: str, position: Position) -> PricedLogEntry | None:
        """Return the call at a position, or None if this project has none there."""
        return await self._database.one(PricedLogEntry, ONE, {"project": project, **msgspec.structs.asdict(position)})

    async def find(self, project: str, log_id: str) -> PricedLogEntry | None:
        """Return the call with an id, or None if this project has none."""
        params = find_params(project, log_id)
        return None if params is None else await self._database.one(PricedLogEntry, BY_ID, params)

    async def stream(self, project: str, chosen: LogFilter) -> AsyncIterator[list[LogEntry]]:
        """Yield all calls from a server-side cursor, in one snapshot, in chunks of about `CHUNK_BYTES`.

        A stream holds its connection until its client has read it, so they take at most half of the pool.
        Rows are read a few at a time, so that a chunk ends at its bytes.

        Raises:
            Unavailable: the maximum number of exports is running.
        """
        query, params = select_sql(project, chosen, None)
        pool = self._database.pool
        with self._exports.acquire(project, max(PROJECT_EXPORTS + 1, pool.max_size // 2)):
            async with (
                pool.connection() as connection,
                connection.transaction(),
                connection.cursor(name="usage_export") as declared,
                connection.cursor(row_factory=class_row(LogEntry)) as cursor,
            ):
                await declared.execute(query + NEWEST_FIRST, params)
                async for chunk in _read_chunks(cursor):
                    yield chunk


async def _read_chunks(cursor: psycopg.AsyncCursor[LogEntry]) -> AsyncIterator[list[LogEntry]]:
    """Yield the rest of the server-side cursor in chunks."""
    while True:
        chunk: list[LogEntry] = []
        size = fetched = 0
        async with stream_rows(cursor, FETCH) as rows:
            async for row in rows:
                chunk.append(row)
                fetched += 1
                size += size_of(row)
                if size >= CHUNK_BYTES:
                    yield chunk
                    chunk, size = [], 0
        if chunk:
            yield chunk
        if not fetched:
            return


def size_of(entry: LogEntry) -> int:
    """Return the size of a call in bytes, which its metadata determines."""
    return ROW_BYTES + len(entry.metadata or b"") + len(entry.tags or b"")


def select_sql(
    project: str, chosen: LogFilter, after: Position | None, select: LiteralString = SELECT
) -> tuple[LiteralString, dict[str, Any]]:
    """Return the SELECT of a filter with only the necessary conditions, and its parameters."""
    conditions, values = filter_sql(chosen.calls)
    query: LiteralString = select + conditions
    params = {"project": project, **values}
    if chosen.span.start is not None:
        query += " AND occurred_at >= %(start)s"
        params["start"] = chosen.span.start
    if chosen.span.end is not None:
        query += " AND occurred_at < %(end)s"
        params["end"] = chosen.span.end
    if after is not None:
        query += " AND (occurred_at, id) < (%(after_time)s, %(after_id)s)"
        params["after_time"], params["after_id"] = after.occurred_at, after.id
    return query, params
