"""Repricing: rows at the prices of their time, or of today, rows and rollups corrected together.

Rows are read in chunks in key order. A chunk is corrected in one transaction, on a Citus cluster project by project,
each on its node. A row is updated only while it still has the cost that was read, so that concurrent changes never
correct it twice. The position is stored after each chunk: an interrupted run continues from there when it is started
again.
"""

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from llmring_server.database import Database
from llmring_server.database.connections import Connection
from llmring_server.http import codec
from llmring_usage.maintenance.reprice_sql import ADD, CHANGE, DELETE_HOURS, NEXT, NOT_PRICED, ROW, SELECTED
from llmring_usage.models.series import encode_rates, price_columns
from llmring_usage.prices.book import PriceBook
from llmring_usage.pricing.tokens import Tokens, tokens_of
from llmring_usage.tables.state import UsageState

CHUNK_ROWS = 2_000
CHUNK_SECONDS = 60.0
PRICED = "priced"


class RowSelection(msgspec.Struct, frozen=True):
    """The rows to reprice: by default those that are unpriced or estimated, of all projects.

    `since` and `until` are a range of time (UTC), `model` is `model` or `provider:model`, `only` a project. `every`
    selects priced rows too. `today` prices each call at the prices of now, instead of those of its time.
    """

    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None
    only: str | None = None
    every: bool = False
    today: bool = False

    @property
    def state_name(self) -> str:
        """The name under which this selection's position is stored."""
        return f"reprice:{hashlib.blake2b(codec.encode(self), digest_size=8).hexdigest()}"

    @property
    def condition(self) -> LiteralString:
        """The condition on the status."""
        return "" if self.every else NOT_PRICED

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the SELECT."""
        return {name: getattr(self, name) for name in ("since", "until", "model", "only")}


class PricedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as repricing reads it: its token counts and conditions, its cost in USD or None, and what priced it."""

    project_id: str
    occurred_at: datetime
    id: UUID
    provider: str
    model: str
    service_tier: str | None
    processing: str | None
    speed: str | None
    fresh: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    cache_write: int
    output: int
    reasoning: int
    rare_counts: msgspec.Raw | None
    cost: Decimal | None
    cost_status: str
    price_source: str

    @property
    def tokens(self) -> Tokens:
        """The counts to price."""
        return tokens_of(self, self.rare_counts)


class PriceCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """A row's new cost (USD), the price it was computed with, and the cost and status that were read."""

    project_id: str
    occurred_at: datetime
    id: UUID
    provider: str
    model: str
    cost: Decimal
    list_cost: Decimal | None
    discount: Decimal | None
    cost_source: str | None
    cost_status: str
    price_notes: tuple[str, ...] | None
    old_cost: Decimal | None
    old_status: str
    old_source: str
    priced_as: str | None
    price_source: str | None
    price_version: str | None
    registry_version: str | None
    matched: str | None
    price: msgspec.Raw


class Progress(msgspec.Struct, frozen=True):
    """One chunk: the number of rows read, and the corrections (with `dry_run`, those that would be made)."""

    seen: int
    corrections: list[PriceCorrection]


class Repricing:
    """Reprices one selection of rows."""

    def __init__(
        self, database: Database, prices: PriceBook, zone: str, selection: RowSelection, tags: Sequence[str] = ()
    ) -> None:
        self._database = database
        self._prices = prices
        self._zone = zone
        self._tags = tags
        self._selection = selection
        self._state = UsageState(database)

    async def rows(self) -> int:
        """Return the number of selected rows."""
        query: LiteralString = "SELECT count(*)" + SELECTED + self._selection.condition
        async with self._database.connection(CHUNK_SECONDS) as connection:
            found = await (await connection.execute(query, self._selection.params)).fetchone()
            return int(found[0]) if found else 0

    async def oldest(self) -> datetime | None:
        """Return the time of the oldest selected row, UTC."""
        query: LiteralString = "SELECT min(occurred_at)" + SELECTED + self._selection.condition
        async with self._database.connection(CHUNK_SECONDS) as connection:
            found = await (await connection.execute(query, self._selection.params)).fetchone()
            return found[0].astimezone(UTC) if found and found[0] else None

    async def run(self, *, dry_run: bool = False) -> AsyncIterator[Progress]:
        """Go through the rows chunk by chunk; with `dry_run`, nothing is changed and no position kept."""
        at = START if dry_run else await self._position()
        while chunk := await self._chunk(at):
            corrections = [found for row in chunk if (found := self._correction(row))]
            at = position_after(chunk[-1])
            if not dry_run:
                corrections = await self._correct(corrections)
                await self._state.set(self._selection.state_name, codec.encode(at).decode())
            yield Progress(len(chunk), corrections)
        if not dry_run:
            await self._state.delete(self._selection.state_name)

    async def step(self, connection: Connection, at: dict[str, Any]) -> tuple[dict[str, Any] | None, Progress]:
        """Reprice the chunk after a position in the caller's transaction; return the next position, None at the end."""
        async with connection.cursor(row_factory=class_row(PricedRow)) as cursor:
            await cursor.execute(*self._query(at))
            chunk = await cursor.fetchall()
        corrections = [found for row in chunk if (found := self._correction(row))]
        made = [
            one
            for group in self._groups(corrections)
            for one in await correct(connection, group, self._zone, self._tags)
        ]
        return position_after(chunk[-1]) if chunk else None, Progress(len(chunk), made)

    async def _position(self) -> dict[str, Any]:
        stored = await self._state.get(self._selection.state_name)
        return msgspec.json.decode(stored) if stored else START

    async def _chunk(self, at: dict[str, Any]) -> Sequence[PricedRow]:
        query, params = self._query(at)
        return await self._database.rows(PricedRow, query, params)

    def _query(self, at: dict[str, Any]) -> tuple[LiteralString, dict[str, Any]]:
        params = {**self._selection.params, **at, "limit": CHUNK_ROWS}
        return ROW + SELECTED + self._selection.condition + NEXT, params

    def _correction(self, row: PricedRow) -> PriceCorrection | None:
        """Return a row's correction; a row that can no longer be priced, or only be estimated, keeps its exact cost."""
        at = datetime.now(UTC) if self._selection.today else row.occurred_at.astimezone(UTC)
        choice, listed, cost = self._prices.quote(
            row.project_id, row.provider, row.model, at, row.tokens, row.service_tier, row.processing, row.speed
        )
        if cost is None or choice.price is None:
            return None
        if cost == row.cost and (row.cost_status == PRICED or choice.status == row.cost_status):
            return None
        if row.cost is not None and row.cost_status == PRICED and choice.status != PRICED:
            return None
        return PriceCorrection(
            project_id=row.project_id,
            occurred_at=row.occurred_at,
            id=row.id,
            provider=row.provider,
            model=row.model,
            cost=cost,
            list_cost=None if choice.discount is None else listed,
            discount=choice.discount,
            cost_source=choice.cost_source,
            cost_status=choice.status,
            price_notes=choice.notes or None,
            old_cost=row.cost,
            old_status=row.cost_status,
            old_source=row.price_source,
            **price_columns(choice.price),
            price=encode_rates(choice.price),
        )

    async def _correct(self, corrections: Sequence[PriceCorrection]) -> list[PriceCorrection]:
        made: list[PriceCorrection] = []
        for group in self._groups(corrections):
            async with self._database.transaction(CHUNK_SECONDS) as connection:
                made += await correct(connection, group, self._zone, self._tags)
        return made

    def _groups(self, corrections: Sequence[PriceCorrection]) -> Iterator[Sequence[PriceCorrection]]:
        """Yield the corrections that are made together: all of them, on a cluster those of each project."""
        if not self._database.distributed:
            yield corrections
            return
        for _, group in groupby(corrections, key=attrgetter("project_id")):
            yield list(group)


async def correct(
    connection: Connection, corrections: Sequence[PriceCorrection], zone: str, tags: Sequence[str]
) -> list[PriceCorrection]:
    """Correct rows and rollups in a transaction; return the corrections of rows that were not changed meanwhile."""
    if not corrections:
        return []
    changed = set(await (await connection.execute(CHANGE, _params(corrections))).fetchall())
    made = [one for one in corrections if (one.project_id, str(one.id)) in changed]
    if made:
        params = {**_params(made), "zone": zone, "tags": list(tags)}
        for statement in (*ADD, DELETE_HOURS):
            await connection.execute(statement, params)
    return made


def _params(corrections: Sequence[PriceCorrection]) -> dict[str, Any]:
    return {
        "rows": codec.encode(corrections).decode(),
        "projects": sorted({correction.project_id for correction in corrections}),
    }


def position_after(row: PricedRow) -> dict[str, Any]:
    """Return the position after a row."""
    return {"project": row.project_id, "time": row.occurred_at, "id": row.id}


START: dict[str, Any] = {"project": "", "time": "1900-01-01T00:00:00Z", "id": "00000000-0000-0000-0000-000000000000"}
