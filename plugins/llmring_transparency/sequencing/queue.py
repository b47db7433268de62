"""The queue: receipts and statements are queued in the transaction that stores them."""

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg

from llmring_server.contracts.transparency import StoredReceipt
from llmring_server.tlog.leaves import EntryKind
from llmring_transparency.models import QueueItem
from llmring_transparency.storage.store import LogStore


class LogQueue:
    """Implements `ReceiptsStored` and `StatementsStored`: both stored and queued, or neither."""

    def __init__(self, store: LogStore) -> None:
        self._store = store
        self._filled = asyncio.Event()

    async def write(self, connection: psycopg.AsyncConnection[Any], receipts: Sequence[StoredReceipt]) -> None:
        """Queue receipts that are being stored."""
        queued = [QueueItem(one.project_id, EntryKind.RECEIPT, one.receipt_id, one.content) for one in receipts]
        await self._put(connection, queued)

    async def write_statement(
        self, connection: psycopg.AsyncConnection[Any], project_id: str, statement_id: str, content: bytes
    ) -> None:
        """Queue a statement that is being stored."""
        await self._put(connection, [QueueItem(project_id, EntryKind.STATEMENT, statement_id, content)])

    async def wait_filled(self, seconds: float) -> None:
        """Wait until this process queues something, or for `seconds`, because other processes queue too."""
        try:
            async with asyncio.timeout(seconds):
                await self._filled.wait()
        except TimeoutError:
            return
        self._filled.clear()

    async def _put(self, connection: psycopg.AsyncConnection[Any], queued: Sequence[QueueItem]) -> None:
        if queued:
            await self._store.put(connection, queued)
            self._filled.set()
