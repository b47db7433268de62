"""Facts that the rollups depend on, kept in `usage_facts`: the reporting zone, what was dropped, how far a job is."""

from typing import LiteralString

from llmring_server.database import Database

TIMEZONE = "timezone"
DROPPED_BEFORE = "dropped_before"
ALIAS_HOURS = "alias_hours"
LATENCY_MONTHS = "latency_months"

KEEP_FIRST: LiteralString = """
    INSERT INTO usage_facts (name, value) VALUES (%(name)s, %(value)s)
    ON CONFLICT (name) DO UPDATE SET name = excluded.name
    RETURNING value
"""
SET: LiteralString = """
    INSERT INTO usage_facts (name, value) VALUES (%(name)s, %(value)s)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""


class Facts:
    """The table `usage_facts`: text by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        """Return a fact, or None when it was never set."""
        found = await self._database.fetch("SELECT value FROM usage_facts WHERE name = %s", [name])
        return found[0]["value"] if found else None

    async def keep_first(self, name: str, value: str) -> str:
        """Set a fact that was never set, and return what holds."""
        found = await self._database.fetch(KEEP_FIRST, {"name": name, "value": value})
        return str(found[0]["value"])

    async def set(self, name: str, value: str) -> None:
        """Set a fact."""
        await self._database.execute(SET, {"name": name, "value": value})

    async def forget(self, name: str) -> None:
        """Drop a fact."""
        await self._database.execute("DELETE FROM usage_facts WHERE name = %s", [name])
