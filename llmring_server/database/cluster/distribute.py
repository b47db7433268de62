"""Distribution of a deployment's tables over a Citus cluster, by project, to scale beyond one machine."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from graphlib import TopologicalSorter
from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg.rows import class_row

from llmring_server.database.migrate import Source, hold_lock
from llmring_server.database.ownership import MIGRATION_TABLE
from llmring_server.errors import StartupError

EXTENSION: LiteralString = """
    SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS created,
        EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citus') AS available
"""
# Partitions follow their table. `refers_to` are the targets of foreign keys, which must be distributed first.
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
IS_CLUSTER: LiteralString = "SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL AS found"
IS_DISTRIBUTED: LiteralString = """
    SELECT EXISTS (
        SELECT FROM pg_dist_partition JOIN pg_class ON pg_class.oid = logicalrelid
        WHERE relnamespace = current_schema()::regnamespace AND partmethod = 'h'
    ) AS found
"""
DISTRIBUTE: LiteralString = (
    "SELECT create_distributed_table(format('%%I.%%I', %s::text, %s::text)::regclass, 'project_id')"
)


class Table(msgspec.Struct, frozen=True):
    """A table of the deployment's schema, from the catalogue."""

    name: str
    of_project: bool
    distributed: bool
    refers_to: list[str]


class Placement(msgspec.Struct, frozen=True):
    """The placement of a table: distributed by project, or local on the coordinator; `changed` by this run."""

    table: str
    distributed: bool
    changed: bool


def distribute(conninfo: str, schema: str, sources: Sequence[Source], shards: int | None = None) -> list[Placement]:
    """Distribute the tables with projects' data, and return the placement of every table. Blocks.

    These are the tables with a `project_id` that their owner does not declare local. It may be run at any time and
    again; each table is distributed in its own transaction, which waits for writers. `shards` is the number of shards
    per table, fixed by the first table; the default of Citus is 32.

    Raises:
        StartupError: there is no Citus or no table yet, a plugin names a missing table, or Citus rejects a table.
    """
    local = {name: source.owner for source in sources for name in source.local}
    with hold_lock(conninfo, schema, sources) as backend:
        session: psycopg.Connection[Any] = backend.connection
        _check_extension(session)
        if shards is not None:
            session.execute("SELECT set_config('citus.shard_count', %s, false)", [str(shards)])
        tables = _tables(session, schema)
        for name in local.keys() - {table.name for table in tables}:
            raise StartupError(f"plugin {local[name]!r} declares the table {name!r} local, but there is no such table")
        return [_place(session, schema, table, local) for table in tables]


async def is_distributed(fetch: Callable[[LiteralString], Awaitable[list[dict[str, Any]]]]) -> bool:
    """Whether tables of the deployment's schema are distributed over a Citus cluster."""
    return bool((await fetch(IS_CLUSTER))[0]["found"] and (await fetch(IS_DISTRIBUTED))[0]["found"])


def _check_extension(session: psycopg.Connection[Any]) -> None:
    created, available = session.execute(EXTENSION).fetchone() or (False, False)
    if not created:
        remedy = "run CREATE EXTENSION citus in it" if available else "install Citus on every node of the cluster first"
        raise StartupError(
            f"the database {session.info.dbname!r} is not a Citus cluster; {remedy} (docs/explanation/scale.md)"
        )


def _tables(session: psycopg.Connection[Any], schema: str) -> list[Table]:
    """Return the tables, each after those that its foreign keys refer to."""
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
                f"Citus cannot distribute {table.name}: {error.diag.message_primary or error}"
            ) from error
    return Placement(table.name, distributed=True, changed=not table.distributed)
