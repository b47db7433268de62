"""Plugins that a database needs: recorded in it, so that a start without them is refused or triggers a warning."""

import logging
from collections.abc import Collection
from typing import Any

import psycopg

from llmring_server.database import Database
from llmring_server.errors import StartupError

log = logging.getLogger(__name__)

REQUIRED, EXPECTED = "required plugin ", "expected plugin "
RECORD = """
    INSERT INTO deployment (name, value) VALUES (%(name)s, %(reason)s)
    ON CONFLICT (name) DO NOTHING
"""
RECORDED = "SELECT name, value FROM deployment ORDER BY name"


async def require_plugin(connection: psycopg.AsyncConnection[Any], plugin: str, reason: str) -> None:
    """Record that a start without the plugin is refused; `reason` is a clause about the database, "it has …"."""
    await connection.execute(RECORD, {"name": f"{REQUIRED}{plugin}", "reason": reason})


async def expect_plugin(connection: psycopg.AsyncConnection[Any], plugin: str, reason: str) -> None:
    """Record that a start without the plugin triggers a warning; `reason` as in `require_plugin`."""
    await connection.execute(RECORD, {"name": f"{EXPECTED}{plugin}", "reason": reason})


async def is_missed(database: Database, plugin: str, retired: Collection[str]) -> bool:
    """Return whether the database expects a plugin that was not retired; for a server without it."""
    recorded = {row["name"] for row in await database.fetch(RECORDED)}
    return plugin not in retired and f"{EXPECTED}{plugin}" in recorded


async def check_plugins(database: Database, enabled: Collection[str], retired: Collection[str]) -> None:
    """Check that the plugins that the database needs are enabled, or retired deliberately.

    Raises:
        StartupError: a required one is neither.
    """
    for row in await database.fetch(RECORDED):
        for kind in (REQUIRED, EXPECTED):
            plugin = row["name"].removeprefix(kind)
            if plugin == row["name"] or plugin in {*enabled, *retired}:
                continue
            message = (
                f"plugin {plugin!r} is not enabled, but this database needs it: {row['value']}. Add it to plugins "
                f"(LLMRING_PLUGINS); to do without it from now on, set LLMRING_RETIRED_PLUGINS={plugin}"
            )
            if kind == REQUIRED:
                raise StartupError(message)
            log.warning(message)
