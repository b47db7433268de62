"""Receipts and statements that are stored while the deployment's transparency log is off, for when it is on again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString

import msgspec
import psycopg

from llmring_receipts.receipts.store import ReceiptStore
from llmring_receipts.statements.store import StatementStore
from llmring_server.contracts.transparency import ReceiptsStored, StatementsStored, StoredReceipt
from llmring_server.database import Database
from llmring_server.database.connections import Connection
from llmring_server.database.required_plugins import is_missed
from llmring_server.runtime.background import upkeep

LOG_PLUGIN = "transparency"
RECEIPT, STATEMENT = "receipt", "statement"
BATCH = 256
QUEUE_SECONDS = 60.0

ADD: LiteralString = """
    INSERT INTO receipts_unlogged (project_id, kind, reference)
    SELECT project_id, kind, reference
    FROM json_to_recordset(%(rows)s::json) AS new(project_id text, kind text, reference text)
    ORDER BY project_id COLLATE "C", kind, reference
    ON CONFLICT (project_id, kind, reference) DO NOTHING
"""
OLDEST: LiteralString = """
    SELECT project_id, kind, reference FROM receipts_unlogged ORDER BY project_id, kind, reference LIMIT %(limit)s
"""
TAKE: LiteralString = """
    DELETE FROM receipts_unlogged
    WHERE project_id = ANY(%(projects)s) AND (project_id, kind, reference) IN (
        SELECT project_id, kind, reference
        FROM json_to_recordset(%(rows)s::json) AS taken(project_id text, kind text, reference text)
    )
    RETURNING project_id, kind, reference
"""


class UnloggedRow(msgspec.Struct, frozen=True):
    """A receipt by its id, or a statement by its number."""

    project_id: str
    kind: str
    reference: str


class UnloggedReceipts:
    """The table `receipts_unlogged`, written in place of the log: a `ReceiptsStored` and `StatementsStored`.

    `active` while this server has no `log` and the deployment has one.
    """

    def __init__(self, database: Database, statements: StatementStore, retired: Sequence[str]) -> None:
        self._database = database
        self._statements = statements
        self._retired = retired
        self.active = False
        self.log: ReceiptsStored | None = None

    async def write(self, connection: psycopg.AsyncConnection[Any], receipts: Sequence[StoredReceipt]) -> None:
        """Record receipts that are being stored."""
        await _add(connection, [UnloggedRow(one.project_id, RECEIPT, one.receipt_id) for one in receipts])

    async def write_statement(
        self, connection: psycopg.AsyncConnection[Any], project_id: str, statement_id: str, content: bytes
    ) -> None:
        """Record a statement that is being stored."""
        if self.active:
            await _add(connection, [UnloggedRow(project_id, STATEMENT, statement_id)])

    @asynccontextmanager
    async def running(
        self, store: ReceiptStore, receipts: ReceiptsStored | None, statements: StatementsStored | None
    ) -> AsyncIterator[None]:
        """Record while the block runs and there is no log; with one, queue what was recorded, every minute."""
        if receipts is None or statements is None:
            self.active = await is_missed(self._database, LOG_PLUGIN, self._retired)
            yield
            return

        async def queue_all() -> None:
            while await self._queue_some(store, receipts, statements):
                pass

        async with upkeep(queue_all, "unlogged receipts", QUEUE_SECONDS):
            yield

    def find_listener(self) -> ReceiptsStored | None:
        """Return what receives stored receipts: the log, this table, or None."""
        return self.log or (self if self.active else None)

    async def _queue_some(self, store: ReceiptStore, receipts: ReceiptsStored, statements: StatementsStored) -> bool:
        """Move a batch into the log's queue, in one transaction; return whether there may be more."""
        async with self._database.transaction() as connection:
            taken = await self._take(connection)
            names = [(row.project_id, row.reference) for row in taken if row.kind == RECEIPT]
            found = await store.find(connection, names) if names else {}
            await receipts.write(connection, [StoredReceipt(*name, found[name]) for name in sorted(found)])
            for row in taken:
                stored = (
                    await self._statements.get(row.project_id, int(row.reference)) if row.kind == STATEMENT else None
                )
                if stored is not None:
                    await statements.write_statement(connection, row.project_id, row.reference, stored.content)
        return bool(taken)

    async def _take(self, connection: Connection) -> list[UnloggedRow]:
        oldest = [UnloggedRow(*row) for row in await (await connection.execute(OLDEST, {"limit": BATCH})).fetchall()]
        given = {"projects": sorted({row.project_id for row in oldest}), "rows": _encode(oldest)}
        cursor = await connection.execute(TAKE, given)
        return sorted((UnloggedRow(*row) for row in await cursor.fetchall()), key=_order)


async def _add(connection: psycopg.AsyncConnection[Any], rows: Sequence[UnloggedRow]) -> None:
    await connection.execute(ADD, {"rows": _encode(rows)})


def _encode(rows: Sequence[UnloggedRow]) -> str:
    return msgspec.json.encode(rows).decode()


def _order(row: UnloggedRow) -> tuple[str, str, int, str]:
    """Order statements by number."""
    return row.project_id, row.kind, len(row.reference), row.reference
