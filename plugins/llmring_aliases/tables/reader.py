"""Reading aliases from PostgreSQL: one statement a method, every one of them within a project."""

from collections.abc import Iterable, Sequence
from typing import LiteralString

import msgspec

from llmring_aliases.models import Alias, Entry, Kept
from llmring_server.database import Database

ALIAS: LiteralString = """
    json_build_array(seq, json_build_object(
        'project_id', project_id, 'profile', profile, 'alias', alias, 'model', model, 'metadata', metadata,
        'version', version, 'created_at', created_at, 'updated_at', updated_at))
"""
SET: LiteralString = (
    """
    WITH current AS (
        SELECT coalesce((SELECT version FROM alias_versions WHERE project_id = %(project)s), 0) AS version
    )
    SELECT current.version,
        CASE WHEN %(profile)s::text IS NULL THEN current.version ELSE coalesce((
            SELECT max(seq) FROM alias_history WHERE project_id = %(project)s AND profile = %(profile)s
        ), 0) END AS edition,
        (SELECT json_agg("""
    + ALIAS
    + """ ORDER BY profile, alias) FROM aliases
            WHERE project_id = %(project)s AND (%(profile)s::text IS NULL OR profile = %(profile)s)) AS aliases
    FROM current
"""
)
ONE: LiteralString = (
    "SELECT "
    + ALIAS
    + """ AS alias FROM aliases
    WHERE project_id = %(project)s AND profile = %(profile)s AND alias = %(alias)s
"""
)
EDITION: LiteralString = """
    SELECT coalesce(max(seq), 0) AS edition FROM alias_history
    WHERE project_id = %(project)s AND profile = %(profile)s
"""
HISTORY: LiteralString = """
    SELECT seq, profile, alias, action, model, previous_model, metadata, key_id, changed_at
    FROM alias_history
    WHERE project_id = %(project)s
"""
# Of some changes, those that are the latest of their alias.
STANDING: LiteralString = """
    SELECT seq FROM alias_history AS told
    WHERE project_id = %(project)s AND seq = ANY(%(seqs)s) AND NOT EXISTS (
        SELECT FROM alias_history AS later
        WHERE later.project_id = %(project)s AND later.profile = told.profile AND later.alias = told.alias
            AND later.seq > told.seq
    )
"""
# Those of a page whose metadata together has no more than so many bytes, and one in any case.
MEASURED: LiteralString = """
    SELECT seq, profile, alias, action, model, previous_model, metadata, key_id, changed_at
    FROM (
        SELECT *, sum(octet_length(coalesce(metadata::text, ''))) OVER (ORDER BY seq)
            - octet_length(coalesce(metadata::text, '')) AS before
        FROM ({page} ORDER BY seq LIMIT %(limit)s) AS page
    ) AS measured
    WHERE before < %(bytes)s
    ORDER BY seq
"""
SPAN: LiteralString = "SELECT version, pruned FROM alias_versions WHERE project_id = %(project)s"
VERSIONS: LiteralString = "SELECT project_id, version FROM alias_versions WHERE project_id = ANY(%(projects)s)"

PAGE = 500
PAGE_BYTES = 262_144

_many = msgspec.json.Decoder(list[Kept])
_single = msgspec.json.Decoder(Kept)


class AliasSet(msgspec.Struct, frozen=True):
    """A profile's aliases (or a project's) at one moment, sorted.

    `version` is the number of the project's latest change then, `edition` that of the latest within this set.
    """

    version: int
    edition: int
    aliases: list[Kept]


class Span(msgspec.Struct, frozen=True):
    """How far a project's history reaches: up to change `version`, and without a gap from behind change `pruned` on."""

    version: int
    pruned: int


class Page(msgspec.Struct, frozen=True):
    """Some changes, and whether there may be more behind them."""

    entries: list[Entry]
    more: bool


class AliasStore:
    """The tables `aliases`, `alias_versions` and `alias_history`, read only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, project: str, profile: str | None) -> AliasSet:
        """Return the aliases of a profile, or of all when that is None, with their version; from one snapshot."""
        row = (await self._database.fetch(SET, {"project": project, "profile": profile}))[0]
        found = row["aliases"]
        return AliasSet(row["version"], row["edition"], [] if found is None else _many.decode(found))

    async def get(self, project: str, profile: str, alias: str) -> Kept | None:
        """Return one alias, or None when it is unbound."""
        rows = await self._database.fetch(ONE, {"project": project, "profile": profile, "alias": alias})
        return one(rows[0]["alias"]) if rows else None

    async def span(self, project: str) -> Span:
        """Return how far a project's history reaches."""
        return await self._database.one(Span, SPAN, {"project": project}) or Span(0, 0)

    async def versions(self, projects: Iterable[str]) -> dict[str, int]:
        """Return the versions of those projects that have one: the numbers of their latest changes."""
        rows = await self._database.fetch(VERSIONS, {"projects": list(projects)})
        return {row["project_id"]: row["version"] for row in rows}

    async def history(
        self, project: str, alias: str | None, profile: str | None, limit: int, before: int | None
    ) -> list[Entry]:
        """Return changes numbered below `before`, newest first."""
        query = HISTORY
        params = {"project": project, "alias": alias, "profile": profile, "limit": limit, "before": before}
        if alias is not None:
            query += " AND alias = %(alias)s"
        if profile is not None:
            query += " AND profile = %(profile)s"
        if before is not None:
            query += " AND seq < %(before)s"
        return await self._database.rows(Entry, query + " ORDER BY seq DESC LIMIT %(limit)s", params)

    async def current_identity(self, project: str, seqs: Sequence[int]) -> set[int]:
        """Return which of some changes no later change of the same alias has followed."""
        rows = await self._database.fetch(STANDING, {"project": project, "seqs": list(seqs)})
        return {row["seq"] for row in rows}

    async def changes(self, project: str, profile: str | None, after: int) -> Page:
        """Return changes numbered above `after`, oldest first: a page of `PAGE` and of about `PAGE_BYTES` at most."""
        query = HISTORY + " AND seq > %(after)s"
        if profile is not None:
            query += " AND profile = %(profile)s"
        params = {"project": project, "profile": profile, "after": after, "limit": PAGE, "bytes": PAGE_BYTES}
        found = await self._database.rows(Entry, MEASURED.replace("{page}", query), params)
        size = sum(len(entry.metadata or b"") for entry in found)
        return Page(found, len(found) == PAGE or size >= PAGE_BYTES)


def one(found: msgspec.Raw) -> Kept:
    """Read what `ONE` selects."""
    return _single.decode(found)


__all__ = ["EDITION", "ONE", "Alias", "AliasSet", "AliasStore", "Page", "Span", "one"]
