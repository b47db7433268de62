"""The statement that stores a batch: log rows, rollups and idempotency keys at once, atomic by itself.

Two JSON parameters carry a batch: its rows, and its series, what many rows have in common, to which rows refer by
number. PostgreSQL aggregates and sorts. Without idempotency keys in the batch, their part is left out. Parameters are
numbered, `$1` rows, `$2` series, `$3` zone, `$4` slot, `$5` seconds that a key lives: the text is longer than what
psycopg remembers of statements with named ones.
"""

from typing import LiteralString

from llmring_usage.tables.rollups import DAILY, EACH_NAME, LATENCIES, QUARTER, QUARTERS, QUARTERS_DAY, SUMS

SERIES: LiteralString = """
    series AS MATERIALIZED (
        SELECT * FROM ROWS FROM (json_to_recordset(%(series)s::json) AS (
            project_id text, provider text, model text, alias text, profile text, origin text, cost_source text,
            cost_status text, priced_as text, registry_version text, price json
        )) WITH ORDINALITY AS given(
            project_id, provider, model, alias, profile, origin, cost_source,
            cost_status, priced_as, registry_version, price, series
        )
    )
"""

ENTRIES: LiteralString = """
    entries AS MATERIALIZED (
        SELECT
            series, occurred_at, id, coalesce(received_at, occurred_at) AS received_at, id_at_origin,
            coalesce(input_tokens, 0) AS input_tokens,
            coalesce(output_tokens, 0) AS output_tokens,
            coalesce(cached_input_tokens, 0) AS cached_input_tokens,
            coalesce(fresh_tokens, 0) AS fresh_tokens,
            coalesce(cache_read_tokens, 0) AS cache_read_tokens,
            coalesce(cache_write_5m_tokens, 0) AS cache_write_5m_tokens,
            coalesce(cache_write_1h_tokens, 0) AS cache_write_1h_tokens,
            coalesce(cache_write_tokens, 0) AS cache_write_tokens,
            coalesce(reasoning_tokens, 0) AS reasoning_tokens,
            cost, computed_cost,
            latency_ms, coalesce(status, 'success') AS status, service_tier, operation_id, attempt, tags, metadata,
            idempotency_key, fingerprint
        FROM json_to_recordset(%(rows)s::json) AS given(
            series bigint, occurred_at timestamptz, id uuid, received_at timestamptz, id_at_origin text,
            input_tokens bigint, output_tokens bigint, cached_input_tokens bigint,
            fresh_tokens bigint, cache_read_tokens bigint, cache_write_5m_tokens bigint, cache_write_1h_tokens bigint,
            cache_write_tokens bigint, reasoning_tokens bigint,
            cost numeric, computed_cost numeric,
            latency_ms numeric, status text, service_tier text, operation_id text, attempt integer, tags json,
            metadata json, idempotency_key text, fingerprint text
        )
    )
"""

KEYS: LiteralString = """
    keys AS (
        INSERT INTO usage_keys AS kept (
            project_id, key, fingerprint, log_id, occurred_at, cost, cost_source, cost_status, created_at
        )
        SELECT project_id, idempotency_key, fingerprint, id, occurred_at, cost, cost_source, cost_status, received_at
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
            created_at = excluded.created_at
        WHERE kept.created_at < excluded.created_at - make_interval(secs => %(key_seconds)s)
        RETURNING log_id
    ),
    fresh AS MATERIALIZED (
        SELECT * FROM entries WHERE idempotency_key IS NULL OR id IN (SELECT log_id FROM keys)
    )
"""

UNKEYED: LiteralString = "fresh AS (SELECT * FROM entries)"

LOGS: LiteralString = """
    logs AS (
        INSERT INTO usage_logs (
            project_id, occurred_at, id, received_at, provider, model, alias, profile, origin, id_at_origin,
            input_tokens, output_tokens, cached_input_tokens,
            fresh_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cache_write_tokens,
            reasoning_tokens,
            cost, cost_source, cost_status, computed_cost, priced_as, registry_version, price,
            latency_ms, status, service_tier, operation_id, attempt, tags, metadata
        )
        SELECT
            project_id, occurred_at, id, received_at, provider, model, alias, profile, origin, id_at_origin,
            input_tokens, output_tokens, cached_input_tokens,
            fresh_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cache_write_tokens,
            reasoning_tokens,
            cost, cost_source, cost_status, CASE WHEN cost_source = 'registry' THEN cost ELSE computed_cost END,
            priced_as, registry_version, price,
            latency_ms, status, service_tier, operation_id, attempt, tags, metadata
        FROM fresh JOIN series USING (series)
    )
"""

COUNTED: LiteralString = (
    "counted AS (SELECT series, " + QUARTER + " AS quarter, "
    + ", ".join(value + " AS " + name for name, value in SUMS.items()) + " FROM fresh GROUP BY 1, 2)"
)  # fmt: skip
NAMED: LiteralString = (
    "named AS MATERIALIZED (" + QUARTERS.totals(table="counted JOIN series USING (series) " + EACH_NAME) + ")"
)


PARAMETERS: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("%(rows)s", "$1"),
    ("%(series)s", "$2"),
    ("%(zone)s", "$3"),
    ("%(slot)s", "$4"),
    ("%(key_seconds)s", "$5"),
)


def _statement(fresh: LiteralString) -> LiteralString:
    added = (
        QUARTERS.add("SELECT " + QUARTERS.columns + " FROM named", "%(slot)s"),
        DAILY.add(QUARTERS.totals(at=QUARTERS_DAY, table="named"), "%(slot)s"),
        LATENCIES.add(LATENCIES.summed("fresh JOIN series USING (series)"), "%(slot)s"),
    )
    upserts: LiteralString = ", ".join(
        "added_" + number + " AS (" + upsert + ")" for number, upsert in zip(("1", "2", "3"), added, strict=True)
    )
    statement: LiteralString = (
        "WITH " + SERIES + ", " + ENTRIES + ", " + fresh + ", " + LOGS + ", " + COUNTED + ", " + NAMED + ", " + upserts
        + " SELECT id::text FROM fresh WHERE idempotency_key IS NOT NULL"
    )  # fmt: skip
    for name, number in PARAMETERS:
        statement = statement.replace(name, number)
    return statement


STORE_UNKEYED: LiteralString = _statement(UNKEYED)
STORE_KEYED: LiteralString = _statement(KEYS)

REPLAYED: LiteralString = """
    SELECT project_id, key, fingerprint, log_id::text, cost, cost_source, cost_status, occurred_at
    FROM usage_keys
    JOIN json_to_recordset(%(keys)s::json) AS asked(project_id text, key text) USING (project_id, key)
"""
