"""The statement that stores a batch: log rows, rollups and idempotency keys at once, atomic by itself.

One JSON parameter carries the rows; PostgreSQL aggregates and sorts them. Without idempotency keys in the batch, their
part is left out. Parameters are numbered, `$1` rows, `$2` zone, `$3` slot, `$4` seconds that a key lives: the text is
longer than what psycopg remembers of statements with named ones.
"""

from typing import LiteralString

from llmring_usage.rollups import ROLLUPS

COLUMNS: LiteralString = """
    project_id, occurred_at, id, received_at, provider, model, alias, profile, origin, id_at_origin,
    input_tokens, output_tokens, cached_input_tokens,
    fresh_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cache_write_tokens, reasoning_tokens,
    cost, cost_source, cost_status, computed_cost, priced_as, registry_version, price,
    latency_ms, status, service_tier, operation_id, attempt, tags, metadata
"""

ENTRIES: LiteralString = """
    entries AS MATERIALIZED (
        SELECT
            project_id, occurred_at, id, coalesce(received_at, occurred_at) AS received_at,
            provider, model, alias, profile, origin, id_at_origin,
            coalesce(input_tokens, 0) AS input_tokens,
            coalesce(output_tokens, 0) AS output_tokens,
            coalesce(cached_input_tokens, 0) AS cached_input_tokens,
            coalesce(fresh_tokens, 0) AS fresh_tokens,
            coalesce(cache_read_tokens, 0) AS cache_read_tokens,
            coalesce(cache_write_5m_tokens, 0) AS cache_write_5m_tokens,
            coalesce(cache_write_1h_tokens, 0) AS cache_write_1h_tokens,
            coalesce(cache_write_tokens, 0) AS cache_write_tokens,
            coalesce(reasoning_tokens, 0) AS reasoning_tokens,
            cost, cost_source, cost_status, computed_cost, priced_as, registry_version, price,
            latency_ms, coalesce(status, 'success') AS status, service_tier, operation_id, attempt, tags, metadata,
            idempotency_key, fingerprint
        FROM json_to_recordset(%(rows)s::json) AS given(
            project_id text, occurred_at timestamptz, id uuid, received_at timestamptz,
            provider text, model text, alias text, profile text, origin text, id_at_origin text,
            input_tokens bigint, output_tokens bigint, cached_input_tokens bigint,
            fresh_tokens bigint, cache_read_tokens bigint, cache_write_5m_tokens bigint, cache_write_1h_tokens bigint,
            cache_write_tokens bigint, reasoning_tokens bigint,
            cost numeric, cost_source text, cost_status text, computed_cost numeric, priced_as text,
            registry_version text, price json,
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
        FROM entries
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

LOGS: LiteralString = "INSERT INTO usage_logs (" + COLUMNS + ") SELECT " + COLUMNS + " FROM fresh"


PARAMETERS: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("%(rows)s", "$1"),
    ("%(zone)s", "$2"),
    ("%(slot)s", "$3"),
    ("%(key_seconds)s", "$4"),
)


def _statement(fresh: LiteralString) -> LiteralString:
    rollups: LiteralString = ", ".join(
        "add_" + rollup.table + " AS (" + rollup.add(rollup.summed("fresh"), "%(slot)s") + ")" for rollup in ROLLUPS
    )
    statement: LiteralString = (
        "WITH " + ENTRIES + ", " + fresh + ", logs AS (" + LOGS + "), " + rollups
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
