"""Public keys in PostgreSQL, and what became of each; private ones never come here."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, LiteralString

from psycopg.rows import class_row

from llmring_receipts.formats.keys import PublicKey
from llmring_server.contracts.transparency import KeyEvent
from llmring_server.database import Database
from llmring_server.database.pool import Connection

KEYS: LiteralString = (
    "SELECT key_id, public_key, created_at, retired_at, status FROM receipt_keys ORDER BY created_at, key_id"
)
# Whoever changes a key holds this lock until the commit: events become visible in the order of their numbers.
LOCK: LiteralString = "LOCK TABLE receipt_keys IN SHARE ROW EXCLUSIVE MODE"
# A key may get another id while it is in use; under none does it come back once it is retired or compromised.
ADD: LiteralString = """
    INSERT INTO receipt_keys (key_id, public_key, created_at, status)
    SELECT %(key_id)s, %(public_key)s, now(), 'active'
    FROM (
        SELECT bool_or(status = 'active') AND NOT bool_or(status = 'compromised') AS used
        FROM receipt_keys
        WHERE public_key = %(public_key)s
    ) AS same
    WHERE coalesce(used, true)
    ON CONFLICT (key_id) DO NOTHING
"""
RETIRE_OTHERS: LiteralString = """
    UPDATE receipt_keys
    SET status = 'retired', retired_at = now() + %(grace)s
    WHERE status = 'active' AND key_id <> %(key_id)s AND EXISTS (
        SELECT 1 FROM receipt_keys AS mine
        WHERE mine.key_id = %(key_id)s AND mine.status = 'active' AND mine.public_key = %(public_key)s
    )
"""
RETIRE: LiteralString = """
    UPDATE receipt_keys
    SET status = 'retired', retired_at = now() + %(grace)s
    WHERE public_key = (SELECT public_key FROM receipt_keys WHERE key_id = %(key_id)s) AND status = 'active'
"""
COMPROMISE: LiteralString = """
    UPDATE receipt_keys
    SET status = 'compromised', retired_at = coalesce(retired_at, now())
    WHERE public_key = (SELECT public_key FROM receipt_keys WHERE key_id = %(key_id)s) AND status <> 'compromised'
"""
NOTE: LiteralString = """
    INSERT INTO receipt_key_events (key_id, change, at)
    SELECT key_id, change, at
    FROM receipt_keys
    CROSS JOIN LATERAL (VALUES
        (1, 'added', created_at),
        (2, 'retired', CASE WHEN status = 'retired' THEN retired_at END),
        (3, 'compromised', CASE WHEN status = 'compromised' THEN now() END)
    ) AS became(place, change, at)
    WHERE at IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM receipt_key_events AS e WHERE (e.key_id, e.change) = (receipt_keys.key_id, became.change)
        )
    ORDER BY at, place, key_id
    ON CONFLICT (key_id, change) DO NOTHING
"""
AFTER: LiteralString = """
    SELECT number, key_id, public_key, change, at
    FROM receipt_key_events JOIN receipt_keys USING (key_id)
    WHERE number > %(number)s
    ORDER BY number
"""


class KeyStore:
    """The tables `receipt_keys`, every public key this deployment has had, and `receipt_key_events`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keys(self, seconds: float | None = None) -> list[PublicKey]:
        """Return every key, oldest first; `seconds` bounds the wait for a database that hangs."""
        async with self._database.connection(seconds) as connection:
            return await self.keys_within(connection)

    async def keys_within(self, connection: Connection) -> list[PublicKey]:
        """Return every key as the caller's connection sees them."""
        async with connection.cursor(row_factory=class_row(PublicKey)) as cursor:
            return await (await cursor.execute(KEYS)).fetchall()

    async def after(self, number: int) -> Sequence[KeyEvent]:
        """Return the events behind that number, in order; the contract `ReceiptKeyEvents`."""
        return await self._database.rows(KeyEvent, AFTER, {"number": number})

    async def register(self, key_id: str, public_key: bytes, *, retire_after: timedelta | None) -> None:
        """Add a key unless its id is known; with `retire_after`, retire the other active ones that much later.

        A key that is retired or compromised under another id is not added, and retires nothing.
        A key that is retired itself retires nothing, so replicas with an old and a new key may start in any order.
        """
        given = {"key_id": key_id, "public_key": public_key, "grace": retire_after}
        await self._update([ADD] if retire_after is None else [ADD, RETIRE_OTHERS], given)

    async def retire(self, key_id: str, after: timedelta) -> bool:
        """Retire an active key that much later, under every id it has, and say whether there was one."""
        return await self._update([RETIRE], {"key_id": key_id, "grace": after})

    async def compromise(self, key_id: str) -> bool:
        """Mark a key as compromised, under every id it has, and say whether it was not before."""
        return await self._update([COMPROMISE], {"key_id": key_id})

    async def record_events(self) -> None:
        """Note what became of keys that were changed by hand, or before events were noted."""
        await self._update([], {})

    async def _update(self, statements: Sequence[LiteralString], given: dict[str, Any]) -> bool:
        """Run statements and note what became of keys, in one transaction; say whether the last touched a row."""
        async with self._database.transaction() as connection:
            await connection.execute(LOCK)
            touched = [(await connection.execute(statement, given)).rowcount for statement in statements]
            await connection.execute(NOTE)
        return bool(touched and touched[-1])
