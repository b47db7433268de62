-- The managed key that logged a call; NULL for a plain key, and for calls of earlier versions.
ALTER TABLE usage_logs ADD COLUMN IF NOT EXISTS key_id text;

-- Sums by day of the reporting zone and by combination of all that calls have in common; `tags` are the configured ones,
-- `combination` is a digest of the columns from provider to tags, which are written once. `latencies` is a histogram in
-- one number, so that it is added like one: every 12 decimal digits, from the right, are the calls of one bucket, of
-- 1.2^n ms up to 1.2^(n+1) ms. Beyond a number of combinations per day, further ones share the combination of zeros.
CREATE TABLE IF NOT EXISTS usage_combinations (
    project_id text NOT NULL,
    day date NOT NULL,
    combination uuid NOT NULL,
    slot smallint NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    alias text,
    profile text NOT NULL,
    origin text,
    status text NOT NULL,
    key_id text,
    service_tier text,
    cost_status text NOT NULL,
    tags jsonb,
    requests bigint NOT NULL,
    errors bigint NOT NULL,
    input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    cost numeric NOT NULL,
    unpriced_requests bigint NOT NULL,
    unpriced_tokens numeric NOT NULL,
    extra_input_tokens numeric NOT NULL DEFAULT 0,
    cache_read_tokens numeric NOT NULL DEFAULT 0,
    cache_write_tokens numeric NOT NULL DEFAULT 0,
    reasoning_tokens numeric NOT NULL DEFAULT 0,
    estimated_requests bigint NOT NULL DEFAULT 0,
    counted_requests bigint NOT NULL DEFAULT 0,
    latencies numeric NOT NULL DEFAULT 0,
    PRIMARY KEY (project_id, day, combination, slot)
) WITH (fillfactor = 70);
