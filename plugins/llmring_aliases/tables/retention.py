"""Retention of the alias history: old changes are dropped, except those that made the current state."""

from typing import LiteralString

from llmring_server.cli.retention import OldRows, drop_due
from llmring_server.database import Database

# The latest change of each bound alias stays, and that of each profile, whose number is the ETag of the list.
OLD: LiteralString = """
    FROM alias_history AS old
    WHERE changed_at < %(before)s
        AND NOT EXISTS (
            SELECT FROM aliases AS stored
            WHERE stored.project_id = old.project_id AND stored.profile = old.profile AND stored.alias = old.alias
                AND stored.seq = old.seq
        )
        AND seq < (
            SELECT max(seq) FROM alias_history AS latest
            WHERE latest.project_id = old.project_id AND latest.profile = old.profile
        )
"""
DUE: LiteralString = "SELECT count(*) AS changes" + OLD
SOME: LiteralString = "SELECT project_id, seq AS id" + OLD + "ORDER BY changed_at LIMIT %(limit)s"
# `pruned` records up to which change the history may have gaps: see `AliasReader.history_span`.
DROP: LiteralString = """
    WITH recorded AS (
        UPDATE alias_versions SET pruned = greatest(pruned, (SELECT max(seq) FROM unnest(%(ids)s::bigint[]) AS seq))
        WHERE project_id = %(project)s
    )
    DELETE FROM alias_history WHERE project_id = %(project)s AND seq = ANY(%(ids)s) AND changed_at < %(before)s
"""


def history_retention(database: Database) -> OldRows:
    """Return the retention of the history."""
    return OldRows(database, due=DUE, some=SOME, drop=DROP)


async def drop_expired_history(database: Database, days: int | None) -> None:
    """Drop changes older than `days`; nothing when that is None.

    Raises:
        WrongClock: this machine's clock or the database's is wrong; nothing is dropped.
    """
    await database.check_clock()
    await drop_due(history_retention(database), days)
