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
    Rollup,
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


class Batch:
    """The SQL of one batch: what it reads from its parameters, and the rows that each table gets.

    Without `plain`, rows may have rare columns and estimated costs, which cost time and are left out where no row needs
    them. Two JSON parameters carry a batch: its rows, and the series that the rows reference by number; PostgreSQL
    aggregates and sorts. Parameters are numbered, since psycopg does not cache a statement of this length with named
    ones: `$1` rows, `$2` series, `$3` zone, `$4` slot. `tracked` is the parameter with the names of the tags that have
    sums, None without any; `known` is the relation of the combinations that have rows.
    """

    def __init__(
        self, *, plain: bool, tracked: LiteralString | None, known: LiteralString = COMBINATIONS.table
    ) -> None:
        columns = tuple(column for column in COLUMNS if not (plain and column.name in RARE))
        entries = (Column("series", "bigint"), *(column for column in columns if not column.shared), *KEY)
        sums = PLAIN_SUMS if plain else SUMS
        quarters, days = (msgspec.structs.replace(rollup, sums=tuple(sums)) for rollup in (QUARTERS, DAILY))
        combinations = msgspec.structs.replace(COMBINATIONS, sums=(*sums, *LATENCIES_SUM))
        # Not the parameter itself: with its value in the plan, each batch would be planned again.
        tags = tags_sql("(SELECT names FROM tracked)") if tracked else "NULL::jsonb"
        names: LiteralString = f"tracked AS MATERIALIZED (SELECT {tracked}::text[] AS names), " if tracked else ""
        self.entries: LiteralString = f"""{names}series AS MATERIALIZED (
        SELECT * FROM ROWS FROM (json_to_recordset($2::json) AS ({_types(SERIES)}))
        WITH ORDINALITY AS given({_names(SERIES)}, series)
    ),
    entries AS MATERIALIZED (
        SELECT {_values(entries)}
        FROM json_to_recordset($1::json) AS given({_types(entries)})
    )"""
        self.counted: LiteralString = f"""
    counted AS MATERIALIZED (
        SELECT series, {QUARTER} AS quarter, status, service_tier, {tags} AS tags,
            {_sums({**sums, **LATENCIES_SUM})}
        FROM fresh GROUP BY 1, 2, 3, 4, 5
    ),
    combined AS MATERIALIZED (
        SELECT *, {QUARTERS_DAY} AS day{"" if plain else ", " + IS_ESTIMATED} FROM counted JOIN series USING (series)
    ),
    named AS MATERIALIZED ({quarters.select_sums(table=(COUNTED if plain else ESTIMATED_COUNTED) + EACH_NAME)})"""
        self.log_columns = _names(columns)
        self.logs: LiteralString = f"""
        SELECT {", ".join((column.stored or column.name) + " AS " + column.name for column in columns)}
        FROM fresh JOIN series USING (series)"""
        # In the order in which they lock rows: concurrent batches wait for each other, and are not deadlocked.
        self.sums: tuple[tuple[Rollup, LiteralString], ...] = (
            (LATENCIES, LATENCIES.select_rows("fresh JOIN series USING (series)")),
            (combinations, fold_sql(combinations).replace(COMBINATIONS.table, known)),
            (days, quarters.select_sums(at=QUARTERS_DAY, table="named")),
            (quarters, f"SELECT {quarters.columns} FROM named"),
        )


def store_statement(*, keyed: bool, plain: bool, tagged: bool) -> LiteralString:
    """Return the whole statement of plain PostgreSQL.

    `keyed` adds the idempotency keys: `$5` is then the time before which a key has expired. The last parameter are the
    names of the tags with sums if `tagged`. It returns the ids of new keyed rows.
    """
    batch = Batch(plain=plain, tracked=("$6" if keyed else "$5") if tagged else None)
    # PostgreSQL runs the last part first.
    added: LiteralString = ", ".join(
        f"added_{rollup.table} AS ({rollup.upsert(rows, '$4')})" for rollup, rows in reversed(batch.sums)
    )
    statement: LiteralString = f"""
    WITH {batch.entries},
    {"keys AS (" + upsert_keys(SELECT_NEW_KEYS, "$5") + " RETURNING log_id), " + KEYED if keyed else UNKEYED},
    logs AS (INSERT INTO usage_logs ({batch.log_columns}) {batch.logs}),
    {batch.counted},
    {added}
    SELECT id::text FROM fresh WHERE idempotency_key IS NOT NULL
    """
    return statement.replace("%(zone)s", "$3")


SELECT_NEW_KEYS: LiteralString = """
        SELECT project_id, idempotency_key AS key, fingerprint, id AS log_id, occurred_at, cost, cost_source,
            cost_status, price_notes, received_at AS created_at
        FROM entries JOIN series USING (series)
        WHERE idempotency_key IS NOT NULL
"""
KEYED: LiteralString = """
    fresh AS MATERIALIZED (
        SELECT * FROM entries WHERE idempotency_key IS NULL OR id IN (SELECT log_id FROM keys)
    )
"""
UNKEYED: LiteralString = "fresh AS (SELECT * FROM entries)"


def upsert_keys(rows: LiteralString, expired: LiteralString) -> LiteralString:
    """Return the statement that stores the keys of `rows`, unless they are known and not older than `expired`."""
    return (
        """
        INSERT INTO usage_keys AS kept (
            project_id, key, fingerprint, log_id, occurred_at, cost, cost_source, cost_status, price_notes, created_at
        )
        SELECT project_id, key, fingerprint, log_id, occurred_at, cost, cost_source, cost_status, price_notes,
            created_at
        FROM (""" + rows + """) AS given
        ORDER BY project_id, key
        ON CONFLICT (project_id, key) DO UPDATE SET
            fingerprint = excluded.fingerprint,
            log_id = excluded.log_id,
            occurred_at = excluded.occurred_at,
            cost = excluded.cost,
            cost_source = excluded.cost_source,
            cost_status = excluded.cost_status,
            price_notes = excluded.price_notes,
            created_at = excluded.created_at
        WHERE kept.created_at < """ + expired + "::timestamptz"
    )  # fmt: skip


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
