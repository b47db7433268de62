"""Own prices in PostgreSQL: the table `price_overrides`, whose rows are closed and never changed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString

import msgspec
from psycopg.rows import class_row

from llmring_server.database import Database, Notifications
from llmring_server.database.connections import Connection
from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_usage.prices.own.models import OwnPrice, PriceOverride, find_conflict, own_price

TOPIC = "prices"
JSON_FIELDS = ("rates", "per_unit")

COLUMNS: LiteralString = ", ".join(OwnPrice.__struct_fields__)
SELECT: LiteralString = "SELECT " + COLUMNS + " FROM price_overrides"
CURRENT: LiteralString = SELECT + " WHERE closed_at IS NULL AND (%(project)s::text IS NULL OR project_id = %(project)s)"
HISTORY: LiteralString = SELECT + (
    " WHERE project_id = %(project)s AND (%(id)s::text IS NULL OR id = %(id)s) ORDER BY created_at DESC, revision DESC"
)
LOCK: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('llmring prices ' || current_schema() || %s, 0))"
CLOSE: LiteralString = """
    UPDATE price_overrides SET closed_at = %(now)s, closed_by = %(key_id)s
    WHERE project_id = %(project)s AND id = %(id)s AND closed_at IS NULL
    RETURNING revision
"""
INSERT: LiteralString = (
    "INSERT INTO price_overrides (" + COLUMNS + ") VALUES ("
    + ", ".join("%(" + name + ")s" for name in OwnPrice.__struct_fields__) + ")"
)  # fmt: skip


class StoredPrice(OwnPrice, frozen=True, kw_only=True):
    """A row of the table, whose JSON columns are not decoded."""

    rates: msgspec.Raw | None = None  # type: ignore[assignment]
    per_unit: msgspec.Raw | None = None  # type: ignore[assignment]

    def decode(self) -> OwnPrice:
        """Return the own price."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in OwnPrice.__struct_fields__}
        for name in JSON_FIELDS:
            fields[name] = None if fields[name] is None else msgspec.json.decode(fields[name])
        return OwnPrice(**fields)


class OverrideStore:
    """The table of own prices; every change notifies the other processes in its transaction."""

    def __init__(self, database: Database, notifications: Notifications) -> None:
        self._database = database
        self._notifications = notifications

    async def current(self, project: str | None = None) -> list[OwnPrice]:
        """Return the prices that are not closed, of a project or of all."""
        found = await self._database.rows(StoredPrice, CURRENT, {"project": project})
        return [price.decode() for price in found]

    async def history(self, project: str, name: str | None = None) -> list[OwnPrice]:
        """Return all prices of a project, or of one id, latest first, closed ones too."""
        found = await self._database.rows(StoredPrice, HISTORY, {"project": project, "id": name})
        return [price.decode() for price in found]

    async def put(self, project: str, name: str, override: PriceOverride, key_id: str | None) -> OwnPrice:
        """Store a price under an id, and close the one before it.

        Raises:
            Problem: 422 for an invalid price; 409 if another price has the same selector at some time.
        """
        price = own_price(override, project, name, datetime.now(UTC), key_id)
        async with self._database.transaction() as connection:
            await connection.execute(LOCK, [project])
            others = await _read(connection, CURRENT, {"project": project})
            other = find_conflict(price, others)
            if other is not None:
                raise Problem(
                    409, f"The own price {other.id!r} applies to the same calls at some time. Close or change it first."
                )
            known = await _read(connection, HISTORY, {"project": project, "id": name})
            revision = max((one.revision for one in known), default=0) + 1
            price = msgspec.structs.replace(price, revision=revision)
            await self._close(connection, price, key_id)
            await connection.execute(INSERT, _params(price))
            await self._notify(connection, project)
        return price

    async def delete(self, project: str, name: str, key_id: str | None) -> bool:
        """Close a price; return False if there is none of that id."""
        async with self._database.transaction() as connection:
            await connection.execute(LOCK, [project])
            params = {"project": project, "id": name, "key_id": key_id, "now": datetime.now(UTC)}
            closed = await (await connection.execute(CLOSE, params)).fetchone()
            if closed is not None:
                await self._notify(connection, project)
            return closed is not None

    async def _close(self, connection: Connection, price: OwnPrice, key_id: str | None) -> None:
        params = {"project": price.project_id, "id": price.id, "key_id": key_id, "now": price.created_at}
        await connection.execute(CLOSE, params)

    async def _notify(self, connection: Connection, project: str) -> None:
        await connection.execute(Notifications.NOTIFY, self._notifications.payload(TOPIC, project))


async def _read(connection: Connection, query: LiteralString, params: dict[str, Any]) -> Sequence[OwnPrice]:
    async with connection.cursor(row_factory=class_row(StoredPrice)) as cursor:
        await cursor.execute(query, params)
        return [price.decode() for price in await cursor.fetchall()]


def _params(price: OwnPrice) -> dict[str, Any]:
    params: dict[str, Any] = {name: getattr(price, name) for name in OwnPrice.__struct_fields__}
    for name in JSON_FIELDS:
        if params[name] is not None:
            params[name] = codec.encode(params[name]).decode()
    return params
