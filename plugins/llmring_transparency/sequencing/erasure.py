"""Lawful erasure: destroy the salt of a receipt's leaf, and record that with a tombstone in the log."""

from datetime import UTC, datetime

from llmring_server.database import Database
from llmring_server.tlog.leaves import EntryKind
from llmring_transparency.models import DEPLOYMENT, QueueItem
from llmring_transparency.sequencing.key_events import tombstone_event
from llmring_transparency.storage.store import LogStore


async def erase(database: Database, store: LogStore, project: str, receipt_id: str) -> int | None:
    """Destroy the salt of a receipt's leaf and queue its tombstone, in one transaction; return the leaf's index.

    None if the project has no such leaf. Repeating it is not an error, and queues nothing.
    """
    leaf = await store.leaf(project, EntryKind.RECEIPT, receipt_id)
    if leaf is None:
        return None
    async with database.transaction() as connection:
        if await store.destroy_salt(connection, project, leaf.leaf_index):
            event = tombstone_event(leaf.leaf_index, datetime.now(UTC))
            await store.put(connection, [QueueItem(DEPLOYMENT, EntryKind.TOMBSTONE, f"leaf {leaf.leaf_index}", event)])
    return leaf.leaf_index
