"""The statement that stores a batch: log rows, rollups and idempotency keys at once, atomic by itself.

One JSON parameter carries the rows; PostgreSQL aggregates and sorts them. Upserts are ordered by their keys, so that
concurrent batches lock in one order. Without idempotency keys in the batch, their part is left out.
"""

from typing import LiteralString

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
            project_id, occurred_at, id, received_at, provider, model, alias, profile, origin, id_at_origin,
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

SUMS: LiteralString = """
    count(*),
    count(*) FILTER (WHERE status = 'error'),
    sum(input_tokens),
    sum(output_tokens),
    sum(cached_input_tokens),
    coalesce(sum(cost), 0),
    count(*) FILTER (WHERE cost IS NULL),
    coalesce(sum(input_tokens::numeric + output_tokens) FILTER (WHERE cost IS NULL), 0)
"""

SUM_COLUMNS: LiteralString = """
    requests, errors, input_tokens, output_tokens, cached_input_tokens, cost, unpriced_requests, unpriced_tokens
"""

ADD: LiteralString = """
    requests = kept.requests + excluded.requests,
    errors = kept.errors + excluded.errors,
    input_tokens = kept.input_tokens + excluded.input_tokens,
    output_tokens = kept.output_tokens + excluded.output_tokens,
    cached_input_tokens = kept.cached_input_tokens + excluded.cached_input_tokens,
    cost = kept.cost + excluded.cost,
    unpriced_requests = kept.unpriced_requests + excluded.unpriced_requests,
    unpriced_tokens = kept.unpriced_tokens + excluded.unpriced_tokens
"""

DAY: LiteralString = "(occurred_at AT TIME ZONE %(zone)s)::date"
QUARTER: LiteralString = "date_bin('15 minutes', occurred_at, '2000-01-01 00:00:00+00')"
BUCKET: LiteralString = "CASE WHEN latency_ms < 1 THEN 0 ELSE least(floor(ln(latency_ms) / ln(1.05)), 1000) END"

DAILY: LiteralString = (
    "INSERT INTO usage_daily AS kept (project_id, day, provider, model, alias, profile, origin, slot, "
    + SUM_COLUMNS
    + ") SELECT project_id, "
    + DAY
    + ", provider, model, coalesce(alias, ''), profile, coalesce(origin, ''), %(slot)s::smallint, "
    + SUMS
    + " FROM fresh GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7"
    + " ON CONFLICT (project_id, day, provider, model, alias, profile, origin, slot) DO UPDATE SET "
    + ADD
)

QUARTERS: LiteralString = (
    "INSERT INTO usage_quarters AS kept (project_id, quarter, provider, model, alias, profile, origin, slot, "
    + SUM_COLUMNS
    + ") SELECT project_id, "
    + QUARTER
    + ", provider, model, coalesce(alias, ''), profile, coalesce(origin, ''), %(slot)s::smallint, "
    + SUMS
    + " FROM fresh GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7"
    + " ON CONFLICT (project_id, quarter, provider, model, alias, profile, origin, slot) DO UPDATE SET "
    + ADD
)

LATENCIES: LiteralString = (
    "INSERT INTO usage_latencies AS kept (project_id, day, provider, model, bucket, slot, requests) SELECT project_id, "
    + DAY
    + ", provider, model, ("
    + BUCKET
    + ")::smallint, %(slot)s::smallint, count(*) FROM fresh WHERE latency_ms IS NOT NULL"
    + " GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
    + " ON CONFLICT (project_id, day, provider, model, bucket, slot)"
    + " DO UPDATE SET requests = kept.requests + excluded.requests"
)

LOGS: LiteralString = "INSERT INTO usage_logs (" + COLUMNS + ") SELECT " + COLUMNS + " FROM fresh"


def _statement(fresh: LiteralString) -> LiteralString:
    return (
        "WITH "
        + ENTRIES
        + ", "
        + fresh
        + ", logs AS ("
        + LOGS
        + "), daily AS ("
        + DAILY
        + "), quarters AS ("
        + QUARTERS
        + "), latencies AS ("
        + LATENCIES
        + ") "
        + "SELECT id FROM fresh WHERE idempotency_key IS NOT NULL"
    )


STORE_UNKEYED: LiteralString = _statement(UNKEYED)
STORE_KEYED: LiteralString = _statement(KEYS)

REPLAYED: LiteralString = """
    SELECT project_id, key, fingerprint, log_id, cost, cost_source, cost_status, occurred_at
    FROM usage_keys
    JOIN json_to_recordset(%(keys)s::json) AS asked(project_id text, key text) USING (project_id, key)
"""
