"""Receipts in PostgreSQL; a stored receipt is never changed, its bytes are what was signed."""

import hashlib
from collections.abc import Sequence
from enum import Enum

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

    async def get(self, project: str, receipt_id: str) -> bytes | None:
        """Return a receipt's bytes as they were signed, or None when this project has none of that id."""
        found = await self._database.one(Row, GET, {"project": project, "receipt_id": receipt_id})
        return found.content if found else None

    async def page(self, project: str, limit: int, after: Cursor | None) -> Sequence[Row]:
        """Return up to `limit` of a project's receipts, newest first, those after the cursor."""
        given = {"project": project, "limit": limit}
        if after is None:
            return await self._database.rows(Row, LIST, given)
        return await self._database.rows(
            Row, LIST_AFTER, {**given, "issued_at": after.issued_at, "receipt_id": after.receipt_id}
        )
