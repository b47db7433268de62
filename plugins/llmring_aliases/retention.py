"""How long the history of aliases is kept: older changes are dropped, except those that tell how things stand."""

import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import LiteralString

from llmring_aliases.settings import AliasSettings
from llmring_server.background import beside, every
from llmring_server.database import Database

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 3600.0
AT_ONCE = 1_000

# What made an alias what it is stays, and so does the last change of each profile, whose number is the list's ETag.
OLD: LiteralString = """
    FROM alias_history AS old
    WHERE changed_at < %(before)s
        AND NOT EXISTS (
            SELECT FROM aliases AS kept
            WHERE kept.project_id = old.project_id AND kept.profile = old.profile AND kept.alias = old.alias
                AND kept.seq = old.seq
        )
        AND seq < (
            SELECT max(seq) FROM alias_history AS latest
            WHERE latest.project_id = old.project_id AND latest.profile = old.profile
        )
"""
DUE: LiteralString = "SELECT count(*) AS changes" + OLD
SOME: LiteralString = "SELECT project_id, seq" + OLD + "ORDER BY changed_at LIMIT %(limit)s"
DROP: LiteralString = """
    WITH noted AS (
        UPDATE alias_versions SET pruned = greatest(pruned, %(upto)s) WHERE project_id = %(project)s
    )
    DELETE FROM alias_history WHERE project_id = %(project)s AND seq = ANY(%(numbers)s)
"""


class Retention:
    """Drops changes that are older than so many days; how far, the project's version remembers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, days: int) -> int:
        """Return how many changes are older than `days`, besides those that stay."""
        found = await self._database.fetch(DUE, {"before": _ago(days)})
        return int(found[0]["changes"])

    async def drop(self, days: int) -> int:
        """Drop what is older than `days`, some at a time, and return how many changes that were."""
        before, dropped = _ago(days), 0
        while found := await self._database.fetch(SOME, {"before": before, "limit": AT_ONCE}):
            by_project: dict[str, list[int]] = defaultdict(list)
            for row in found:
                by_project[row["project_id"]].append(row["seq"])
            for project, numbers in by_project.items():
                given = {"project": project, "numbers": numbers, "upto": max(numbers)}
                dropped += await self._database.execute(DROP, given)
        return dropped


class Upkeep:
    """Drops what has outlived the retention, at start and then every hour; without a retention, nothing."""

    def __init__(self, database: Database, settings: AliasSettings) -> None:
        self._retention = Retention(database)
        self._days = settings.retention_days

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep at it while the block runs."""
        async with beside(every(INTERVAL_SECONDS, self.once, "aliases upkeep"), "llmring aliases upkeep"):
            yield

    async def once(self) -> None:
        """Drop what has outlived the retention."""
        if self._days is not None:
            dropped = await self._retention.drop(self._days)
            if dropped:
                log.info("dropped %d changes of aliases older than %d days", dropped, self._days)


def _ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)
