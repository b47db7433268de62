"""Receipts in PostgreSQL; a stored receipt is never changed, its bytes are what was signed."""

import functools
from collections.abc import Callable, Mapping, Sequence, Set
from enum import Enum
from typing import LiteralString

import msgspec
from psycopg import errors

from llmring_receipts.receipts.models import ReceiptCursor, ReceiptRecord, ReceiptRow
from llmring_server.contracts.transparency import ReceiptsStored, StoredReceipt
from llmring_server.database import Database
from llmring_server.database.pool import Connection

WRITE_SECONDS = 1.4
Name = tuple[str, str]

# Everyone inserts in one order: two batches with the same ids wait for one another, and never in a circle.
PUT: LiteralString = """
    INSERT INTO receipts (project_id, receipt_id, issued_at, key_id, content, digest, stored_at)
    SELECT project_id, receipt_id, issued_at, key_id, convert_to(content, 'UTF8'), sha256(convert_to(content, 'UTF8')),
        now()
    FROM json_to_recordset(%(receipts)s::json) AS given(
        project_id text, receipt_id text, issued_at timestamptz, key_id text, content text
    )
    ORDER BY project_id COLLATE "C", receipt_id COLLATE "C"
    ON CONFLICT (project_id, receipt_id) DO NOTHING
    RETURNING project_id, receipt_id
"""
COMPARE: LiteralString = """
    WITH compared AS (
        SELECT given.*, sha256(convert_to(content, 'UTF8')) AS digest, kept.digest AS kept_digest
        FROM json_to_recordset(%(receipts)s::json) AS given(
            place integer, project_id text, receipt_id text, key_id text, content text
        )
        JOIN (SELECT project_id, receipt_id, digest FROM receipts) AS kept USING (project_id, receipt_id)
    ), noted AS (
        INSERT INTO receipt_conflicts (project_id, receipt_id, digest, kept_digest, key_id, noted_at)
        SELECT project_id, receipt_id, digest, kept_digest, key_id, now()
        FROM compared
        WHERE digest <> kept_digest
        ORDER BY project_id COLLATE "C", receipt_id COLLATE "C", digest
        ON CONFLICT (project_id, receipt_id, digest) DO NOTHING
    )
    SELECT place, digest = kept_digest FROM compared
"""
GET: LiteralString = """
    SELECT receipt_id, issued_at, content
    FROM receipts
    WHERE project_id = %(project)s AND receipt_id = %(receipt_id)s
"""
LIST: LiteralString = """
    SELECT receipt_id, issued_at, content
    FROM receipts
    WHERE project_id = %(project)s
    ORDER BY issued_at DESC, receipt_id DESC
    LIMIT %(limit)s
"""
LIST_AFTER: LiteralString = """
    SELECT receipt_id, issued_at, content
    FROM receipts
    WHERE project_id = %(project)s AND (issued_at, receipt_id) < (%(issued_at)s, %(receipt_id)s)
    ORDER BY issued_at DESC, receipt_id DESC
    LIMIT %(limit)s
"""


FIND: LiteralString = """
    SELECT project_id, receipt_id, content
    FROM receipts
    JOIN json_to_recordset(%(names)s::json) AS asked(project_id text, receipt_id text) USING (project_id, receipt_id)
"""


class Outcome(Enum):
    """What became of a receipt that was to be stored."""

    NEW = "verified"
    SAME = "exists"
    CONFLICT = "conflict"


class ReceiptStore:
    """The tables `receipts` and `receipt_conflicts`; `told` gives who must hear of every receipt, or None.

    It is asked on first use, so that the conf file may name the features in any order.
    """

    def __init__(self, database: Database, told: Callable[[], ReceiptsStored | None]) -> None:
        self._database = database
        self._ask = told

    @functools.cached_property
    def _told(self) -> ReceiptsStored | None:
        return self._ask()

    async def put(self, receipts: Sequence[ReceiptRecord]) -> list[Outcome]:
        """Store receipts together, and return what became of each.

        Another one under a known id is not stored, its digest is. It is one statement, one more where ids are known.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout, TimeoutError: the database does not answer in time.
        """
        async with self._database.connection(WRITE_SECONDS) as connection:
            if self._told is None:
                news = await self._add(connection, receipts)
            else:
                async with connection.transaction():
                    news = await self._add(connection, receipts)
            # A statement of its own: one that lost the race against another insert does not see what it lost to.
            return await self._settle(connection, receipts, news)

    async def put_within(self, connection: Connection, receipts: Sequence[ReceiptRecord]) -> list[Outcome]:
        """Do so in the caller's transaction."""
        return await self._settle(connection, receipts, await self._add(connection, receipts))

    async def get(self, project: str, receipt_id: str) -> ReceiptRow | None:
        """Return a receipt, its bytes as they were signed, or None when this project has none of that id."""
        return await self._database.one(ReceiptRow, GET, {"project": project, "receipt_id": receipt_id})

    async def find(self, connection: Connection, names: Sequence[Name]) -> dict[Name, bytes]:
        """Return the receipts that there are of those, by project and id."""
        asked = [{"project_id": project, "receipt_id": receipt_id} for project, receipt_id in names]
        cursor = await connection.execute(FIND, {"names": msgspec.json.encode(asked).decode()})
        return {(project, receipt_id): content for project, receipt_id, content in await cursor.fetchall()}

    async def page(
        self, project: str, limit: int, after: ReceiptCursor | None
    ) -> tuple[Sequence[ReceiptRow], ReceiptCursor | None]:
        """Return up to `limit` of a project's receipts, newest first, those after a cursor; and the next page's."""
        given: dict[str, object] = {"project": project, "limit": limit + 1}
        if after is None:
            rows = await self._database.rows(ReceiptRow, LIST, given)
        else:
            given |= {"issued_at": after.issued_at, "receipt_id": after.receipt_id}
            rows = await self._database.rows(ReceiptRow, LIST_AFTER, given)
        page = rows[:limit]
        return page, ReceiptCursor(page[-1].issued_at, page[-1].receipt_id) if len(rows) > limit else None

    async def _add(self, connection: Connection, receipts: Sequence[ReceiptRecord]) -> set[int]:
        """Insert what is new, tell of it, and return its places; of several under one name, the first is."""
        first = {_name(receipt): place for place, receipt in reversed(list(enumerate(receipts)))}
        given = _encoded({place: receipts[place] for place in first.values()})
        added = await (await connection.execute(PUT, {"receipts": given})).fetchall()
        if added and self._told is not None:
            news = [receipts[first[name]] for name in sorted(added)]
            await self._told.write(connection, [StoredReceipt(*_name(one), one.content) for one in news])
        return {first[name] for name in added}

    async def _settle(self, connection: Connection, receipts: Sequence[ReceiptRecord], news: Set[int]) -> list[Outcome]:
        """Return what became of each receipt; those that are not new are compared with what is kept."""
        if len(news) == len(receipts):
            return [Outcome.NEW] * len(receipts)
        known = {place: receipt for place, receipt in enumerate(receipts) if place not in news}
        cursor = await connection.execute(COMPARE, {"receipts": _encoded(known)})
        same = dict(await cursor.fetchall())
        if same.keys() != known.keys():
            raise errors.SerializationFailure("a receipt was removed while another came under its id; try again")
        outcomes = {True: Outcome.SAME, False: Outcome.CONFLICT}
        return [Outcome.NEW if place in news else outcomes[same[place]] for place in range(len(receipts))]


class _InputKey(msgspec.Struct, frozen=True):
    """A receipt as the statements read it; its content as the text that it is."""

    place: int
    project_id: str
    receipt_id: str
    issued_at: object
    key_id: str
    content: str


def _encoded(receipts: Mapping[int, ReceiptRecord]) -> str:
    given = [
        _InputKey(place, one.project_id, one.receipt_id, one.issued_at, one.key_id, one.content.decode())
        for place, one in receipts.items()
    ]
    return msgspec.json.encode(given).decode()


def _name(receipt: ReceiptRecord) -> Name:
    return receipt.project_id, receipt.receipt_id
