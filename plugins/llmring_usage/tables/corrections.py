"""The table `usage_corrections`: which entries were taken back, by whom and why."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from llmring_server.contracts.usage_lines import UsageCorrection
from llmring_server.database import Database
from llmring_server.database.connections import Connection

CHUNK_ROWS = 1_000
COLUMNS: LiteralString = "log_id::text, kind, reason, created_at AS corrected_at, key_id, replaced_by::text, fields"
FIND: LiteralString = (
    "SELECT " + COLUMNS + " FROM usage_corrections WHERE project_id = %(project)s AND log_id = ANY(%(ids)s)"
)
OF_ANY_PROJECT: LiteralString = "SELECT project_id, " + COLUMNS + " FROM usage_corrections WHERE log_id = %(id)s"
ALL: LiteralString = (
    "SELECT " + COLUMNS + " FROM usage_corrections WHERE project_id = %(project)s ORDER BY created_at, log_id"
)


class CorrectionLookup:
    """The contract `UsageCorrections`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, project: str, log_ids: Sequence[str]) -> Mapping[str, UsageCorrection]:
        """Return the corrections of those entries that were taken back, by log id."""
        ids = [entry for text in log_ids if (entry := _parse_id(text))]
        if not ids:
            return {}
        found = await self._database.rows(UsageCorrection, FIND, {"project": project, "ids": ids})
        return {correction.log_id: correction for correction in found}

    async def find_projects(self, log_id: str) -> Mapping[str, UsageCorrection]:
        """Return the corrections of an entry by project; the ids of entries are unique."""
        entry = _parse_id(log_id)
        if entry is None:
            return {}
        rows = await self._database.fetch(OF_ANY_PROJECT, {"id": entry})
        return {row.pop("project_id"): UsageCorrection(**row) for row in rows}


async def find_correction(connection: Connection, project: str, entry: UUID) -> UsageCorrection | None:
    """Return the correction of an entry, read in the caller's transaction, or None."""
    async with connection.cursor(row_factory=class_row(UsageCorrection)) as cursor:
        return await (await cursor.execute(FIND, {"project": project, "ids": [entry]})).fetchone()


async def read_corrections(
    connection: psycopg.AsyncConnection[Any], project: str
) -> AsyncGenerator[Sequence[UsageCorrection], None]:
    """Yield a project's corrections, oldest first, in chunks from a server-side cursor."""
    async with connection.cursor(name="usage_corrections", row_factory=class_row(UsageCorrection)) as cursor:
        await cursor.execute(ALL, {"project": project})
        while chunk := await cursor.fetchmany(CHUNK_ROWS):
            yield chunk


def _parse_id(text: str) -> UUID | None:
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None
