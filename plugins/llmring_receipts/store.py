"""Receipts and public keys in PostgreSQL; a stored receipt is never changed, its bytes are what was signed."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from enum import Enum

from llmring_receipts.keys import PublicKey
from llmring_receipts.models import Cursor, Row, Stored
from llmring_server.database import Database

PUT = """
    INSERT INTO receipts (project_id, receipt_id, issued_at, key_id, content, digest, stored_at)
    VALUES (%(project)s, %(receipt_id)s, %(issued_at)s, %(key_id)s, %(content)s, %(digest)s, now())
    ON CONFLICT (project_id, receipt_id) DO NOTHING
    RETURNING receipt_id
"""
COMPARE = """
    WITH kept AS (
        SELECT digest FROM receipts WHERE project_id = %(project)s AND receipt_id = %(receipt_id)s
    ), noted AS (
        INSERT INTO receipt_conflicts (project_id, receipt_id, digest, kept_digest, key_id, noted_at)
        SELECT %(project)s, %(receipt_id)s, %(digest)s, digest, %(key_id)s, now()
        FROM kept
        WHERE digest <> %(digest)s
        ON CONFLICT (project_id, receipt_id, digest) DO NOTHING
    )
    SELECT digest = %(digest)s AS same FROM kept
"""
GET = """
    SELECT receipt_id, issued_at, content
    FROM receipts
    WHERE project_id = %(project)s AND receipt_id = %(receipt_id)s
"""
LIST = """
    SELECT receipt_id, issued_at, content
    FROM receipts
    WHERE project_id = %(project)s
    ORDER BY issued_at DESC, receipt_id DESC
    LIMIT %(limit)s
"""
LIST_AFTER = """
    SELECT receipt_id, issued_at, content
    FROM receipts
    WHERE project_id = %(project)s AND (issued_at, receipt_id) < (%(issued_at)s, %(receipt_id)s)
    ORDER BY issued_at DESC, receipt_id DESC
    LIMIT %(limit)s
"""
KEYS = "SELECT key_id, public_key, created_at, retired_at, status FROM receipt_keys ORDER BY created_at, key_id"
LOCK_KEYS = "LOCK TABLE receipt_keys IN SHARE ROW EXCLUSIVE MODE"
ADD_KEY = """
    INSERT INTO receipt_keys (key_id, public_key, created_at, status)
    VALUES (%(key_id)s, %(public_key)s, now(), 'active')
    ON CONFLICT (key_id) DO NOTHING
"""
RETIRE_OTHERS = """
    UPDATE receipt_keys
    SET status = 'retired', retired_at = now() + %(grace)s
    WHERE status = 'active' AND key_id <> %(key_id)s AND EXISTS (
        SELECT 1 FROM receipt_keys AS mine
        WHERE mine.key_id = %(key_id)s AND mine.status = 'active' AND mine.public_key = %(public_key)s
    )
"""


class Outcome(Enum):
    """What `ReceiptStore.put` found."""

    NEW = "verified"
    SAME = "exists"
    CONFLICT = "conflict"


class ReceiptStore:
    """The tables `receipts` and `receipt_conflicts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, project: str, receipt: Stored) -> Outcome:
        """Store a receipt, in one statement; another one under a known id is not stored, its digest is."""
        given = {
            "project": project,
            "receipt_id": receipt.receipt_id,
            "issued_at": receipt.issued_at,
            "key_id": receipt.key_id,
            "content": receipt.content,
            "digest": hashlib.sha256(receipt.content).digest(),
        }
        if await self._database.fetch(PUT, given):
            return Outcome.NEW
        # A statement of its own: one that lost the race against another insert does not see what it lost to.
        (found,) = await self._database.fetch(COMPARE, given)
        return Outcome.SAME if found["same"] else Outcome.CONFLICT

    async def get(self, project: str, receipt_id: str) -> Row | None:
        """Return a receipt, its bytes as they were signed, or None when this project has none of that id."""
        return await self._database.one(Row, GET, {"project": project, "receipt_id": receipt_id})

    async def page(self, project: str, limit: int, after: Cursor | None) -> tuple[Sequence[Row], Cursor | None]:
        """Return up to `limit` of a project's receipts, newest first, those after a cursor; and the next page's."""
        given: dict[str, object] = {"project": project, "limit": limit + 1}
        if after is None:
            rows = await self._database.rows(Row, LIST, given)
        else:
            given |= {"issued_at": after.issued_at, "receipt_id": after.receipt_id}
            rows = await self._database.rows(Row, LIST_AFTER, given)
        page = rows[:limit]
        return page, Cursor(page[-1].issued_at, page[-1].receipt_id) if len(rows) > limit else None


class KeyStore:
    """The table `receipt_keys`: every public key this deployment has had. Private keys never come here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keys(self) -> list[PublicKey]:
        """Return every key, oldest first."""
        return await self._database.rows(PublicKey, KEYS)

    async def register(self, key_id: str, public_key: bytes, *, retire_after: timedelta | None) -> None:
        """Add a key unless its id is known; with `retire_after`, retire the other active ones that much later.

        A key that is retired itself retires nothing, so replicas with an old and a new key may start in any order.
        """
        given = {"key_id": key_id, "public_key": public_key, "grace": retire_after}
        async with self._database.transaction() as connection:
            await connection.execute(LOCK_KEYS)
            await connection.execute(ADD_KEY, given)
            if retire_after is not None:
                await connection.execute(RETIRE_OTHERS, given)
