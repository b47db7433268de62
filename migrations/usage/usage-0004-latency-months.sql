-- How long calls took in a whole month of the reporting zone: usage_latencies of its days added up by the server's upkeep,
-- once the month is over, a histogram in three arrays of one length. It holds only while `requests` is what usage_daily
-- counts in that month (of the kind provider): a late entry makes it void, and the days are read until it is made anew.
CREATE TABLE IF NOT EXISTS usage_latency_months (
    project_id text NOT NULL,
    month date NOT NULL,
    requests bigint NOT NULL,
    models text[] NOT NULL,
    buckets smallint[] NOT NULL,
    calls bigint[] NOT NULL,
    PRIMARY KEY (project_id, month)
);
