"""The check that the tables in the schema are this server's, and not newer than it, before anything is changed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from llmring_server.errors import StartupError

MIGRATION_TABLE = "_yoyo_migration"
FIRST_MIGRATION = "core-0001-create"
LOCK_TABLE = "yoyo_lock"  # created before any mark by releases that used yoyo's own lock
SCHEMA_VARIABLE = "LLMRING_DATABASE_SCHEMA"
SHOWN_TABLES = 4

RELATIONS = """
    SELECT relname, array(
        SELECT attname::text FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    )
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = %s AND relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
    )
    ORDER BY relname
"""
COMMENT_OR_TEXT = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
CREATE_TABLE = re.compile(r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?\"?(\w+)\"?\s*\(", re.IGNORECASE)
CONSTRAINTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "EXCLUDE", "LIKE")
OWNED_ID = re.compile(r"(?P<owner>.+?)-\d+-")

Columns = Mapping[str, Sequence[str]]


def check_tables(session: psycopg.Connection[Any], schema: str, migrations: Mapping[str, str]) -> None:
    """Check the schema's tables; `migrations` are this deployment's, id → SQL text, empty for other kinds.

    An empty schema is accepted. In any other, our migrations have been applied, all of those of our plugins are known
    to this version, and a table that a pending one creates is there only if it has the same columns: a process may
    have been killed after creating it.

    Raises:
        StartupError: the tables are of another application, or of a newer version.
    """
    found = {name: tuple(columns) for name, columns in session.execute(RELATIONS, [schema])}
    if not found.keys() - {LOCK_TABLE}:
        return
    if "api_key_id" in found.get("usage_logs", ()):
        raise _foreign(schema, found, "the reference server (the FastAPI one)", "; its data can be imported later")
    if MIGRATION_TABLE not in found:
        raise _foreign(schema, found, "another application")
    applied = _applied(session, schema)
    if applied and FIRST_MIGRATION not in applied:
        raise _foreign(schema, found, "another application that uses yoyo")
    _refuse_newer(applied, migrations)
    for id_, text in migrations.items():
        if id_ not in applied:
            _refuse_collisions(schema, found, id_, text)


def created_tables(text: str) -> dict[str, tuple[str, ...]]:
    """Return the tables that SQL creates, with the columns that it lists; partitions are left out."""
    text = COMMENT_OR_TEXT.sub(lambda match: "''" if match[0].startswith("'") else " ", text)
    return {
        match[1].lower(): tuple(_columns(_split_list(text[match.end() :]))) for match in CREATE_TABLE.finditer(text)
    }


def _columns(items: Iterable[str]) -> Iterable[str]:
    for item in items:
        name, *_ = item.split(maxsplit=1)
        if name.upper() not in CONSTRAINTS:
            yield name.strip('"').lower()


def _split_list(text: str) -> Iterable[str]:
    """Yield the items of a list that is separated by commas, up to the parenthesis that closes it."""
    depth, start = 0, 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth < 0 or (character == "," and depth == 0):
            yield text[start:at].strip()
            start = at + 1
        if depth < 0:
            return


def _applied(session: psycopg.Connection[Any], schema: str) -> set[str]:
    table = sql.Identifier(schema, MIGRATION_TABLE)
    return {id_ for (id_,) in session.execute(sql.SQL("SELECT migration_id FROM {}").format(table))}


def _refuse_newer(applied: Iterable[str], migrations: Mapping[str, str]) -> None:
    owners = {_owner(id_) for id_ in migrations}
    newer = sorted(id_ for id_ in applied if id_ not in migrations and _owner(id_) in owners)
    if newer:
        raise StartupError(
            f"the database is of a newer version, whose migrations this one does not have: {', '.join(newer)}; "
            "install that version, or restore a backup made before its first start into an empty database"
        )


def _refuse_collisions(schema: str, found: Columns, id_: str, text: str) -> None:
    for table, columns in created_tables(text).items():
        missing = [column for column in columns if table in found and column not in found[table]]
        if missing:
            raise StartupError(
                f"schema {schema!r} has a table {table!r} that is not of this server: migration {id_} would create it, "
                f"but it has no column {missing[0]!r}; nothing was changed. Rename it, or set another schema as "
                f"{SCHEMA_VARIABLE}"
            )


def _owner(id_: str) -> str:
    match = OWNED_ID.match(id_)
    return match["owner"] if match else id_


def _foreign(schema: str, found: Iterable[str], whose: str, more: str = "") -> StartupError:
    names = sorted(found)
    others = f" and {len(names) - SHOWN_TABLES} more" if len(names) > SHOWN_TABLES else ""
    return StartupError(
        f"schema {schema!r} has tables that seem to be of {whose}: {', '.join(names[:SHOWN_TABLES])}{others}; nothing "
        f"was changed. Set another schema as {SCHEMA_VARIABLE}{more}"
    )
