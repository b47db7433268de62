"""Logged calls one by one, oldest first, for statements: the contract `UsageLines`."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from llmring_server.contracts.usage_lines import UsageCorrection, UsageLine
from llmring_server.database import Database
from llmring_usage.tables.corrections import read_corrections
from llmring_usage.tables.cost_columns import BASIS_COLUMNS, read_basis
from llmring_usage.tables.log_columns import COUNTED

CHUNK_ROWS = 250  # a chunk is decoded at once, and blocks the event loop meanwhile
# Days are counted in the reporting zone, whose offset from UTC is at most this.
MAX_UTC_OFFSET = timedelta(days=1)
PROJECTS_SECONDS = 600.0

FIELDS = tuple(name for name in UsageLine.__struct_fields__ if name != "basis")
BEFORE: LiteralString = (
    """
    SELECT """
    + ", ".join(FIELDS)
    + ", "
    + BASIS_COLUMNS
    + """
    FROM usage_logs
    WHERE project_id = %(project)s AND occurred_at < %(end)s AND """
    + COUNTED
    + """
    ORDER BY occurred_at, id
"""
)
PROJECTS: LiteralString = """
    SELECT project_id, max(day) AS day FROM (
        SELECT project_id, day FROM usage_daily
        WHERE kind = 'profile' AND day >= %(first)s AND day <= %(last)s
        GROUP BY project_id, day
        HAVING sum(requests) <> 0
        UNION ALL
        SELECT project_id, (created_at AT TIME ZONE 'UTC')::date FROM usage_corrections
        WHERE created_at >= %(first)s AND created_at < %(last)s
    ) AS used
    GROUP BY project_id
    ORDER BY project_id
"""
REPLACED: LiteralString = (
    """
    SELECT correction.project_id, max(correction.created_at)
    FROM usage_corrections AS correction JOIN usage_logs AS logs
        ON logs.project_id = correction.project_id AND logs.occurred_at = correction.occurred_at
            AND logs.id = correction.replaced_by
    WHERE correction.occurred_at < %(end)s AND logs.""" + COUNTED + """
    GROUP BY correction.project_id
    ORDER BY correction.project_id
"""
)  # fmt: skip


class StatementLines:
    """The contract `UsageLines`: the table `usage_logs`, oldest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def before(
        self, connection: psycopg.AsyncConnection[Any], project: str, end: datetime
    ) -> AsyncGenerator[Sequence[UsageLine], None]:
        """Yield a project's calls that happened before `end`; see the contract."""
        async with connection.cursor(name="usage_lines", row_factory=dict_row) as cursor:
            await cursor.execute(BEFORE, {"project": project, "end": end})
            while chunk := await cursor.fetchmany(CHUNK_ROWS):
                yield await asyncio.to_thread(_build_lines, chunk)

    def corrected(
        self, connection: psycopg.AsyncConnection[Any], project: str
    ) -> AsyncGenerator[Sequence[UsageCorrection], None]:
        """Yield the corrections of a project's calls; see the contract."""
        return read_corrections(connection, project)

    async def projects(self, start: datetime, end: datetime) -> dict[str, datetime]:
        """Return the projects used from a day before `start` to a day after `end`; see the contract.

        All sums of these days are read without an index, since the table is ordered by project.
        """
        days = {"first": (start - MAX_UTC_OFFSET).date(), "last": (end + MAX_UTC_OFFSET).date()}
        async with self._database.connection(PROJECTS_SECONDS) as connection:
            found = await (await connection.execute(PROJECTS, days)).fetchall()
        return {project: min(end, _behind(day)) for project, day in found}

    async def replaced_before(self, end: datetime) -> dict[str, datetime]:
        """Return the projects with corrected calls before `end`, each with the time of the last correction.

        Only corrections whose new call counts, and still has its row, are among them.
        """
        async with self._database.connection(PROJECTS_SECONDS) as connection:
            return dict(await (await connection.execute(REPLACED, {"end": end})).fetchall())


def _build_lines(rows: Sequence[dict[str, Any]]) -> list[UsageLine]:
    return [UsageLine(**{name: row[name] for name in FIELDS}, basis=read_basis(row)) for row in rows]


def _behind(day: date) -> datetime:
    """Return an instant at which a day is over in every time zone."""
    return datetime.combine(day, time(), UTC) + timedelta(days=1) + MAX_UTC_OFFSET
