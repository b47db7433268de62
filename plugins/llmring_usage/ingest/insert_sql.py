"""The statement that stores a batch: log rows, rollups and idempotency keys at once, so it is atomic on its own."""

from collections.abc import Iterable, Mapping
from typing import LiteralString

import msgspec

from llmring_usage.tables.combinations import COMBINATIONS, fold_sql, tags_sql
from llmring_usage.tables.log_columns import COLUMNS, Column
from llmring_usage.tables.rollups import (
    DAILY,
    EACH_NAME,
    LATENCIES,
    LATENCIES_SUM,
    PLAIN_SUMS,
    QUARTER,
    QUARTERS,
    QUARTERS_DAY,
    SUMS,
)

SERIES = tuple(column for column in COLUMNS if column.shared)
KEY = (Column("idempotency_key", "text"), Column("fingerprint", "text"))
# Columns of rows that few of them have.
RARE = ("rare_counts", "list_cost", "processing", "speed")
ESTIMATED: LiteralString = "estimated_requests"
COUNTED: LiteralString = "counted JOIN series USING (series) "
# The status of a cost belongs to the series: its requests are all estimated, or none of them is.
IS_ESTIMATED: LiteralString = "CASE WHEN cost_status = 'estimated' THEN requests ELSE 0 END AS estimated_requests"
ESTIMATED_COUNTED: LiteralString = "(SELECT *, " + IS_ESTIMATED + " FROM " + COUNTED + ") AS counted "


def store_statement(*, keyed: bool, plain: bool, tagged: bool) -> LiteralString:
    """Return the whole statement.

    `keyed` adds the idempotency keys; without `plain`, rows may have rare columns and estimated costs. Both cost time
    and are left out where no row needs them.

    Two JSON parameters carry a batch: its rows, and the series that the rows reference by number. PostgreSQL aggregates
    and sorts. Parameters are numbered, since psycopg does not cache a statement of this length with named ones: `$1`
    rows, `$2` series, `$3` zone, `$4` slot, then the lifetime of a key in seconds if `keyed`, and the names of the tags
    with sums if `tagged`. It returns the ids of new keyed rows.
    """
    columns = tuple(column for column in COLUMNS if not (plain and column.name in RARE))
    entries = (Column("series", "bigint"), *(column for column in columns if not column.shared), *KEY)
    sums = PLAIN_SUMS if plain else SUMS
    quarters, days = (msgspec.structs.replace(rollup, sums=tuple(sums)) for rollup in (QUARTERS, DAILY))
    combinations = msgspec.structs.replace(COMBINATIONS, sums=(*sums, *LATENCIES_SUM))
    # Not the parameter itself: its value in the plan would make PostgreSQL plan each batch again.
    tags = tags_sql("(SELECT names FROM tracked)") if tagged else "NULL::jsonb"
    tracked = f"tracked AS MATERIALIZED (SELECT ${6 if keyed else 5}::text[] AS names), " if tagged else ""
    statement: LiteralString = f"""
    WITH {tracked}series AS MATERIALIZED (
        SELECT * FROM ROWS FROM (json_to_recordset($2::json) AS ({_types(SERIES)}))
        WITH ORDINALITY AS given({_names(SERIES)}, series)
    ),
    entries AS MATERIALIZED (
        SELECT {_values(entries)}
        FROM json_to_recordset($1::json) AS given({_types(entries)})
    ),
    {KEYED if keyed else UNKEYED},
    logs AS (
        INSERT INTO usage_logs ({_names(columns)})
        SELECT {", ".join(column.stored or column.name for column in columns)}
        FROM fresh JOIN series USING (series)
    ),
    counted AS MATERIALIZED (
        SELECT series, {QUARTER} AS quarter, status, service_tier, {tags} AS tags,
            {_sums({**sums, **LATENCIES_SUM})}
        FROM fresh GROUP BY 1, 2, 3, 4, 5
    ),
    combined AS MATERIALIZED (
        SELECT *, {QUARTERS_DAY} AS day{"" if plain else ", " + IS_ESTIMATED} FROM counted JOIN series USING (series)
    ),
    named AS MATERIALIZED ({quarters.select_sums(table=(COUNTED if plain else ESTIMATED_COUNTED) + EACH_NAME)}),
    added_1 AS ({quarters.upsert(f"SELECT {quarters.columns} FROM named", "$4")}),
    added_2 AS ({days.upsert(quarters.select_sums(at=QUARTERS_DAY, table="named"), "$4")}),
    added_4 AS ({combinations.upsert(fold_sql(combinations), "$4")}),
    added_3 AS ({LATENCIES.upsert(LATENCIES.select_rows("fresh JOIN series USING (series)"), "$4")})
    SELECT id::text FROM fresh WHERE idempotency_key IS NOT NULL
    """
    return statement.replace("%(zone)s", "$3")


KEYED: LiteralString = """
    keys AS (
        INSERT INTO usage_keys AS kept (
            project_id, key, fingerprint, log_id, occurred_at, cost, cost_source, cost_status, price_notes, created_at
        )
        SELECT project_id, idempotency_key, fingerprint, id, occurred_at, cost, cost_source, cost_status, price_notes,
            received_at
        FROM entries JOIN series USING (series)
        WHERE idempotency_key IS NOT NULL
        ORDER BY project_id, idempotency_key
        ON CONFLICT (project_id, key) DO UPDATE SET
            fingerprint = excluded.fingerprint,
            log_id = excluded.log_id,
            occurred_at = excluded.occurred_at,
            cost = excluded.cost,
            cost_source = excluded.cost_source,
            cost_status = excluded.cost_status,
            price_notes = excluded.price_notes,
            created_at = excluded.created_at
        WHERE kept.created_at < excluded.created_at - make_interval(secs => $5)
        RETURNING log_id
    ),
    fresh AS MATERIALIZED (
        SELECT * FROM entries WHERE idempotency_key IS NULL OR id IN (SELECT log_id FROM keys)
    )
"""
UNKEYED: LiteralString = "fresh AS (SELECT * FROM entries)"


def _sums(sums: Mapping[LiteralString, LiteralString]) -> LiteralString:
    """Return the sums over rows, without the one that depends on the series."""
    return ", ".join(f"{value} AS {name}" for name, value in sums.items() if name != ESTIMATED)


def _names(columns: Iterable[Column]) -> LiteralString:
    return ", ".join(column.name for column in columns)


def _types(columns: Iterable[Column]) -> LiteralString:
    return ", ".join(f"{column.name} {column.type}" for column in columns)


def _values(columns: Iterable[Column]) -> LiteralString:
    return ", ".join(f"{column.value} AS {column.name}" if column.value else column.name for column in columns)


# By whether there are keys, all rows are plain, and tags have sums. As text, each would be encoded and hashed again.
STORE: dict[tuple[bool, bool, bool], bytes] = {
    (keyed, plain, tagged): store_statement(keyed=keyed, plain=plain, tagged=tagged).encode()
    for keyed in (False, True)
    for plain in (False, True)
    for tagged in (False, True)
}

SELECT_KEYS: LiteralString = """
    SELECT project_id, key, fingerprint, log_id::text, cost, cost_source, cost_status, occurred_at, price_notes
    FROM usage_keys
    JOIN json_to_recordset(%(keys)s::json) AS asked(project_id text, key text) USING (project_id, key)
"""
