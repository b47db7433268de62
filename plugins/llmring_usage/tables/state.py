"""State of the usage tables: the reporting zone, the date up to which rows were dropped, the progress of jobs."""

from typing import LiteralString

from llmring_server.database import Database

TIMEZONE = "timezone"
DROPPED_BEFORE = "dropped_before"
ALIAS_HOURS = "alias_hours"
LATENCY_MONTHS = "latency_months"
FORMER_SUMS = "former_sums"
COMBINATIONS = "combinations"

SET_DEFAULT: LiteralString = """
    INSERT INTO usage_facts (name, value) VALUES (%(name)s, %(value)s)
    ON CONFLICT (name) DO UPDATE SET name = excluded.name
    RETURNING value
"""
SET: LiteralString = """
    INSERT INTO usage_facts (name, value) VALUES (%(name)s, %(value)s)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""


class UsageState:
    """The table `usage_facts`: text values by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        """Return a value, or None if it was never set."""
        found = await self._database.fetch("SELECT value FROM usage_facts WHERE name = %s", [name])
        return found[0]["value"] if found else None

    async def set_default(self, name: str, value: str) -> str:
        """Set a value unless it is set already, and return the stored value."""
        found = await self._database.fetch(SET_DEFAULT, {"name": name, "value": value})
        return str(found[0]["value"])

    async def set(self, name: str, value: str) -> None:
        """Set a value."""
        await self._database.execute(SET, {"name": name, "value": value})

    async def delete(self, name: str) -> None:
        """Delete a value."""
        await self._database.execute("DELETE FROM usage_facts WHERE name = %s", [name])
