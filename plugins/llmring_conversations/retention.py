"""What conversations outlive: the retention of a deployment, and claims that nobody came for."""

from datetime import UTC, datetime, timedelta
from typing import LiteralString

from llmring_conversations.settings import ConversationSettings
from llmring_server.cli.retention import OldRows, drop_due
from llmring_server.database import Database

CLAIM_HOURS = 72

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


def old_conversations(database: Database) -> OldRows:
    """Return the retention of conversations whose last change is too old, with their messages."""
    return OldRows(database, due=DUE, some=SOME, drop=DROP)


class Upkeep:
    """What the tables need from time to time."""

    def __init__(self, database: Database, settings: ConversationSettings) -> None:
        self._database = database
        self._days = settings.retention_days

    async def once(self) -> None:
        """Drop what has outlived the retention, and claims that nobody came for."""
        await drop_due(old_conversations(self._database), self._days)
        before = datetime.now(UTC) - timedelta(hours=CLAIM_HOURS)
        await self._database.execute(EXPIRE, {"before": before})
