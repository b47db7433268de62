"""The size of a table: on a Citus cluster, of all its shards; the coordinator has only an empty table."""

from typing import LiteralString

import msgspec

from llmring_server.database.pool import Database

SIZE: LiteralString = """
    SELECT greatest(reltuples, 0)::bigint AS rows, pg_total_relation_size(oid) AS bytes
    FROM pg_class WHERE oid = %(name)s::regclass
"""
# One node that is down is an error, since the sum would lack its shards.
CLUSTER_SIZE: LiteralString = """
    SELECT coalesce(sum(result::float8), 0)::bigint AS rows, citus_total_relation_size(%(name)s::regclass) AS bytes
    FROM run_command_on_shards(
        %(name)s::regclass, 'SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = ''%%s''::regclass'
    )
"""
# Settings of a transaction apply to its part on every node.
PROPAGATE: LiteralString = "SET LOCAL citus.propagate_set_commands = 'local'"


class TableSize(msgspec.Struct, frozen=True):
    """The planner's estimate of a table's rows, and its size in bytes with indexes."""

    rows: int
    bytes: int


async def table_size(database: Database, name: str) -> TableSize:
    """Return the size of a table that exists."""
    (size,) = await database.rows(TableSize, CLUSTER_SIZE if database.distributed else SIZE, {"name": name})
    return size
