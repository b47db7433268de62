"""Repricing: unpriced and registry-priced rows at today's registry, rows and rollups corrected together.

Rows are read in chunks in key order and corrected by one statement per chunk. A row is updated only while it still has
the cost that was read, so that concurrent changes never correct it twice. The position is stored after each chunk: an
interrupted run continues from there when it is started again.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString
from uuid import UUID

import msgspec

from llmring_server.database import Database
from llmring_server.http import codec
from llmring_usage.models.series import encode_rates
from llmring_usage.pricing.price_book import UsagePriceBook
from llmring_usage.pricing.tokens import Tokens
from llmring_usage.tables.alias_hours import hour_sql
from llmring_usage.tables.log_columns import TOKENS
from llmring_usage.tables.rollups import DAILY, QUARTERS
from llmring_usage.tables.state import UsageState

CHUNK_ROWS = 2_000
CHUNK_SECONDS = 60.0

SELECTED: LiteralString = """
    FROM usage_logs
    WHERE cost_source IS DISTINCT FROM 'client'
        AND (%(since)s::timestamptz IS NULL OR occurred_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR occurred_at < %(until)s)
        AND (%(model)s::text IS NULL OR model = %(model)s OR provider || ':' || model = %(model)s)
"""
CHUNK: LiteralString = (
    "SELECT project_id, occurred_at, id, provider, model, "
    + TOKENS
    + ", cost"
    + SELECTED
    + " AND (project_id, occurred_at, id) > (%(project)s, %(time)s, %(id)s)"
    + " ORDER BY project_id, occurred_at, id LIMIT %(limit)s"
)
DELTAS: dict[LiteralString, LiteralString] = {
    "cost": "sum(coalesce(cost, 0) - coalesce(old_cost, 0))",
    "unpriced_requests": "sum((cost IS NULL)::int - (old_cost IS NULL)::int)",
    "unpriced_tokens": "sum(((cost IS NULL)::int - (old_cost IS NULL)::int) * (input_tokens::numeric + output_tokens))",
}
CORRECT: LiteralString = (
    """
    WITH given AS MATERIALIZED (
        SELECT * FROM json_to_recordset(%(rows)s::json) AS given(
            project_id text, occurred_at timestamptz, id uuid, cost numeric, old_cost numeric, priced_as text,
            registry_version text, price json
        )
    ), changed AS (
        UPDATE usage_logs AS kept SET
            cost = given.cost,
            computed_cost = given.cost,
            cost_source = 'registry',
            cost_status = 'priced',
            priced_as = given.priced_as,
            registry_version = given.registry_version,
            price = given.price
        FROM given
        WHERE kept.project_id = given.project_id AND kept.occurred_at = given.occurred_at AND kept.id = given.id
            AND kept.cost IS NOT DISTINCT FROM given.old_cost AND kept.cost_source IS DISTINCT FROM 'client'
        RETURNING kept.project_id, kept.occurred_at, kept.provider, kept.model, kept.alias, kept.profile, kept.origin,
            kept.input_tokens, kept.output_tokens, given.cost, given.old_cost
    ), void AS (
        DELETE FROM usage_alias_hours AS hours USING changed
        WHERE hours.project_id = changed.project_id AND hours.alias = changed.alias
            AND hours.hour = """
    + hour_sql("changed.occurred_at")
    + "), "
    + ", ".join(
        "add_" + rollup.table + " AS (" + rollup.upsert(rollup.select_rows("changed", DELTAS), "0") + ")"
        for rollup in (DAILY, QUARTERS)
    )
    + " SELECT count(*) FROM changed"
)


class RowSelection(msgspec.Struct, frozen=True):
    """The rows to reprice: a range of time (UTC), and a model (`model` or `provider:model`)."""

    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None

    @property
    def state_name(self) -> str:
        """The name under which this selection's position is stored."""
        return f"reprice:{hashlib.blake2b(codec.encode(self), digest_size=8).hexdigest()}"


class PricedRow(Tokens, frozen=True, kw_only=True):
    """A row as repricing reads it: its token counts, and its cost in USD or None."""

    project_id: str
    occurred_at: datetime
    id: UUID
    provider: str
    model: str
    cost: Decimal | None


class PriceCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """A row's new cost (USD), the price it was computed with, and the cost that was read."""

    project_id: str
    occurred_at: datetime
    id: UUID
    model: str
    cost: Decimal
    old_cost: Decimal | None
    priced_as: str
    registry_version: str
    price: msgspec.Raw


class Progress(msgspec.Struct, frozen=True):
    """One chunk: the number of rows read, and the corrections (with `dry_run`, those that would be made)."""

    seen: int
    corrections: list[PriceCorrection]


class Repricing:
    """Reprices one selection of rows."""

    def __init__(self, database: Database, prices: UsagePriceBook, zone: str, selection: RowSelection) -> None:
        self._database = database
        self._prices = prices
        self._zone = zone
        self._selection = selection
        self._state = UsageState(database)

    async def rows(self) -> int:
        """Return the number of selected rows."""
        async with self._database.connection(CHUNK_SECONDS) as connection:
            cursor = await connection.execute("SELECT count(*)" + SELECTED, msgspec.structs.asdict(self._selection))
            found = await cursor.fetchone()
            return int(found[0]) if found else 0

    async def run(self, *, dry_run: bool = False) -> AsyncIterator[Progress]:
        """Go through the rows chunk by chunk; with `dry_run`, nothing is changed and no position kept."""
        at = START if dry_run else await self._position()
        while chunk := await self._chunk(at):
            corrections = [found for row in chunk if (found := self._correction(row))]
            at = {"project": chunk[-1].project_id, "time": chunk[-1].occurred_at, "id": chunk[-1].id}
            if not dry_run:
                await self._correct(corrections)
                await self._state.set(self._selection.state_name, codec.encode(at).decode())
            yield Progress(len(chunk), corrections)
        if not dry_run:
            await self._state.delete(self._selection.state_name)

    async def _position(self) -> dict[str, Any]:
        stored = await self._state.get(self._selection.state_name)
        return msgspec.json.decode(stored) if stored else START

    async def _chunk(self, at: dict[str, Any]) -> Sequence[PricedRow]:
        params = {**msgspec.structs.asdict(self._selection), **at, "limit": CHUNK_ROWS}
        return await self._database.rows(PricedRow, CHUNK, params)

    def _correction(self, row: PricedRow) -> PriceCorrection | None:
        """Return a row's correction; a row that can no longer be priced keeps its cost."""
        quoted = self._prices.quote(row.provider, row.model, row)
        if quoted.cost is None or quoted.price is None or quoted.cost == row.cost:
            return None
        return PriceCorrection(
            project_id=row.project_id,
            occurred_at=row.occurred_at,
            id=row.id,
            model=f"{row.provider}:{row.model}",
            cost=quoted.cost,
            old_cost=row.cost,
            priced_as=quoted.price.priced_as,
            registry_version=quoted.price.registry_version,
            price=encode_rates(quoted.price),
        )

    async def _correct(self, corrections: Sequence[PriceCorrection]) -> None:
        if corrections:
            params = {"zone": self._zone, "rows": codec.encode(corrections).decode()}
            async with self._database.connection(CHUNK_SECONDS) as connection:
                await connection.execute(CORRECT, params)


START: dict[str, Any] = {"project": "", "time": "1900-01-01T00:00:00Z", "id": "00000000-0000-0000-0000-000000000000"}
