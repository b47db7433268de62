"""Retention of conversations, and expiry of claims that were never taken."""

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


def conversation_retention(database: Database) -> OldRows:
    """Return the retention of conversations, by their last change, with their messages."""
    return OldRows(database, due=DUE, some=SOME, drop=DROP)


class ConversationMaintenance:
    """Periodic maintenance of the tables."""

    def __init__(self, database: Database, settings: ConversationSettings) -> None:
        self._database = database
        self._days = settings.retention_days

    async def run_once(self) -> None:
        """Drop conversations older than the retention, and claims that expired.

        Raises:
            WrongClock: this machine's clock or the database's is wrong; nothing is dropped.
        """
        await self._database.check_clock()
        await drop_due(conversation_retention(self._database), self._days)
        before = datetime.now(UTC) - timedelta(hours=CLAIM_HOURS)
        await self._database.execute(EXPIRE, {"before": before})
