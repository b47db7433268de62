"""Spreading a deployment's tables over a Citus cluster, by project: PostgreSQL that grows past one machine."""

from collections.abc import Collection, Sequence
from graphlib import TopologicalSorter
from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg.rows import class_row

from llmring_server.database.migrate import MIGRATION_TABLE, Source, locked
from llmring_server.errors import StartupError

EXTENSION: LiteralString = """
    SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS created,
        EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citus') AS available
"""
# Partitions go with their table. Tables come with those that their foreign keys name, which must be distributed first.
TABLES: LiteralString = """
    SELECT tables.relname AS name,
        EXISTS (
            SELECT FROM pg_attribute
            WHERE attrelid = tables.oid AND attname = 'project_id' AND NOT attisdropped
        ) AS of_project,
        EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = tables.oid AND partmethod = 'h') AS distributed,
        ARRAY(
            SELECT named.relname FROM pg_constraint JOIN pg_class AS named ON named.oid = confrelid
            WHERE conrelid = tables.oid AND contype = 'f' AND confrelid <> conrelid
        ) AS refers_to
    FROM pg_class AS tables
    WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s)
        AND relkind IN ('r', 'p') AND NOT relispartition
    ORDER BY relname
"""
DISTRIBUTE: LiteralString = (
    "SELECT create_distributed_table(format('%%I.%%I', %s::text, %s::text)::regclass, 'project_id')"
)


class Table(msgspec.Struct, frozen=True):
    """A table of the deployment's schema, as the catalogue has it."""

    name: str
    of_project: bool
    distributed: bool
    refers_to: list[str]


class Placement(msgspec.Struct, frozen=True):
    """Where a table lies: spread by project, since now or before, or local, on the coordinator alone."""

    table: str
    distributed: bool
    changed: bool


def distribute(conninfo: str, schema: str, sources: Sequence[Source], shards: int | None = None) -> list[Placement]:
    """Distribute every table of projects' data that is not yet, and say where each table lies. Blocks.

    A table that has a `project_id` is one, unless its owner keeps it local. It may be run at any time and again; each
    table is distributed in a transaction of its own, and waits for whoever writes it. `shards` is how many parts each
    table gets; the first one decides it for all, and Citus takes 32.

    Raises:
        StartupError: there is no Citus, or no table yet, a plugin names one that is not there, or Citus refuses one.
    """
    local = {name: source.owner for source in sources for name in source.local}
    with locked(conninfo, schema) as backend:
        session: psycopg.Connection[Any] = backend.connection
        _check_extension(session)
        if shards is not None:
            session.execute("SELECT set_config('citus.shard_count', %s, false)", [str(shards)])
        tables = _tables(session, schema)
        for name in local.keys() - {table.name for table in tables}:
            raise StartupError(f"plugin {local[name]!r} keeps the table {name!r} local, but there is no such table")
        return [_place(session, schema, table, local) for table in tables]


def _check_extension(session: psycopg.Connection[Any]) -> None:
    created, available = session.execute(EXTENSION).fetchone() or (False, False)
    if not created:
        mend = "run CREATE EXTENSION citus in it" if available else "install Citus on every node of the cluster first"
        raise StartupError(
            f"the database {session.info.dbname!r} is no Citus cluster; {mend} (docs/explanation/scale.md)"
        )


def _tables(session: psycopg.Connection[Any], schema: str) -> list[Table]:
    """Return the tables, each behind those that its foreign keys name."""
    with session.cursor(row_factory=class_row(Table)) as cursor:
        found = {table.name: table for table in cursor.execute(TABLES, [schema]).fetchall()}
    if MIGRATION_TABLE not in found:
        raise StartupError(f"the schema {schema!r} has no tables yet; run `llmring-server migrate` first")
    order = TopologicalSorter({name: table.refers_to for name, table in found.items()}).static_order()
    return [found[name] for name in order]


def _place(session: psycopg.Connection[Any], schema: str, table: Table, local: Collection[str]) -> Placement:
    if not table.of_project or table.name in local:
        return Placement(table.name, distributed=False, changed=False)
    if not table.distributed:
        try:
            session.execute(DISTRIBUTE, [schema, table.name])
        except psycopg.Error as error:
            raise StartupError(
                f"Citus does not distribute {table.name}: {error.diag.message_primary or error}"
            ) from error
    return Placement(table.name, distributed=True, changed=not table.distributed)
