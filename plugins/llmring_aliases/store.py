"""Aliases in PostgreSQL: one statement a method, every one of them within a project."""

from collections.abc import Sequence

from llmring_aliases.models import DEFAULT_PROFILE, Alias, Binding
from llmring_server import wire
from llmring_server.database import Database

LIST = """
    SELECT project_id, profile, alias, model, metadata, version, created_at, updated_at
    FROM aliases
    WHERE project_id = %(project)s AND (%(profile)s::text IS NULL OR profile = %(profile)s)
    ORDER BY profile, alias
"""
GET = """
    SELECT project_id, profile, alias, model, metadata, version, created_at, updated_at
    FROM aliases
    WHERE project_id = %(project)s AND profile = %(profile)s AND alias = %(alias)s
"""
UPSERT = """
    INSERT INTO aliases AS kept (project_id, profile, alias, model, metadata, version, created_at, updated_at)
    SELECT %(project)s, profile, alias, model, metadata, 1, now(), now()
    FROM json_to_recordset(%(bindings)s::json) AS given(profile text, alias text, model text, metadata json)
    ORDER BY profile, alias
    ON CONFLICT (project_id, profile, alias) DO UPDATE SET
        model = excluded.model,
        metadata = excluded.metadata,
        version = kept.version + 1,
        updated_at = excluded.updated_at
    RETURNING project_id, profile, alias, model, metadata, version, created_at, updated_at
"""
DELETE = "DELETE FROM aliases WHERE project_id = %(project)s AND profile = %(profile)s AND alias = %(alias)s"


class AliasStore:
    """The table `aliases`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listing(self, project: str, profile: str | None) -> list[Alias]:
        """Return a project's aliases, of one profile or of all, sorted."""
        return await self._database.rows(Alias, LIST, {"project": project, "profile": profile})

    async def get(self, project: str, profile: str, alias: str) -> Alias | None:
        """Return one alias, or None when it is unbound."""
        return await self._database.one(Alias, GET, {"project": project, "profile": profile, "alias": alias})

    async def put(self, project: str, bindings: Sequence[Binding]) -> list[Alias]:
        """Bind all of `bindings` or none, in one statement, and return the aliases; names must be distinct."""
        given = [
            {"profile": b.profile or DEFAULT_PROFILE, "alias": b.alias, "model": b.model, "metadata": b.metadata}
            for b in bindings
        ]
        return await self._database.rows(Alias, UPSERT, {"project": project, "bindings": wire.encode(given).decode()})

    async def delete(self, project: str, profile: str, alias: str) -> bool:
        """Unbind an alias; False when it was unbound already."""
        return await self._database.execute(DELETE, {"project": project, "profile": profile, "alias": alias}) > 0
