"""The statements that store a batch on a Citus cluster: plain ones, since the parts of a CTE run on every node.

Each is for the projects of one shard, and touches one table. Their parameters are those of `Batch`, then `$6`, the
combinations that are known to have rows of full days. The time before which a key has expired is a literal: a parameter
in ON CONFLICT would be sent to the shard, whose statement lacks the others.
"""

from typing import LiteralString

import msgspec
from psycopg import sql

from llmring_usage.ingest.storage.insert_sql import SELECT_NEW_KEYS, UNKEYED, Batch, upsert_keys
from llmring_usage.tables.combinations import COMBINATION, OTHER

# PostgreSQL infers no type for a parameter that a statement does not mention.
PARAMETERS: LiteralString = """
    parameters AS (
        SELECT $1::json, $2::json, $3::text, $4::smallint, $5::text[], $6::json
    ),
    known AS (SELECT * FROM json_to_recordset($6::json) AS given(project_id text, day date, combination uuid)),
"""


class ClusterStatements(msgspec.Struct, frozen=True):
    """The statements of a batch.

    `keys` returns the ids of rows with a new key, `logs` those of new rows, `combinations` the combination of each day
    in the rows; `sums` add the rows to the rollups.
    """

    keys: sql.SQL
    logs: bytes
    combinations: bytes
    sums: tuple[bytes, ...]


def cluster_statements(*, plain: bool) -> tuple[LiteralString, ...]:
    """Return the statements: of the keys, the logs, the combinations, and one per rollup."""
    batch = Batch(plain=plain, tracked="$5", known="known")
    entries: LiteralString = "WITH " + PARAMETERS + batch.entries
    counted: LiteralString = entries + ", " + UNKEYED + ", " + batch.counted
    statements: tuple[LiteralString, ...] = (
        upsert_keys(entries + SELECT_NEW_KEYS, "{}") + " RETURNING log_id::text",
        "INSERT INTO usage_logs (" + batch.log_columns + ") SELECT * FROM (" + entries + ", " + UNKEYED + batch.logs
        + ") AS given ON CONFLICT (project_id, occurred_at, id) DO NOTHING RETURNING id::text",
        counted + " SELECT DISTINCT project_id, day::text, " + COMBINATION + "::text AS combination FROM combined",
        *(rollup.upsert(counted + rows, "$4") for rollup, rows in batch.sums),
    )  # fmt: skip
    return tuple(statement.replace("%(zone)s", "$3") for statement in statements)


def _encode(
    keys: LiteralString, logs: LiteralString, combinations: LiteralString, *sums: LiteralString
) -> ClusterStatements:
    return ClusterStatements(sql.SQL(keys), logs.encode(), combinations.encode(), tuple(one.encode() for one in sums))


# By whether all rows are plain.
CLUSTER: dict[bool, ClusterStatements] = {plain: _encode(*cluster_statements(plain=plain)) for plain in (False, True)}

FULL_DAYS: LiteralString = (
    "SELECT DISTINCT project_id, day::text FROM usage_combinations"
    " WHERE project_id = ANY($1::text[]) AND day = ANY($2::date[]) AND combination = " + OTHER
)
KNOWN: LiteralString = (
    "SELECT DISTINCT project_id, day::text, combination::text FROM usage_combinations"
    " WHERE project_id = ANY($1::text[]) AND day = ANY($2::date[])"
    " AND (combination = ANY($3::uuid[]) OR combination = " + OTHER + ")"
)
