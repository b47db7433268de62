"""Expiry of idempotency keys: in chunks, each in a statement and a limit of time of its own."""

from datetime import UTC, datetime, timedelta
from typing import LiteralString

from llmring_server.database import Database
from llmring_usage.ingest.entry_to_row import MAX_CLOCK_SKEW
from llmring_usage.maintenance.retention import UsageRetention

CHUNK_KEYS = 10_000
DELETE: LiteralString = """
    DELETE FROM usage_keys WHERE created_at < %(before)s AND (project_id, key) IN (
        SELECT project_id, key FROM usage_keys WHERE created_at < %(before)s ORDER BY created_at LIMIT %(limit)s
    )
"""


class KeyExpiry:
    """Deletes keys older than `hours`; with 0, those received in months whose raw rows retention has dropped."""

    def __init__(self, database: Database, retention: UsageRetention, hours: float) -> None:
        self._database = database
        self._retention = retention
        self._hours = hours

    async def run_once(self) -> None:
        """Delete the expired keys; what a failure leaves is deleted the next time."""
        before = await self._expired_before()
        deleted = CHUNK_KEYS if before else 0
        while deleted == CHUNK_KEYS:
            deleted = await self._database.execute(DELETE, {"before": before, "limit": CHUNK_KEYS})

    async def _expired_before(self) -> datetime | None:
        """Return the time of receipt before which keys are expired, or None.

        A call happens at most the clock skew after its receipt, so a key never expires before its raw row is dropped.
        """
        if self._hours:
            return datetime.now(UTC) - timedelta(hours=self._hours)
        dropped = await self._retention.dropped_before()
        return dropped and dropped - MAX_CLOCK_SKEW
