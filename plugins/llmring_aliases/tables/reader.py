"""Read aliases from PostgreSQL: one statement per method, each restricted to a project."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import LiteralString

import msgspec

from llmring_aliases.models import MAX_LIST, Alias, AliasHistoryEntry, StoredAlias
from llmring_server.contracts.aliases import MAX_BINDINGS, BoundAlias
from llmring_server.database import Database
from llmring_server.http import codec

ALIAS: LiteralString = """
    json_build_array(seq, json_build_object(
        'project_id', project_id, 'profile', profile, 'alias', alias, 'model', model, 'metadata', metadata,
        'version', version, 'created_at', created_at, 'updated_at', updated_at))
"""
# The version of the project and the edition of the profile, with the number of the latest change in each.
CURRENT: LiteralString = """
    WITH project AS (
        SELECT coalesce((SELECT version FROM alias_versions WHERE project_id = %(project)s), 0) AS version
    ), current AS (
        SELECT version, CASE WHEN %(profile)s::text IS NULL THEN version ELSE coalesce((
            SELECT max(seq) FROM alias_history WHERE project_id = %(project)s AND profile = %(profile)s
        ), 0) END AS edition
        FROM project
    )
"""
OF_PROFILE: LiteralString = """
    FROM aliases WHERE project_id = %(project)s AND (%(profile)s::text IS NULL OR profile = %(profile)s)
"""
# Each alias with the version, which also an empty list has.
PAGE: LiteralString = (
    CURRENT
    + """
    SELECT current.version AS list_version, edition, seq, profile, alias, model, metadata, listed.version, created_at,
        updated_at
    FROM current LEFT JOIN (
        SELECT *"""
    + OF_PROFILE
    + """ AND (%(after)s::text[] IS NULL OR (profile, alias) > ((%(after)s::text[])[1], (%(after)s::text[])[2]))
        ORDER BY profile, alias LIMIT %(limit)s
    ) AS listed ON true ORDER BY profile, alias
"""
)
MODELS: LiteralString = (
    CURRENT
    + """
    SELECT current.version, (SELECT json_agg(json_build_array(alias, model)) FROM (
        SELECT alias, model"""
    + OF_PROFILE
    + """ LIMIT %(limit)s
    ) AS bound) AS bound FROM current
"""
)
MODEL: LiteralString = """
    SELECT model FROM aliases WHERE project_id = %(project)s AND profile = %(profile)s AND alias = %(alias)s
"""
# The first bindings by alias, whole rows of a grid first; a search matches names and models.
BINDINGS: LiteralString = """
    SELECT json_agg(json_build_object(
        'profile', profile, 'alias', alias, 'model', model, 'change', seq, 'updated_at', updated_at
    ) ORDER BY profile, alias) AS bound
    FROM (
        SELECT profile, alias, model, seq, updated_at FROM aliases
        WHERE project_id = %(project)s AND (%(search)s = '' OR alias IN (
            SELECT alias FROM aliases
            WHERE project_id = %(project)s AND strpos(lower(alias || ' ' || model), lower(%(search)s)) > 0
        ))
        ORDER BY alias, profile LIMIT %(limit)s
    ) AS first
"""
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
ENTRY: LiteralString = "SELECT seq, profile, alias, action, model, previous_model, metadata, key_id, changed_at"
FROM_HISTORY: LiteralString = " FROM alias_history WHERE project_id = %(project)s"
HISTORY: LiteralString = ENTRY + FROM_HISTORY
HISTORY_LISTED: LiteralString = ENTRY.replace(" metadata", " NULL AS metadata") + FROM_HISTORY
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
LIST_BYTES = 4 * 1024 * 1024
ROW_BYTES = 256  # of a row without metadata

_decode_models = msgspec.json.Decoder(list[tuple[str, str]]).decode
_decode_bindings = msgspec.json.Decoder(list[BoundAlias]).decode
_decode_one = msgspec.json.Decoder(StoredAlias).decode


class ListedAlias(msgspec.Struct, frozen=True):
    """A row of `PAGE`; only the first two columns are not None if the list is empty."""

    list_version: int
    edition: int
    seq: int
    profile: str
    alias: str | None
    model: str
    metadata: msgspec.Raw | None
    version: int
    created_at: datetime
    updated_at: datetime


class AliasSet(msgspec.Struct, frozen=True):
    """Aliases of a profile (or project) at one moment, sorted; `more` if there are others after them.

    `version` is the number of the project's latest change, `edition` that of the latest change within the profile.
    """

    version: int
    edition: int
    aliases: list[StoredAlias]
    more: bool


class BoundModels(msgspec.Struct, frozen=True):
    """The model of each alias of a profile at one moment; None if there are too many."""

    version: int
    models: list[tuple[str, str]] | None


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

    async def page(
        self, project: str, profile: str | None, after: tuple[str, str] | None = None, limit: int = MAX_LIST
    ) -> AliasSet:
        """Return aliases of a profile, or of all when that is None, after a profile and alias.

        They are at most `limit` and about `LIST_BYTES`, from one snapshot with their version.
        """
        params = {"project": project, "profile": profile, "after": list(after) if after else None, "limit": limit + 1}
        rows, more = await self._database.page(
            ListedAlias, PAGE, params, limit, size_of=_listed_size, max_bytes=LIST_BYTES
        )
        return AliasSet(rows[0].list_version, rows[0].edition, list(_to_aliases(project, rows)), more)

    async def models(self, project: str, profile: str | None, limit: int) -> BoundModels:
        """Return the models of a profile's aliases without metadata, None if there are more than `limit`."""
        params = {"project": project, "profile": profile, "limit": limit + 1}
        (row,) = await self._database.fetch(MODELS, params)
        found = row["bound"] or msgspec.Raw(b"[]")
        models = await codec.run_in_thread_if_large(found, lambda: _decode_models(found))
        return BoundModels(row["version"], models if len(models) <= limit else None)

    async def model(self, project: str, profile: str, alias: str) -> str | None:
        """Return the model of one alias, or None when it is unbound."""
        rows = await self._database.fetch(MODEL, {"project": project, "profile": profile, "alias": alias})
        return rows[0]["model"] if rows else None

    async def bindings(self, project: str, search: str) -> list[BoundAlias]:
        """Return the first `MAX_BINDINGS` aliases by name; `search` is a part of a name or a model."""
        params = {"project": project, "search": search, "limit": MAX_BINDINGS}
        found = (await self._database.fetch(BINDINGS, params))[0]["bound"] or msgspec.Raw(b"[]")
        return await codec.run_in_thread_if_large(found, lambda: _decode_bindings(found))

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
        """Return changes numbered below `before`, newest first, without their metadata."""
        query, params = _history_sql(HISTORY_LISTED, project, alias, profile, limit, before)
        return await self._database.rows(AliasHistoryEntry, query, params)

    async def history_page(
        self, project: str, alias: str | None, profile: str | None, limit: int, before: int | None
    ) -> tuple[list[AliasHistoryEntry], bool]:
        """Return changes numbered below `before`, newest first, and whether there are more.

        A page also ends at a number of bytes (`Database.page`).
        """
        query, params = _history_sql(HISTORY, project, alias, profile, limit + 1, before)
        return await self._database.page(
            AliasHistoryEntry, query, params, limit, size_of=lambda entry: ROW_BYTES + len(entry.metadata or b"")
        )

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


def _listed_size(row: ListedAlias) -> int:
    return ROW_BYTES + len(row.metadata or b"")


def _to_aliases(project: str, rows: Iterable[ListedAlias]) -> Iterator[StoredAlias]:
    for row in rows:
        if row.alias is not None:
            alias = Alias(
                project, row.profile, row.alias, row.model, row.metadata or codec.NULL, row.version, row.created_at,
                row.updated_at,
            )  # fmt: skip
            yield StoredAlias(row.seq, alias)


def _history_sql(
    query: LiteralString, project: str, alias: str | None, profile: str | None, limit: int, before: int | None
) -> tuple[LiteralString, dict[str, object]]:
    params: dict[str, object] = {
        "project": project, "alias": alias, "profile": profile, "limit": limit, "before": before
    }  # fmt: skip
    if alias is not None:
        query += " AND alias = %(alias)s"
    if profile is not None:
        query += " AND profile = %(profile)s"
    if before is not None:
        query += " AND seq < %(before)s"
    return query + " ORDER BY seq DESC LIMIT %(limit)s", params


def decode_alias(found: msgspec.Raw) -> StoredAlias:
    """Decode the result of `GET`."""
    return _decode_one(found)
