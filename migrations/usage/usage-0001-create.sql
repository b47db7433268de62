-- Every logged call, partitioned by month of when it happened. Partitions are made by the server, ahead and on demand;
-- what happened before 2020 shares one. Token kinds (fresh … reasoning) are disjoint; costs are USD.
CREATE TABLE IF NOT EXISTS usage_logs (
    project_id text NOT NULL,
    occurred_at timestamptz NOT NULL,
    id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    alias text,
    profile text NOT NULL,
    origin text,
    id_at_origin text,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cached_input_tokens bigint NOT NULL,
    fresh_tokens bigint NOT NULL,
    cache_read_tokens bigint NOT NULL,
    cache_write_5m_tokens bigint NOT NULL,
    cache_write_1h_tokens bigint NOT NULL,
    cache_write_tokens bigint NOT NULL,
    reasoning_tokens bigint NOT NULL,
    cost numeric,
    cost_source text,
    cost_status text NOT NULL,
    computed_cost numeric,
    priced_as text,
    registry_version text,
    price json,
    latency_ms numeric,
    status text NOT NULL,
    service_tier text,
    operation_id text,
    attempt integer,
    tags json,
    metadata json,
    PRIMARY KEY (project_id, occurred_at, id)
) PARTITION BY RANGE (occurred_at);

CREATE TABLE IF NOT EXISTS usage_logs_before_2020 PARTITION OF usage_logs FOR VALUES FROM (MINVALUE) TO ('2020-01-01 00:00:00+00');

-- What statistics read: sums by day of the reporting zone, and by 15 minutes for edges of days and other zones, for each
-- name that calls carry. `kind` is provider, model, alias, profile or origin; '' stands for no alias and no origin. A
-- slot spreads one hot row over several when many replicas write it. Sums of 64-bit counts are wider than 64 bits.
CREATE TABLE IF NOT EXISTS usage_daily (
    project_id text NOT NULL,
    day date NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    slot smallint NOT NULL,
    requests bigint NOT NULL,
    errors bigint NOT NULL,
    input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    cost numeric NOT NULL,
    unpriced_requests bigint NOT NULL,
    unpriced_tokens numeric NOT NULL,
    PRIMARY KEY (project_id, day, kind, name, slot)
) WITH (fillfactor = 70);

-- The key begins with the kind: days of another zone read the models' quarters alone.
CREATE TABLE IF NOT EXISTS usage_quarters (
    project_id text NOT NULL,
    kind text NOT NULL,
    quarter timestamptz NOT NULL,
    name text NOT NULL,
    slot smallint NOT NULL,
    requests bigint NOT NULL,
    errors bigint NOT NULL,
    input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    cost numeric NOT NULL,
    unpriced_requests bigint NOT NULL,
    unpriced_tokens numeric NOT NULL,
    PRIMARY KEY (project_id, kind, quarter, name, slot)
) WITH (fillfactor = 70);

-- How long calls took, as a histogram: bucket n holds latencies of 1.2^n ms up to 1.2^(n+1) ms.
CREATE TABLE IF NOT EXISTS usage_latencies (
    project_id text NOT NULL,
    day date NOT NULL,
    model text NOT NULL,
    bucket smallint NOT NULL,
    slot smallint NOT NULL,
    requests bigint NOT NULL,
    PRIMARY KEY (project_id, day, model, bucket, slot)
) WITH (fillfactor = 70);

-- What was answered under each idempotency key, for as long as the key lives.
CREATE TABLE IF NOT EXISTS usage_keys (
    project_id text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    log_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    cost numeric,
    cost_source text,
    cost_status text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, key)
);
CREATE INDEX IF NOT EXISTS usage_keys_created_at ON usage_keys (created_at);

-- The zone in which usage_daily counts its days, and other facts that rollups depend on.
CREATE TABLE IF NOT EXISTS usage_facts (
    name text PRIMARY KEY,
    value text NOT NULL
);
