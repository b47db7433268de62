"""Public keys and their history in PostgreSQL; private keys are never stored."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, LiteralString

from psycopg.rows import class_row

from llmring_receipts.formats.keys import PublicKey
from llmring_server.contracts.transparency import KeyEvent
from llmring_server.database import Database
from llmring_server.database.connections import Connection

KEYS: LiteralString = (
    "SELECT key_id, public_key, created_at, retired_at, status FROM receipt_keys ORDER BY created_at, key_id"
)
# Held until the commit, so that events become visible in the order of their numbers.
LOCK: LiteralString = "LOCK TABLE receipt_keys IN SHARE ROW EXCLUSIVE MODE"
# An active key may get another id; a retired or compromised key cannot be added again under any id.
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
RECORD_EVENTS: LiteralString = """
    INSERT INTO receipt_key_events (key_id, change, at)
    SELECT key_id, change, at
    FROM receipt_keys
    CROSS JOIN LATERAL (VALUES
        (1, 'added', created_at),
        (2, 'retired', CASE WHEN status = 'retired' THEN retired_at END),
        (3, 'compromised', CASE WHEN status = 'compromised' THEN now() END)
    ) AS event(position, change, at)
    WHERE at IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM receipt_key_events AS e WHERE (e.key_id, e.change) = (receipt_keys.key_id, event.change)
        )
    ORDER BY at, position, key_id
    ON CONFLICT (key_id, change) DO NOTHING
"""
AFTER: LiteralString = """
    SELECT number, key_id, public_key, change, at
    FROM receipt_key_events JOIN receipt_keys USING (key_id)
    WHERE number > %(number)s
    ORDER BY number
"""


class ReceiptKeyStore:
    """The tables `receipt_keys`, every public key this deployment has had, and `receipt_key_events`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keys(self, seconds: float | None = None) -> list[PublicKey]:
        """Return every key, oldest first; `seconds` limits the wait for the database."""
        async with self._database.connection(seconds) as connection:
            return await self.keys_within(connection)

    async def keys_within(self, connection: Connection) -> list[PublicKey]:
        """Return every key, read on the caller's connection."""
        async with connection.cursor(row_factory=class_row(PublicKey)) as cursor:
            return await (await cursor.execute(KEYS)).fetchall()

    async def after(self, number: int) -> Sequence[KeyEvent]:
        """Return the events after that number, in order; the contract `ReceiptKeyEvents`."""
        return await self._database.rows(KeyEvent, AFTER, {"number": number})

    async def register(self, key_id: str, public_key: bytes, *, retire_after: timedelta | None) -> None:
        """Add a key unless its id is known; with `retire_after`, retire the other active keys after that time.

        A key that is retired or compromised under another id is not added, and retires nothing.
        A retired key retires nothing, so replicas with an old and a new key may start in any order.
        """
        given = {"key_id": key_id, "public_key": public_key, "grace": retire_after}
        await self._update([ADD] if retire_after is None else [ADD, RETIRE_OTHERS], given)

    async def retire(self, key_id: str, after: timedelta) -> bool:
        """Retire an active key after that time, under all its ids; return whether there was one."""
        return await self._update([RETIRE], {"key_id": key_id, "grace": after})

    async def compromise(self, key_id: str) -> bool:
        """Mark a key as compromised, under all its ids; return whether it changed."""
        return await self._update([COMPROMISE], {"key_id": key_id})

    async def record_events(self) -> None:
        """Record events of keys that were changed by hand, or before events were recorded."""
        await self._update([], {})

    async def _update(self, statements: Sequence[LiteralString], given: dict[str, Any]) -> bool:
        """Run statements and record key events, in one transaction; return whether the last changed rows."""
        async with self._database.transaction() as connection:
            await connection.execute(LOCK)
            row_counts = [(await connection.execute(statement, given)).rowcount for statement in statements]
            await connection.execute(RECORD_EVENTS)
        return bool(row_counts and row_counts[-1])
