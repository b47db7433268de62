"""How long the history of aliases is kept: older changes are dropped, except those that tell how things stand."""

from typing import LiteralString

from llmring_server.cli.retention import OldRows
from llmring_server.database import Database

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
SOME: LiteralString = "SELECT project_id, seq AS id" + OLD + "ORDER BY changed_at LIMIT %(limit)s"
# How far the history has gaps, the project's version remembers: see `AliasStore.span`.
DROP: LiteralString = """
    WITH noted AS (
        UPDATE alias_versions SET pruned = greatest(pruned, (SELECT max(seq) FROM unnest(%(ids)s::bigint[]) AS seq))
        WHERE project_id = %(project)s
    )
    DELETE FROM alias_history WHERE project_id = %(project)s AND seq = ANY(%(ids)s) AND changed_at < %(before)s
"""


def old_changes(database: Database) -> OldRows:
    """Return the retention of the history."""
    return OldRows(database, due=DUE, some=SOME, drop=DROP)
