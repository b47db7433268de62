-- What called an alias in a whole hour, added up from raw rows by the server's upkeep and kept for eight days: `lines` are
-- sums by model, by origin and by length of prompt (above which of `thresholds`, tokens). They hold only while requests,
-- cost and unpriced_requests are those of usage_quarters: a late entry or a new price makes them void.
CREATE TABLE IF NOT EXISTS usage_alias_hours (
    project_id text NOT NULL,
    alias text NOT NULL,
    hour timestamptz NOT NULL,
    thresholds bigint[] NOT NULL,
    requests bigint NOT NULL,
    cost numeric NOT NULL,
    unpriced_requests bigint NOT NULL,
    lines json NOT NULL,
    PRIMARY KEY (project_id, alias, hour)
);
