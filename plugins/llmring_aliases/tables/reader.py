"""Read aliases from PostgreSQL: one statement per method, each restricted to a project."""

from collections.abc import Iterable, Sequence
from typing import LiteralString

import msgspec

from llmring_aliases.models import AliasHistoryEntry, StoredAlias
from llmring_server.database import Database

ALIAS: LiteralString = """
    json_build_array(seq, json_build_object(
        'project_id', project_id, 'profile', profile, 'alias', alias, 'model', model, 'metadata', metadata,
        'version', version, 'created_at', created_at, 'updated_at', updated_at))
"""
LIST: LiteralString = (
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
GET: LiteralString = (
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
# Those of the given changes that are the latest of their alias.
LATEST: LiteralString = """
    SELECT seq FROM alias_history AS entry
    WHERE project_id = %(project)s AND seq = ANY(%(seqs)s) AND NOT EXISTS (
        SELECT FROM alias_history AS later
        WHERE later.project_id = %(project)s AND later.profile = entry.profile AND later.alias = entry.alias
            AND later.seq > entry.seq
    )
"""
# The changes of a page until their metadata exceeds a number of bytes, at least one.
LIMITED_PAGE: LiteralString = """
    SELECT seq, profile, alias, action, model, previous_model, metadata, key_id, changed_at
    FROM (
        SELECT *, sum(octet_length(coalesce(metadata::text, ''))) OVER (ORDER BY seq)
            - octet_length(coalesce(metadata::text, '')) AS before
        FROM ({page} ORDER BY seq LIMIT %(limit)s) AS page
    ) AS sized
    WHERE before < %(bytes)s
    ORDER BY seq
"""
SPAN: LiteralString = "SELECT version, pruned FROM alias_versions WHERE project_id = %(project)s"
VERSIONS: LiteralString = "SELECT project_id, version FROM alias_versions WHERE project_id = ANY(%(projects)s)"

PAGE_SIZE = 500
PAGE_BYTES = 262_144

_decode_list = msgspec.json.Decoder(list[StoredAlias]).decode
_decode_one = msgspec.json.Decoder(StoredAlias).decode


class AliasSet(msgspec.Struct, frozen=True):
    """The aliases of a profile (or project) at one moment, sorted.

    `version` is the number of the project's latest change, `edition` that of the latest change within this set.
    """

    version: int
    edition: int
    aliases: list[StoredAlias]


class HistorySpan(msgspec.Struct, frozen=True):
    """The range of a project's history: complete after change `pruned`, up to change `version`."""

    version: int
    pruned: int


class ChangePage(msgspec.Struct, frozen=True):
    """Some changes, and whether there may be more after them."""

    entries: list[AliasHistoryEntry]
    more: bool


class AliasReader:
    """Reads the tables `aliases`, `alias_versions` and `alias_history`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, project: str, profile: str | None) -> AliasSet:
        """Return the aliases of a profile, or of all when that is None, with their version, from one snapshot."""
        row = (await self._database.fetch(LIST, {"project": project, "profile": profile}))[0]
        found = row["aliases"]
        return AliasSet(row["version"], row["edition"], [] if found is None else _decode_list(found))

    async def get(self, project: str, profile: str, alias: str) -> StoredAlias | None:
        """Return one alias, or None when it is unbound."""
        rows = await self._database.fetch(GET, {"project": project, "profile": profile, "alias": alias})
        return decode_alias(rows[0]["alias"]) if rows else None

    async def history_span(self, project: str) -> HistorySpan:
        """Return the range of a project's history."""
        return await self._database.one(HistorySpan, SPAN, {"project": project}) or HistorySpan(0, 0)

    async def versions(self, projects: Iterable[str]) -> dict[str, int]:
        """Return the versions (numbers of the latest changes) of the projects that have one."""
        rows = await self._database.fetch(VERSIONS, {"projects": list(projects)})
        return {row["project_id"]: row["version"] for row in rows}

    async def history(
        self, project: str, alias: str | None, profile: str | None, limit: int, before: int | None
    ) -> list[AliasHistoryEntry]:
        """Return changes numbered below `before`, newest first."""
        query = HISTORY
        params = {"project": project, "alias": alias, "profile": profile, "limit": limit, "before": before}
        if alias is not None:
            query += " AND alias = %(alias)s"
        if profile is not None:
            query += " AND profile = %(profile)s"
        if before is not None:
            query += " AND seq < %(before)s"
        return await self._database.rows(AliasHistoryEntry, query + " ORDER BY seq DESC LIMIT %(limit)s", params)

    async def find_latest(self, project: str, seqs: Sequence[int]) -> set[int]:
        """Return those of the given changes that are the latest of their alias."""
        rows = await self._database.fetch(LATEST, {"project": project, "seqs": list(seqs)})
        return {row["seq"] for row in rows}

    async def changes(self, project: str, profile: str | None, after: int) -> ChangePage:
        """Return the changes after number `after`, oldest first: at most `PAGE_SIZE`, and about `PAGE_BYTES`."""
        query = HISTORY + " AND seq > %(after)s"
        if profile is not None:
            query += " AND profile = %(profile)s"
        params = {"project": project, "profile": profile, "after": after, "limit": PAGE_SIZE, "bytes": PAGE_BYTES}
        found = await self._database.rows(AliasHistoryEntry, LIMITED_PAGE.replace("{page}", query), params)
        size = sum(len(entry.metadata or b"") for entry in found)
        return ChangePage(found, len(found) == PAGE_SIZE or size >= PAGE_BYTES)


def decode_alias(found: msgspec.Raw) -> StoredAlias:
    """Decode the result of `GET`."""
    return _decode_one(found)
