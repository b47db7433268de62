"""Receipts in PostgreSQL; a stored receipt never changes, and its bytes are those that were signed."""

from collections.abc import Callable, Mapping, Sequence, Set
from enum import Enum
from typing import LiteralString

import msgspec
from psycopg import errors

from llmring_receipts.receipts.models import ReceiptCursor, ReceiptRecord, ReceiptRow
from llmring_server.contracts.transparency import ReceiptsStored, StoredReceipt
from llmring_server.database import Database
from llmring_server.database.connections import Connection

WRITE_SECONDS = 1.4
ReceiptId = tuple[str, str]

# All batches insert in the same order, so that two with the same ids cannot deadlock.
PUT: LiteralString = """
    INSERT INTO receipts (project_id, receipt_id, issued_at, key_id, content, digest, stored_at)
    SELECT project_id, receipt_id, issued_at, key_id, convert_to(content, 'UTF8'), sha256(convert_to(content, 'UTF8')),
        now()
    FROM json_to_recordset(%(receipts)s::json) AS new(
        project_id text, receipt_id text, issued_at timestamptz, key_id text, content text
    )
    ORDER BY project_id COLLATE "C", receipt_id COLLATE "C"
    ON CONFLICT (project_id, receipt_id) DO NOTHING
    RETURNING project_id, receipt_id
"""
COMPARE: LiteralString = """
    WITH compared AS (
        SELECT new.*, sha256(convert_to(content, 'UTF8')) AS digest, stored.digest AS kept_digest
        FROM json_to_recordset(%(receipts)s::json) AS new(
            place integer, project_id text, receipt_id text, key_id text, content text
        )
        JOIN (SELECT project_id, receipt_id, digest FROM receipts) AS stored USING (project_id, receipt_id)
    ), recorded AS (
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
    JOIN json_to_recordset(%(names)s::json) AS wanted(project_id text, receipt_id text) USING (project_id, receipt_id)
"""


class StoreOutcome(Enum):
    """The result of storing a receipt."""

    NEW = "verified"
    SAME = "exists"
    CONFLICT = "conflict"


class ReceiptStore:
    """The tables `receipts` and `receipt_conflicts`; `find_listener` returns the listener for new receipts, or None."""

    def __init__(self, database: Database, find_listener: Callable[[], ReceiptsStored | None]) -> None:
        self._database = database
        self._find_listener = find_listener

    @property
    def _listener(self) -> ReceiptsStored | None:
        return self._find_listener()

    async def put(self, receipts: Sequence[ReceiptRecord], seconds: float = WRITE_SECONDS) -> list[StoreOutcome]:
        """Store receipts together within some seconds, and return the outcome of each.

        Of a different receipt with a known id only the digest is stored. Takes one statement, two if ids are known.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout, TimeoutError: the database does not answer in time.
        """
        async with self._database.connection(seconds) as connection:
            if self._listener is None:
                new = await self._insert(connection, receipts)
            else:
                async with connection.transaction():
                    new = await self._insert(connection, receipts)
            # A separate statement: the insert does not see the row of a concurrent insert that it lost to.
            return await self._compare_known(connection, receipts, new)

    async def put_within(self, connection: Connection, receipts: Sequence[ReceiptRecord]) -> list[StoreOutcome]:
        """Store receipts in the caller's transaction; as `put`."""
        return await self._compare_known(connection, receipts, await self._insert(connection, receipts))

    async def get(self, project: str, receipt_id: str) -> ReceiptRow | None:
        """Return a receipt, its bytes as signed, or None if this project has none with that id."""
        return await self._database.one(ReceiptRow, GET, {"project": project, "receipt_id": receipt_id})

    async def find(self, connection: Connection, names: Sequence[ReceiptId]) -> dict[ReceiptId, bytes]:
        """Return the existing receipts among these, by project and id."""
        wanted = [{"project_id": project, "receipt_id": receipt_id} for project, receipt_id in names]
        cursor = await connection.execute(FIND, {"names": msgspec.json.encode(wanted).decode()})
        return {(project, receipt_id): content for project, receipt_id, content in await cursor.fetchall()}

    async def page(
        self, project: str, limit: int, after: ReceiptCursor | None
    ) -> tuple[Sequence[ReceiptRow], ReceiptCursor | None]:
        """Return up to `limit` of a project's receipts, newest first, from a cursor on, and the next cursor.

        A page also ends at a number of bytes (`Database.page`).
        """
        parameters: dict[str, object] = {"project": project, "limit": limit + 1}
        if after is not None:
            parameters |= {"issued_at": after.issued_at, "receipt_id": after.receipt_id}
        page, more = await self._database.page(
            ReceiptRow,
            LIST if after is None else LIST_AFTER,
            parameters,
            limit,
            size_of=lambda row: len(row.content),
        )
        return page, ReceiptCursor(page[-1].issued_at, page[-1].receipt_id) if more else None

    async def _insert(self, connection: Connection, receipts: Sequence[ReceiptRecord]) -> set[int]:
        """Insert new receipts, notify the listener, return their indices; of several with one id, the first is new."""
        first = {_id_of(receipt): place for place, receipt in reversed(list(enumerate(receipts)))}
        rows = _encode({place: receipts[place] for place in first.values()})
        added = await (await connection.execute(PUT, {"receipts": rows})).fetchall()
        if added and self._listener is not None:
            new = [receipts[first[name]] for name in sorted(added)]
            await self._listener.write(connection, [StoredReceipt(*_id_of(one), one.content) for one in new])
        return {first[name] for name in added}

    async def _compare_known(
        self, connection: Connection, receipts: Sequence[ReceiptRecord], new: Set[int]
    ) -> list[StoreOutcome]:
        """Return the outcome of each receipt; known ones are compared with the stored ones."""
        if len(new) == len(receipts):
            return [StoreOutcome.NEW] * len(receipts)
        known = {place: receipt for place, receipt in enumerate(receipts) if place not in new}
        cursor = await connection.execute(COMPARE, {"receipts": _encode(known)})
        same = dict(await cursor.fetchall())
        if same.keys() != known.keys():
            raise errors.SerializationFailure("a receipt was deleted while another with its id was stored; try again")
        outcomes = {True: StoreOutcome.SAME, False: StoreOutcome.CONFLICT}
        return [StoreOutcome.NEW if place in new else outcomes[same[place]] for place in range(len(receipts))]


class _InputRow(msgspec.Struct, frozen=True):
    """A receipt as JSON for the SQL statements, with its content as text."""

    place: int
    project_id: str
    receipt_id: str
    issued_at: object
    key_id: str
    content: str


def _encode(receipts: Mapping[int, ReceiptRecord]) -> str:
    rows = [
        _InputRow(place, one.project_id, one.receipt_id, one.issued_at, one.key_id, one.content.decode())
        for place, one in receipts.items()
    ]
    return msgspec.json.encode(rows).decode()


def _id_of(receipt: ReceiptRecord) -> ReceiptId:
    return receipt.project_id, receipt.receipt_id
