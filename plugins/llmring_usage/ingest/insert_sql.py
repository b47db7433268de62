"""The statement that stores a batch: log rows, rollups and idempotency keys at once, so it is atomic on its own."""

from collections.abc import Iterable
from typing import LiteralString

from llmring_usage.tables.log_columns import COLUMNS, Column
from llmring_usage.tables.rollups import DAILY, EACH_NAME, LATENCIES, QUARTER, QUARTERS, QUARTERS_DAY, SUMS

SERIES = tuple(column for column in COLUMNS if column.shared)
KEY = (Column("idempotency_key", "text"), Column("fingerprint", "text"))
ENTRIES = (Column("series", "bigint"), *(column for column in COLUMNS if not column.shared), *KEY)


def store_statement(*, keyed: bool) -> LiteralString:
    """Return the whole statement; `keyed` adds the idempotency keys, which cost time and are left out without any.

    Two JSON parameters carry a batch: its rows, and the series that the rows reference by number. PostgreSQL aggregates
    and sorts. Parameters are numbered, since psycopg does not cache a statement of this length with named ones: `$1`
    rows, `$2` series, `$3` zone, `$4` slot, `$5` lifetime of a key in seconds. It returns the ids of new keyed rows.
    """
    statement: LiteralString = f"""
    WITH series AS MATERIALIZED (
        SELECT * FROM ROWS FROM (json_to_recordset($2::json) AS ({_types(SERIES)}))
        WITH ORDINALITY AS given({_names(SERIES)}, series)
    ),
    entries AS MATERIALIZED (
        SELECT {_values(ENTRIES)}
        FROM json_to_recordset($1::json) AS given({_types(ENTRIES)})
    ),
    {KEYED if keyed else UNKEYED},
    logs AS (
        INSERT INTO usage_logs ({_names(COLUMNS)})
        SELECT {", ".join(column.stored or column.name for column in COLUMNS)}
        FROM fresh JOIN series USING (series)
    ),
    counted AS (
        SELECT series, {QUARTER} AS quarter, {_sums()}
        FROM fresh GROUP BY 1, 2
    ),
    named AS MATERIALIZED ({QUARTERS.select_sums(table=COUNTED + EACH_NAME)}),
    added_1 AS ({QUARTERS.upsert(f"SELECT {QUARTERS.columns} FROM named", "$4")}),
    added_2 AS ({DAILY.upsert(QUARTERS.select_sums(at=QUARTERS_DAY, table="named"), "$4")}),
    added_3 AS ({LATENCIES.upsert(LATENCIES.select_rows("fresh JOIN series USING (series)"), "$4")})
    SELECT id::text FROM fresh WHERE idempotency_key IS NOT NULL
    """
    return statement.replace("%(zone)s", "$3")


# The status belongs to the series, so that one series is either estimated or not.
COUNTED: LiteralString = """(
        SELECT *, CASE WHEN cost_status = 'estimated' THEN requests ELSE 0 END AS estimated_requests
        FROM counted JOIN series USING (series)
    ) AS counted """
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


def _sums() -> LiteralString:
    """Return the sums over rows, without the one that depends on the series."""
    return ", ".join(f"{value} AS {name}" for name, value in SUMS.items() if name != "estimated_requests")


def _names(columns: Iterable[Column]) -> LiteralString:
    return ", ".join(column.name for column in columns)


def _types(columns: Iterable[Column]) -> LiteralString:
    return ", ".join(f"{column.name} {column.type}" for column in columns)


def _values(columns: Iterable[Column]) -> LiteralString:
    return ", ".join(f"{column.value} AS {column.name}" if column.value else column.name for column in columns)


STORE_UNKEYED: LiteralString = store_statement(keyed=False)
STORE_KEYED: LiteralString = store_statement(keyed=True)

SELECT_KEYS: LiteralString = """
    SELECT project_id, key, fingerprint, log_id::text, cost, cost_source, cost_status, occurred_at, price_notes
    FROM usage_keys
    JOIN json_to_recordset(%(keys)s::json) AS asked(project_id text, key text) USING (project_id, key)
"""
