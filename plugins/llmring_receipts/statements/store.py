"""Statements and their lines in PostgreSQL; neither ever changes."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec
import psycopg
from psycopg.rows import class_row

from llmring_receipts.statements.formats import lines
from llmring_receipts.statements.formats.lines import StatementLine
from llmring_server.database import Database
from llmring_server.tlog.hashing import leaf_hash

CHUNK_ROWS = 1_000

Session = psycopg.AsyncConnection[Any]

SELECT: LiteralString = """
    SELECT project_id, number, ended_at, line_count, last_seq, content, blocks
    FROM statements
    WHERE project_id = %(project)s
"""
LATEST: LiteralString = SELECT + " ORDER BY number DESC LIMIT 1"
UP_TO: LiteralString = """
    SELECT DISTINCT project_id FROM statements
    WHERE project_id = ANY(%(projects)s::text[]) AND ended_at >= %(end)s
"""
ONE: LiteralString = SELECT + " AND number = %(number)s"
PAGE: LiteralString = """
    SELECT number, content FROM statements
    WHERE project_id = %(project)s AND (%(before)s::integer IS NULL OR number < %(before)s)
    ORDER BY number DESC
    LIMIT %(limit)s
"""
PUT: LiteralString = """
    INSERT INTO statements (project_id, number, ended_at, made_at, line_count, last_seq, content, blocks)
    VALUES (%(project_id)s, %(number)s, %(ended_at)s, now(), %(line_count)s, %(last_seq)s, %(content)s, %(blocks)s)
"""
ADD: LiteralString = """
    INSERT INTO statement_lines (project_id, seq, number, log_id, content)
    SELECT %(project)s, added.seq, %(number)s, added.log_id, added.content
    FROM unnest(%(seqs)s::bigint[], %(ids)s::uuid[], %(contents)s::text[]) AS added(seq, log_id, content)
"""
STATED: LiteralString = """
    SELECT DISTINCT ON (log_id) content FROM statement_lines
    WHERE project_id = %(project)s AND log_id = ANY(%(ids)s::uuid[])
    ORDER BY log_id, seq DESC
"""
OF_CALL: LiteralString = """
    SELECT seq, number, content FROM statement_lines
    WHERE project_id = %(project)s AND log_id = %(id)s
    ORDER BY seq
"""
BETWEEN: LiteralString = """
    SELECT seq, number, content FROM statement_lines
    WHERE project_id = %(project)s AND seq >= %(first)s AND seq < %(end)s
    ORDER BY seq
"""
# Quotes in values are escaped, so only the field can match this.
CORRECTIONS: LiteralString = """
    SELECT seq, number, content FROM statement_lines
    WHERE project_id = %(project)s AND seq >= %(first)s AND seq < %(end)s
        AND position('"kind":"correction"' IN content) > 0
    ORDER BY seq
    LIMIT %(limit)s
"""


class StatementRow(msgspec.Struct, frozen=True):
    """A statement in a list, byte for byte as it was signed."""

    number: int
    content: bytes


class StatementRecord(msgspec.Struct, frozen=True):
    """A stored statement; `last_seq` is the number of the project's last line up to its end."""

    project_id: str
    number: int
    ended_at: datetime
    line_count: int
    last_seq: int
    content: bytes
    blocks: bytes

    @property
    def first_seq(self) -> int:
        """The number that its first line has, or would have."""
        return self.last_seq - self.line_count + 1


class LineRecord(msgspec.Struct, frozen=True):
    """A stored line."""

    seq: int
    number: int
    content: str

    @property
    def hash(self) -> bytes:
        """The leaf hash of the line."""
        return leaf_hash(self.content.encode())


class StatementStore:
    """The tables `statements` and `statement_lines`; methods with a `session` run in its transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ping(self) -> None:
        """Check that the database answers; raise if not."""
        await self._database.ping()

    async def check_clock(self) -> None:
        """Compare the clocks; raises WrongClock if they differ."""
        await self._database.check_clock()

    async def latest(self, project: str) -> StatementRecord | None:
        """Return a project's last statement, or None."""
        return await self._database.one(StatementRecord, LATEST, {"project": project})

    async def stated_up_to(self, projects: Collection[str], end: datetime) -> set[str]:
        """Return those of these projects that have a statement up to `end` or later."""
        found = await self._database.fetch(UP_TO, {"projects": list(projects), "end": end})
        return {row["project_id"] for row in found}

    async def get(self, project: str, number: int) -> StatementRecord | None:
        """Return a project's statement by its number, or None."""
        return await self._database.one(StatementRecord, ONE, {"project": project, "number": number})

    async def page(self, project: str, limit: int, before: int | None) -> list[StatementRow]:
        """Return up to `limit` statements below a number, newest first."""
        return await self._database.rows(StatementRow, PAGE, {"project": project, "limit": limit, "before": before})

    async def bounded_page(self, project: str, limit: int, before: int | None) -> tuple[list[StatementRow], bool]:
        """Return the same within a number of bytes (`Database.page`), and whether there are more."""
        params = {"project": project, "limit": limit + 1, "before": before}
        return await self._database.page(StatementRow, PAGE, params, limit, size_of=lambda row: len(row.content))

    async def lines_of_call(self, project: str, log_id: UUID) -> list[LineRecord]:
        """Return the lines of a call: the first one, then each correction."""
        return await self._database.rows(LineRecord, OF_CALL, {"project": project, "id": log_id})

    async def lines_between(self, project: str, first: int, end: int) -> list[LineRecord]:
        """Return a project's lines from number `first` up to, not including, `end`."""
        return await self._database.rows(LineRecord, BETWEEN, {"project": project, "first": first, "end": end})

    async def corrections(self, statement: StatementRecord, limit: int) -> list[LineRecord]:
        """Return a statement's first lines of kind `correction`, in order."""
        parameters = {
            "project": statement.project_id,
            "first": statement.first_seq,
            "end": statement.last_seq + 1,
            "limit": limit,
        }
        return await self._database.rows(LineRecord, CORRECTIONS, parameters)

    async def lines(self, statement: StatementRecord) -> AsyncIterator[list[LineRecord]]:
        """Yield a statement's lines in order, 1,000 per batch; they never change, so no snapshot is needed."""
        for first in range(statement.first_seq, statement.last_seq + 1, CHUNK_ROWS):
            yield await self.lines_between(statement.project_id, first, min(first + CHUNK_ROWS, statement.last_seq + 1))

    async def latest_in(self, session: Session, project: str) -> StatementRecord | None:
        """Return a project's last statement, read in the transaction, or None."""
        async with session.cursor(row_factory=class_row(StatementRecord)) as cursor:
            return await (await cursor.execute(LATEST, {"project": project})).fetchone()

    async def latest_lines(self, session: Session, project: str, ids: Sequence[UUID]) -> dict[str, StatementLine]:
        """Return the last line of each of these calls, by the call's id."""
        found = await (await session.execute(STATED, {"project": project, "ids": list(ids)})).fetchall()
        return {line.id: line for line in (lines.parse(content) for (content,) in found)}

    async def add(self, session: Session, project: str, number: int, added: Sequence[StatementLine]) -> None:
        """Store lines of a statement."""
        parameters = {
            "project": project,
            "number": number,
            "seqs": [int(line.seq) for line in added],
            "ids": [line.id for line in added],
            "contents": [line.canonical().decode() for line in added],
        }
        await session.execute(ADD, parameters)

    async def put(self, session: Session, statement: StatementRecord) -> None:
        """Store a statement.

        Raises:
            psycopg.errors.UniqueViolation: another process has stored one with that number.
        """
        await session.execute(PUT, msgspec.structs.asdict(statement))
