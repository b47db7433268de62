"""What conversations outlive: the retention of a deployment, and claims that nobody came for."""

import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from uuid import UUID

import msgspec

from llmring_conversations.settings import ConversationSettings
from llmring_server.background import beside, every
from llmring_server.database import Database

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 3600.0
CLAIM_HOURS = 72
AT_ONCE = 500

DUE: LiteralString = """
    SELECT count(*) AS conversations, coalesce(sum(message_count), 0)::bigint AS messages
    FROM conversations WHERE updated_at < %(before)s
"""
SOME: LiteralString = """
    SELECT project_id, id FROM conversations WHERE updated_at < %(before)s ORDER BY updated_at LIMIT %(limit)s
"""
DROP: LiteralString = """
    DELETE FROM conversations WHERE project_id = %(project)s AND id = ANY(%(ids)s) AND updated_at < %(before)s
"""
EXPIRE: LiteralString = "DELETE FROM conversation_claims WHERE created_at < %(before)s"


class Due(msgspec.Struct, frozen=True):
    """How much has outlived the retention."""

    conversations: int
    messages: int


class Retention:
    """Drops conversations whose last change is older than so many days, with their messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, days: int) -> Due:
        """Return how much is older than `days`."""
        return (await self._database.rows(Due, DUE, {"before": _ago(days)}))[0]

    async def drop(self, days: int) -> int:
        """Drop what is older than `days`, some at a time, and return how many conversations that were."""
        before, dropped = _ago(days), 0
        while found := await self._database.fetch(SOME, {"before": before, "limit": AT_ONCE}):
            by_project: dict[str, list[UUID]] = defaultdict(list)
            for row in found:
                by_project[row["project_id"]].append(row["id"])
            for project, ids in by_project.items():
                dropped += await self._database.execute(DROP, {"project": project, "ids": ids, "before": before})
        return dropped

    async def expire(self) -> None:
        """Drop claims that nobody came for."""
        before = datetime.now(UTC) - timedelta(hours=CLAIM_HOURS)
        await self._database.execute(EXPIRE, {"before": before})


class Upkeep:
    """Drops what has outlived its time, at start and then every hour."""

    def __init__(self, database: Database, settings: ConversationSettings) -> None:
        self._retention = Retention(database)
        self._days = settings.retention_days

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep at it while the block runs."""
        async with beside(every(INTERVAL_SECONDS, self.once, "conversations upkeep"), "llmring conversations upkeep"):
            yield

    async def once(self) -> None:
        """Drop what has outlived the retention, and claims that nobody came for."""
        if self._days is not None:
            dropped = await self._retention.drop(self._days)
            if dropped:
                log.info("dropped %d conversations older than %d days", dropped, self._days)
        await self._retention.expire()


def _ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)
