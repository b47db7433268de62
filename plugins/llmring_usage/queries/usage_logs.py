"""Reading logged calls: pages by keyset, and streams by a server-side cursor."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from llmring_server.contracts.usage import LogEntry
from llmring_server.database import Database
from llmring_server.http.errors import Unavailable
from llmring_usage.pricing.tokens import Tokens
from llmring_usage.statistics.periods import Range

CHUNK_ROWS = 1_000
STREAMS = 3

COLUMNS: LiteralString = """
    id, occurred_at AS logged_at, provider, model, alias, profile, origin, id_at_origin,
        input_tokens, output_tokens, cached_input_tokens, cost, cost_source, cost_status, latency_ms, metadata,
        received_at, computed_cost, priced_as, registry_version, status, service_tier, reasoning_tokens,
        operation_id, attempt, tags"""
KINDS: LiteralString = """
    fresh_tokens AS fresh, cache_read_tokens AS cache_read, cache_write_5m_tokens AS cache_write_5m,
        cache_write_1h_tokens AS cache_write_1h, cache_write_tokens AS cache_write, price"""
OF_PROJECT: LiteralString = " FROM usage_logs WHERE project_id = %(project)s"
SELECT: LiteralString = "SELECT " + COLUMNS + OF_PROJECT
ONE: LiteralString = (
    "SELECT " + COLUMNS + ", " + KINDS + OF_PROJECT + " AND occurred_at = %(occurred_at)s AND id = %(id)s"
)
NEWEST_FIRST: LiteralString = " ORDER BY occurred_at DESC, id DESC"


class Position(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: the key of its last row; the next begins after it."""

    occurred_at: datetime
    id: UUID


class FullEntry(LogEntry, frozen=True):
    """A row with the disjoint counts that were priced, and the rates (USD per million tokens) if any were known."""

    fresh: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    cache_write: int
    price: msgspec.Raw | None

    @property
    def tokens(self) -> Tokens:
        """What was priced."""
        return Tokens(
            self.fresh, self.cache_read, self.cache_write_5m, self.cache_write_1h, self.cache_write,
            self.output_tokens, self.reasoning_tokens,
        )  # fmt: skip


class Filter(msgspec.Struct, frozen=True):
    """Which calls are asked for; None leaves a member open."""

    span: Range
    alias: str | None = None
    model: str | None = None
    provider: str | None = None
    profile: str | None = None
    origin: str | None = None


class UsageLogs:
    """The table `usage_logs`, newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._streams = asyncio.Semaphore(STREAMS)

    async def page(
        self, project: str, chosen: Filter, limit: int, after: Position | None = None, offset: int = 0
    ) -> list[LogEntry]:
        """Return up to `limit` calls, after a position or an offset."""
        query, params = selection(project, chosen, after)
        query += NEWEST_FIRST + " LIMIT %(limit)s OFFSET %(offset)s"
        return await self._database.rows(LogEntry, query, {**params, "limit": limit, "offset": offset})

    async def one(self, project: str, position: Position) -> FullEntry | None:
        """Return the call at a position, or None when this project has none there."""
        return await self._database.one(FullEntry, ONE, {"project": project, **msgspec.structs.asdict(position)})

    async def stream(self, project: str, chosen: Filter) -> AsyncIterator[list[LogEntry]]:
        """Yield all calls in chunks from a server-side cursor, in constant memory and one snapshot.

        A stream holds its connection for as long as its reader likes, so a few at once are all there may be.

        Raises:
            Unavailable: that many run already.
        """
        if self._streams.locked():
            raise Unavailable(f"{STREAMS} exports run already; try again shortly")
        query, params = selection(project, chosen, None)
        async with (
            self._streams,
            self._database.pool.connection() as connection,
            connection.transaction(),
            connection.cursor(name="usage_export", row_factory=class_row(LogEntry)) as cursor,
        ):
            await cursor.execute(query + NEWEST_FIRST, params)
            while chunk := await cursor.fetchmany(CHUNK_ROWS):
                yield chunk


def selection(project: str, chosen: Filter, after: Position | None) -> tuple[LiteralString, dict[str, Any]]:
    """Return the SELECT of a filter with only the conditions it needs, and its parameters."""
    query: LiteralString = SELECT
    params: dict[str, Any] = {"project": project}
    columns: tuple[LiteralString, ...] = ("alias", "model", "provider", "profile", "origin")
    for column in columns:
        value = getattr(chosen, column)
        if value is not None:
            query += " AND " + column + " = %(" + column + ")s"
            params[column] = value
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
