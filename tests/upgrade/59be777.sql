-- A deployment of commit 59be777 with every feature on: pg_dump --inserts --no-owner --no-privileges, without its SETs.
CREATE SCHEMA llmring;
CREATE TABLE llmring._yoyo_log (
    id character varying(36) NOT NULL,
    migration_hash character varying(64),
    migration_id character varying(255),
    operation character varying(10),
    username character varying(255),
    hostname character varying(255),
    comment character varying(255),
    created_at_utc timestamp without time zone
);
CREATE TABLE llmring._yoyo_migration (
    migration_hash character varying(64) NOT NULL,
    migration_id character varying(255),
    applied_at_utc timestamp without time zone
);
CREATE TABLE llmring._yoyo_version (
    version integer NOT NULL,
    installed_at_utc timestamp without time zone
);
CREATE TABLE llmring.alias_history (
    project_id text NOT NULL,
    seq bigint NOT NULL,
    profile text NOT NULL,
    alias text NOT NULL,
    action text NOT NULL,
    model text,
    previous_model text,
    metadata json,
    key_id text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT alias_history_action_check CHECK ((action = ANY (ARRAY['bind'::text, 'unbind'::text])))
);
CREATE TABLE llmring.alias_versions (
    project_id text NOT NULL,
    version bigint NOT NULL,
    pruned bigint DEFAULT 0 NOT NULL
);
CREATE TABLE llmring.aliases (
    project_id text NOT NULL,
    profile text NOT NULL,
    alias text NOT NULL,
    model text NOT NULL,
    metadata json,
    version bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    seq bigint DEFAULT 0 NOT NULL
);
CREATE TABLE llmring.conversation_claims (
    project_id text NOT NULL,
    conversation_id uuid NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cached_input_tokens bigint NOT NULL,
    log_id uuid NOT NULL,
    cost numeric,
    cost_source text,
    cost_status text NOT NULL,
    billed_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    taken_by text
);
CREATE TABLE llmring.conversation_messages (
    project_id text NOT NULL,
    conversation_id uuid NOT NULL,
    "position" bigint NOT NULL,
    id uuid NOT NULL,
    role text NOT NULL,
    content json,
    content_digest text,
    content_bytes bigint,
    tool_calls json,
    tool_call_id text,
    name text,
    metadata json,
    input_tokens bigint,
    output_tokens bigint,
    said_at timestamp with time zone NOT NULL
);
CREATE TABLE llmring.conversations (
    project_id text NOT NULL,
    id uuid NOT NULL,
    title text,
    system_prompt text,
    model_alias text,
    temperature double precision,
    max_tokens bigint,
    origin text,
    profile text,
    metadata json,
    log_id uuid,
    message_count bigint NOT NULL,
    total_tokens numeric NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE llmring.dashboard_secrets (
    name text NOT NULL,
    value text NOT NULL
);
CREATE TABLE llmring.deployment (
    name text NOT NULL,
    value text NOT NULL
);
CREATE TABLE llmring.project_keys (
    project_id text NOT NULL,
    key_id text NOT NULL,
    hash bytea NOT NULL,
    name text,
    scopes text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    rotated_from text,
    grace_until timestamp with time zone
);
CREATE TABLE llmring.projects (
    project_id text NOT NULL,
    name text,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE llmring.receipt_conflicts (
    project_id text NOT NULL,
    receipt_id text NOT NULL COLLATE pg_catalog."C",
    digest bytea NOT NULL,
    kept_digest bytea NOT NULL,
    key_id text NOT NULL,
    noted_at timestamp with time zone NOT NULL
);
CREATE TABLE llmring.receipt_key_events (
    number bigint NOT NULL,
    key_id text NOT NULL COLLATE pg_catalog."C",
    change text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT receipt_key_events_change_check CHECK ((change = ANY (ARRAY['added'::text, 'retired'::text, 'compromised'::text])))
);
ALTER TABLE llmring.receipt_key_events ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME llmring.receipt_key_events_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE llmring.receipt_keys (
    key_id text NOT NULL COLLATE pg_catalog."C",
    public_key bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone,
    status text NOT NULL,
    CONSTRAINT receipt_keys_status_check CHECK ((status = ANY (ARRAY['active'::text, 'retired'::text, 'compromised'::text])))
);
CREATE TABLE llmring.receipts (
    project_id text NOT NULL,
    receipt_id text NOT NULL COLLATE pg_catalog."C",
    issued_at timestamp with time zone NOT NULL,
    key_id text NOT NULL,
    content bytea NOT NULL,
    digest bytea NOT NULL,
    stored_at timestamp with time zone NOT NULL
);
CREATE TABLE llmring.registry_contents (
    sha256 text NOT NULL,
    body bytea NOT NULL
);
CREATE TABLE llmring.registry_files (
    source text NOT NULL,
    path text NOT NULL,
    sha256 text NOT NULL,
    etag text,
    last_modified text,
    archived boolean NOT NULL,
    fetched_at timestamp with time zone NOT NULL
);
CREATE TABLE llmring.registry_versions (
    version text NOT NULL,
    "position" integer NOT NULL,
    provider text NOT NULL,
    sha256 text NOT NULL,
    composed_at timestamp with time zone NOT NULL
);
CREATE TABLE llmring.statement_lines (
    project_id text NOT NULL,
    seq bigint NOT NULL,
    number integer NOT NULL,
    log_id uuid NOT NULL,
    content text NOT NULL
);
CREATE TABLE llmring.statements (
    project_id text NOT NULL,
    number integer NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    made_at timestamp with time zone NOT NULL,
    line_count bigint NOT NULL,
    last_seq bigint NOT NULL,
    content bytea NOT NULL,
    blocks bytea NOT NULL
);
CREATE TABLE llmring.transparency_counts (
    project_id text NOT NULL,
    receipts bigint NOT NULL
);
CREATE TABLE llmring.transparency_keys (
    vkey text NOT NULL COLLATE pg_catalog."C",
    since timestamp with time zone NOT NULL
);
CREATE TABLE llmring.transparency_leaves (
    project_id text NOT NULL,
    leaf_index bigint NOT NULL,
    kind smallint NOT NULL,
    reference text NOT NULL COLLATE pg_catalog."C",
    seq bigint,
    salt bytea,
    content bytea,
    logged_at timestamp with time zone NOT NULL
);
CREATE TABLE llmring.transparency_log (
    only_row boolean NOT NULL,
    origin text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    checkpoint bytea,
    cosigned_size bigint NOT NULL,
    cosigned bytea,
    key_events bigint NOT NULL,
    alarm text,
    CONSTRAINT transparency_log_only_row_check CHECK (only_row)
);
CREATE TABLE llmring.transparency_queue (
    project_id text NOT NULL,
    queue_id bigint NOT NULL,
    kind smallint NOT NULL,
    reference text NOT NULL COLLATE pg_catalog."C",
    content bytea NOT NULL,
    queued_at timestamp with time zone NOT NULL
);
ALTER TABLE llmring.transparency_queue ALTER COLUMN queue_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME llmring.transparency_queue_queue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE llmring.transparency_tiles (
    level smallint NOT NULL,
    number bigint NOT NULL,
    content bytea NOT NULL
);
ALTER TABLE ONLY llmring.transparency_tiles ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE TABLE llmring.usage_alias_hours (
    project_id text NOT NULL,
    alias text NOT NULL,
    hour timestamp with time zone NOT NULL,
    thresholds bigint[] NOT NULL,
    requests bigint NOT NULL,
    cost numeric NOT NULL,
    unpriced_requests bigint NOT NULL,
    lines json NOT NULL
);
CREATE TABLE llmring.usage_daily (
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
    unpriced_tokens numeric NOT NULL
)
WITH (fillfactor='70');
CREATE TABLE llmring.usage_facts (
    name text NOT NULL,
    value text NOT NULL
);
CREATE TABLE llmring.usage_keys (
    project_id text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    log_id uuid NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    cost numeric,
    cost_source text,
    cost_status text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE llmring.usage_latencies (
    project_id text NOT NULL,
    day date NOT NULL,
    model text NOT NULL,
    bucket smallint NOT NULL,
    slot smallint NOT NULL,
    requests bigint NOT NULL
)
WITH (fillfactor='70');
CREATE TABLE llmring.usage_latency_months (
    project_id text NOT NULL,
    month date NOT NULL,
    requests bigint NOT NULL,
    models text[] NOT NULL,
    buckets smallint[] NOT NULL,
    calls bigint[] NOT NULL
);
CREATE TABLE llmring.usage_logs (
    project_id text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    id uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
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
    metadata json
)
PARTITION BY RANGE (occurred_at);
CREATE TABLE llmring.usage_logs_2026_09 (
    project_id text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    id uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
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
    metadata json
);
CREATE TABLE llmring.usage_logs_2026_10 (
    project_id text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    id uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
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
    metadata json
);
CREATE TABLE llmring.usage_logs_2026_11 (
    project_id text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    id uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
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
    metadata json
);
CREATE TABLE llmring.usage_logs_2026_12 (
    project_id text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    id uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
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
    metadata json
);
CREATE TABLE llmring.usage_logs_2027_01 (
    project_id text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    id uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
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
    metadata json
);
CREATE TABLE llmring.usage_logs_before_2020 (
    project_id text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    id uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
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
    metadata json
);
CREATE TABLE llmring.usage_quarters (
    project_id text NOT NULL,
    kind text NOT NULL,
    quarter timestamp with time zone NOT NULL,
    name text NOT NULL,
    slot smallint NOT NULL,
    requests bigint NOT NULL,
    errors bigint NOT NULL,
    input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    cost numeric NOT NULL,
    unpriced_requests bigint NOT NULL,
    unpriced_tokens numeric NOT NULL
)
WITH (fillfactor='70');
CREATE TABLE llmring.yoyo_lock (
    locked integer DEFAULT 1 NOT NULL,
    ctime timestamp without time zone,
    pid integer NOT NULL
);
ALTER TABLE ONLY llmring.usage_logs ATTACH PARTITION llmring.usage_logs_2026_09 FOR VALUES FROM ('2026-09-01 00:00:00+00') TO ('2026-10-01 00:00:00+00');
ALTER TABLE ONLY llmring.usage_logs ATTACH PARTITION llmring.usage_logs_2026_10 FOR VALUES FROM ('2026-10-01 00:00:00+00') TO ('2026-11-01 00:00:00+00');
ALTER TABLE ONLY llmring.usage_logs ATTACH PARTITION llmring.usage_logs_2026_11 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');
ALTER TABLE ONLY llmring.usage_logs ATTACH PARTITION llmring.usage_logs_2026_12 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');
ALTER TABLE ONLY llmring.usage_logs ATTACH PARTITION llmring.usage_logs_2027_01 FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00');
ALTER TABLE ONLY llmring.usage_logs ATTACH PARTITION llmring.usage_logs_before_2020 FOR VALUES FROM (MINVALUE) TO ('2020-01-01 00:00:00+00');
INSERT INTO llmring._yoyo_log VALUES
	('e413da81-9a09-47a6-ab45-a747b836d45d', 'ecc0b7063768a92f93cfc3b0afc39f45edcb6b7bfd8aea9da2022abd68ced9e4', 'core-0001-create', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.031822'),
	('7ba4f067-4ee0-48f0-93d6-3dd883e2a922', '7bd9cf6e1e7f26f7910f89f38d317ed0cbd645e6f352768e1325fc8ebbbc9912', 'registry-0001-create', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.045461'),
	('5398b8a9-cb1e-4415-93c7-a0cf34b347fa', 'b7637bede99df3003b6ddb14ef54ab8787174bf46b5e3de439f5245989b4e1bf', 'aliases-0001-create', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.063012'),
	('d6e6a798-67f6-4b40-95b3-9f97c44409d8', '0b75de47d602c27f8863043c9baa2048b701b19c271bc42526204f23c01de8c4', 'aliases-0002-history', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.082203'),
	('2c5591cb-817b-4880-b17a-8e652adb632d', '8dc60783d99a5219a243116cf86cc41f031b9c5de07f2eeccc29b516199fce88', 'aliases-0003-retention', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.099072'),
	('d69b2448-ad14-47fe-9bfc-126390efda73', '3e6bb5560628ff8363a606e3fe4bf366bfe3b9f6027bb7c693c206e477e6017e', 'usage-0001-create', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.13231'),
	('cceaa861-84a3-4915-a03e-70c906d7d42a', '4accb22b81054d38a39938f2562eb19a590c563303cfcfed5f67d45012c0e441', 'usage-0002-late-entries', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.143048'),
	('29a5ce87-60c0-4fb2-bb2c-a9ad772e7b9c', 'ac790462a8eb926e86ffef57e37d9c143877f7b6e312a856ccc2ab8bb9398e99', 'usage-0003-alias-hours', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.152357'),
	('51e6d3bc-ef19-4eb8-aae9-5b28c3811e38', '1dcbf86e06051705c4d10cdc7714223e6930280d2fde4f2121be5f184d61f598', 'usage-0004-latency-months', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.163016'),
	('69765449-16ff-489b-a131-5624b11d4ad1', '36b13bbbf81e387d98b7e7fa1dece471d8483329af1b2cf4969f2a548d84dc7d', 'keys-0001-create', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.180796'),
	('2d612ce8-33c8-4d8e-b6c8-7383af112c8e', 'cc7eae7c904c8e844c91fe07790c22c3d2675e57a66665e6ebae98fa5ffc9c48', 'receipts-0001-create', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.198412'),
	('29e05b84-e357-4eb9-8dca-f1a4f3caf2ec', '288d591c6f559f7346117f4f1eb05a6aacef99d7d11db7a1e7c342249de7e45b', 'receipts-0002-key-events', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.218541'),
	('3b168027-2f59-4fa7-9be3-69165d1ae68d', '0786d58ceefe992699fa3ce448a9b952affce30fbc332d71ab12c0a4fb85fead', 'receipts-0003-statements', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.227905'),
	('b0f994d5-30ac-4dca-ab12-f537e2f3c29b', '7f4533b520019b9d310b7493c748c1060cd83a4fb6c7c8ad23c0111b02ce7038', 'transparency-0001-create', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.260942'),
	('7b15223f-0f09-4a47-87b4-7392001cd1a2', '0da0ba9a8df0879996f3b4a927d910255c4582d8573cdd76c54661b64f54baa0', 'conversations-0001-create', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.277827'),
	('5614c4cf-7605-4814-912e-9a12fd08d330', 'ea0d9d13d3f65a0d8ea10c1c0b3a209589352ccf33b5cea957893bfa11f7310f', 'dashboard-0001-create', 'apply', 'llmring-server', '', NULL, '2026-11-30 17:18:43.281609');
INSERT INTO llmring._yoyo_migration VALUES
	('ecc0b7063768a92f93cfc3b0afc39f45edcb6b7bfd8aea9da2022abd68ced9e4', 'core-0001-create', '2026-11-30 17:18:43.034036'),
	('7bd9cf6e1e7f26f7910f89f38d317ed0cbd645e6f352768e1325fc8ebbbc9912', 'registry-0001-create', '2026-11-30 17:18:43.046495'),
	('b7637bede99df3003b6ddb14ef54ab8787174bf46b5e3de439f5245989b4e1bf', 'aliases-0001-create', '2026-11-30 17:18:43.067191'),
	('0b75de47d602c27f8863043c9baa2048b701b19c271bc42526204f23c01de8c4', 'aliases-0002-history', '2026-11-30 17:18:43.084725'),
	('8dc60783d99a5219a243116cf86cc41f031b9c5de07f2eeccc29b516199fce88', 'aliases-0003-retention', '2026-11-30 17:18:43.10415'),
	('3e6bb5560628ff8363a606e3fe4bf366bfe3b9f6027bb7c693c206e477e6017e', 'usage-0001-create', '2026-11-30 17:18:43.135103'),
	('4accb22b81054d38a39938f2562eb19a590c563303cfcfed5f67d45012c0e441', 'usage-0002-late-entries', '2026-11-30 17:18:43.147076'),
	('ac790462a8eb926e86ffef57e37d9c143877f7b6e312a856ccc2ab8bb9398e99', 'usage-0003-alias-hours', '2026-11-30 17:18:43.153134'),
	('1dcbf86e06051705c4d10cdc7714223e6930280d2fde4f2121be5f184d61f598', 'usage-0004-latency-months', '2026-11-30 17:18:43.164337'),
	('36b13bbbf81e387d98b7e7fa1dece471d8483329af1b2cf4969f2a548d84dc7d', 'keys-0001-create', '2026-11-30 17:18:43.183082'),
	('cc7eae7c904c8e844c91fe07790c22c3d2675e57a66665e6ebae98fa5ffc9c48', 'receipts-0001-create', '2026-11-30 17:18:43.207158'),
	('288d591c6f559f7346117f4f1eb05a6aacef99d7d11db7a1e7c342249de7e45b', 'receipts-0002-key-events', '2026-11-30 17:18:43.219368'),
	('0786d58ceefe992699fa3ce448a9b952affce30fbc332d71ab12c0a4fb85fead', 'receipts-0003-statements', '2026-11-30 17:18:43.229398'),
	('7f4533b520019b9d310b7493c748c1060cd83a4fb6c7c8ad23c0111b02ce7038', 'transparency-0001-create', '2026-11-30 17:18:43.26258'),
	('0da0ba9a8df0879996f3b4a927d910255c4582d8573cdd76c54661b64f54baa0', 'conversations-0001-create', '2026-11-30 17:18:43.279012'),
	('ea0d9d13d3f65a0d8ea10c1c0b3a209589352ccf33b5cea957893bfa11f7310f', 'dashboard-0001-create', '2026-11-30 17:18:43.282341');
INSERT INTO llmring._yoyo_version VALUES
	(2, '2026-11-30 17:18:42.92576');
INSERT INTO llmring.alias_history VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 1, 'default', 'fast', 'bind', 'openai:gpt-5-mini', NULL, '{"team": "search"}', 'key_06h2qtr5f5qbl43peft94s8i08', '2026-11-30 17:18:49.75584+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 2, 'default', 'smart', 'bind', 'anthropic:claude-sonnet-4-5-20250929', NULL, '{"team": "search"}', 'key_06h2qtr5f5qbl43peft94s8i08', '2026-11-30 17:18:49.762101+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 3, 'dev', 'fast', 'bind', 'openai:gpt-5', NULL, NULL, 'key_06h2qtr5f5qbl43peft94s8i08', '2026-11-30 17:18:49.76791+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 4, 'default', 'fast', 'bind', 'openai:gpt-5-mini,openai:gpt-4o-mini', 'openai:gpt-5-mini', NULL, 'key_06h2qtr5f5qbl43peft94s8i08', '2026-11-30 17:18:49.776577+00');
INSERT INTO llmring.alias_versions VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 4, 0);
INSERT INTO llmring.aliases VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'default', 'smart', 'anthropic:claude-sonnet-4-5-20250929', '{"team": "search"}', 1, '2026-11-30 17:18:49.762101+00', '2026-11-30 17:18:49.762101+00', 2),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'dev', 'fast', 'openai:gpt-5', NULL, 1, '2026-11-30 17:18:49.76791+00', '2026-11-30 17:18:49.76791+00', 3),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'default', 'fast', 'openai:gpt-5-mini,openai:gpt-4o-mini', NULL, 2, '2026-11-30 17:18:49.75584+00', '2026-11-30 17:18:49.776577+00', 4);
INSERT INTO llmring.conversation_claims VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6891-774b-bfc5-4ddeed2ff1ff', 'openai', 'gpt-5-mini', 1000, 50, 10, '01a22d77-6891-774b-bfc5-4de1846d6043', 0.25, 'client', 'priced', '2026-11-30 17:18:50.001333+00', '2026-11-30 17:18:50.003759+00', NULL);
INSERT INTO llmring.conversation_messages VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6891-774b-bfc5-4ddeed2ff1ff', 0, '01a22d77-6891-774b-bfc5-4ddf8b6794ea', 'user', '"What is the capital of France?"', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 17:18:50.001264+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6891-774b-bfc5-4ddeed2ff1ff', 1, '01a22d77-6891-774b-bfc5-4de056137e45', 'assistant', '"Paris."', NULL, NULL, NULL, NULL, NULL, '{"model_used":"openai:gpt-5-mini","finish_reason":"stop","usage":{}}', 1000, 50, '2026-11-30 17:18:50.001264+00');
INSERT INTO llmring.conversations VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6891-774b-bfc5-4ddeed2ff1ff', NULL, NULL, 'fast', NULL, NULL, 'tests', 'dev', '{"provider":"openai","model":"gpt-5-mini","alias":"fast","profile":"dev","origin":"tests","cost":0.25,"input_tokens":1000,"output_tokens":50,"cached_tokens":10}', '01a22d77-6891-774b-bfc5-4de1846d6043', 2, 1050, '2026-11-30 17:18:50.001661+00', '2026-11-30 17:18:50.001661+00');
INSERT INTO llmring.dashboard_secrets VALUES
	('session', '49d168f2885f3fa8fd589dc8e2a9a726b16259d5f24802a9c411b7714ba479e7');
INSERT INTO llmring.deployment VALUES
	('pepper_fingerprint', '82747ff15601263c249799c75eb4ee55067a6708e21efce1d65f23b828c237dc');
INSERT INTO llmring.project_keys VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'key_06h2qtr5f5qbl43peft94s8i08', '\x864598fc1a1c5dd63976dcaf4a32b52d6f03b2d7d27fb79a4ada6b7a3b4bf33f', NULL, '{admin}', '2026-11-30 17:18:49.210029+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO llmring.projects VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'upgrade', '2026-11-30 17:18:49.209719+00');
INSERT INTO llmring.receipt_key_events OVERRIDING SYSTEM VALUE VALUES
	(1, '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', 'added', '2026-11-30 17:18:43.432772+00');
INSERT INTO llmring.receipt_keys VALUES
	('9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29', '2026-11-30 17:18:43.432772+00', NULL, 'active');
INSERT INTO llmring.receipts VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-67c1-71b1-b1b8-a993917472d1', '2026-09-01 00:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a2266617374222c22636f7374223a7b22616d6f756e74223a22302e30313235222c2263616c63756c6174696f6e223a22636c69656e74222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363763312d373162312d623162382d613939333931373437326431222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a5033674753764739466b747864697a504a485154476a6f497163384c35316e4763626d2d6c505a6866576f43572d425355345777657a2d4b6d7a774b47446846662d43562d6e5a4f6d577648477159526d5759794177222c2274696d657374616d70223a22323032362d30392d30315430303a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a302c22696e707574223a313030302c226f7574707574223a3130307d2c2275736167655f6c6f675f6964223a2230316132326437372d363763312d373162312d623162382d613939333931373437326431227d', '\x4bbee582aa93c6df11cfdcc6c39acfb669c443746f79dd42e193a553ef879d2f', '2026-11-30 17:18:49.808335+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-67dd-72af-8d34-f0253b61f7aa', '2026-10-02 01:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a22736d617274222c22636f7374223a7b22616d6f756e74223a22302e303034353231222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363764642d373261662d386433342d663032353362363166376161222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a22616e7468726f7069633a636c617564652d736f6e6e65742d342d352d3230323530393239222c2270726f66696c65223a22646576222c2270726f7669646572223a22616e7468726f706963222c2272656769737472795f76657273696f6e223a22616e7468726f7069632e32222c227369676e6174757265223a22656432353531393a306e365457435f6270786b5f7139583649726936595f476e3570584334706c68514a6950574b4a43706c6c6d52426377593361565274534e624d68624b6b5f50414f6769766538745a4d4650576a32586d6738674151222c2274696d657374616d70223a22323032362d31302d30325430313a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a31302c22696e707574223a313030312c226f7574707574223a3130317d2c2275736167655f6c6f675f6964223a2230316132326437372d363764642d373261662d386433342d663032353362363166376161227d', '\xc53ff65f8bf836a825af9f79ea8d5b1cdb5df7514285466e71c35090033d3582', '2026-11-30 17:18:49.827958+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6803-70fb-8f31-e53cf42209c6', '2026-10-05 04:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a2266617374222c22636f7374223a7b22616d6f756e74223a22302e3030303435222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363830332d373066622d386633312d653533636634323230396336222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a343961784734733379664d356b366a6e4a316b344777733254564d484774456364314a4e61774f472d445f505365715a2d684e49735357685751415a53415f36534d6d702d426949584f5351774a6e4f313249534367222c2274696d657374616d70223a22323032362d31302d30355430343a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a34302c22696e707574223a313030342c226f7574707574223a3130347d2c2275736167655f6c6f675f6964223a2230316132326437372d363830332d373066622d386633312d653533636634323230396336227d', '\xf57f77e836a66bacf7ad7887d7b3851e9de0de3b08d78ce458691fd200321bc7', '2026-11-30 17:18:49.859906+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-680d-72ff-a12c-15741b1e3307', '2026-11-06 05:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a22736d617274222c22636f7374223a7b22616d6f756e74223a22302e30313235222c2263616c63756c6174696f6e223a22636c69656e74222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363830642d373266662d613132632d313537343162316533333037222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a22616e7468726f7069633a636c617564652d736f6e6e65742d342d352d3230323530393239222c2270726f66696c65223a22646576222c2270726f7669646572223a22616e7468726f706963222c2272656769737472795f76657273696f6e223a22616e7468726f7069632e32222c227369676e6174757265223a22656432353531393a574f426569685a68387470415563447a436156454e44476a467a7a735361685853507579375a64384364617573625978716f3335435a393155475763707277497342326e684a6272484935415348654577594e454351222c2274696d657374616d70223a22323032362d31312d30365430353a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a35302c22696e707574223a313030352c226f7574707574223a3130357d2c2275736167655f6c6f675f6964223a2230316132326437372d363830642d373266662d613132632d313537343162316533333037227d', '\x77733722dfc99fa16fe502825840d236c5d88e1a17c54b606d97103891959c5a', '2026-11-30 17:18:49.870107+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-681c-7653-9cc4-a88d7abfcf05', '2026-11-09 08:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a2266617374222c22636f7374223a7b22616d6f756e74223a22302e3030303435222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363831632d373635332d396363342d613838643761626663663035222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a42564662506d6c6f596c5f4278675a666d59525079436770594d576962776f67686c57763132546f6a65504538774d546e4e5959534268576a7171434f757863704c597243764735574f482d724f6763694261734367222c2274696d657374616d70223a22323032362d31312d30395430383a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a38302c22696e707574223a313030382c226f7574707574223a3130387d2c2275736167655f6c6f675f6964223a2230316132326437372d363831632d373635332d396363342d613838643761626663663035227d', '\xa1a44b547328e2c7289a8dbf5ba3d32fa79933a204837a560c2c25eca3ceb067', '2026-11-30 17:18:49.884422+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6821-71ee-859b-bb2d11af04aa', '2026-09-10 09:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a22736d617274222c22636f7374223a7b22616d6f756e74223a22302e303034363839222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363832312d373165652d383539622d626232643131616630346161222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a22616e7468726f7069633a636c617564652d736f6e6e65742d342d352d3230323530393239222c2270726f66696c65223a22646576222c2270726f7669646572223a22616e7468726f706963222c2272656769737472795f76657273696f6e223a22616e7468726f7069632e32222c227369676e6174757265223a22656432353531393a6e705372484c6169734d4477317735347243366275437976427937504f335943487a743575676e364e77326c39433652666d75457a48674841776249744f63744a7473663142596b4133394443734468486874504177222c2274696d657374616d70223a22323032362d30392d31305430393a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a39302c22696e707574223a313030392c226f7574707574223a3130397d2c2275736167655f6c6f675f6964223a2230316132326437372d363832312d373165652d383539622d626232643131616630346161227d', '\x84864b7c9d9f3cb677163f6f44bb07684d22030d0877b7d816886b8f0ae8f590', '2026-11-30 17:18:49.889694+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6828-72e3-9fac-20d8e6d291f3', '2026-10-11 10:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a6e756c6c2c22636f7374223a7b22616d6f756e74223a22302e30313235222c2263616c63756c6174696f6e223a22636c69656e74222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363832382d373265332d396661632d323064386536643239316633222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d35222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a6e756c6c2c227369676e6174757265223a22656432353531393a43626c51686956307a43695572354f354e44555636416c6469524e695844425050444c46386c4c4c4d69626974505574456a735a593049326d316e42416c436f686247494f4d5a4751324257634f4b754959656c4477222c2274696d657374616d70223a22323032362d31302d31315431303a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3130302c22696e707574223a313031302c226f7574707574223a3131307d2c2275736167655f6c6f675f6964223a2230316132326437372d363832382d373265332d396661632d323064386536643239316633227d', '\xba7c321dd104cfc9b4008683ff3c4b70b9a9858db3bb1710299aa33db7ac4fee', '2026-11-30 17:18:49.896632+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-682f-74ac-921d-9e673c3518fd', '2026-09-13 12:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a2266617374222c22636f7374223a7b22616d6f756e74223a22302e3030303435222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363832662d373461632d393231642d396536373363333531386664222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a484a715771615a3376757731716864707978625f7947695642475a47456d763536744d396e4e5034674e655744394936736a75506c44634d394f4548526451654c346576484f6c744a797372683335517569424d4277222c2274696d657374616d70223a22323032362d30392d31335431323a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3132302c22696e707574223a313031322c226f7574707574223a3131327d2c2275736167655f6c6f675f6964223a2230316132326437372d363832662d373461632d393231642d396536373363333531386664227d', '\x944be97f9024747b1c722bc969dd58dad982ba51e9d21a69624bbde7ae7301bd', '2026-11-30 17:18:49.903975+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6833-774c-86c7-e82443365ce8', '2026-10-14 13:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a22736d617274222c22636f7374223a7b22616d6f756e74223a22302e303034373733222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363833332d373734632d383663372d653832343433333635636538222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a22616e7468726f7069633a636c617564652d736f6e6e65742d342d352d3230323530393239222c2270726f66696c65223a22646576222c2270726f7669646572223a22616e7468726f706963222c2272656769737472795f76657273696f6e223a22616e7468726f7069632e32222c227369676e6174757265223a22656432353531393a51734c65536f56494e72595f415f6652415063766a37377a42383070495f7a557a54797a436e4d32507667746c2d53446f486363347161467875574b694a79556e6874355768315a45636d6249484f35584952514477222c2274696d657374616d70223a22323032362d31302d31345431333a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3133302c22696e707574223a313031332c226f7574707574223a3131337d2c2275736167655f6c6f675f6964223a2230316132326437372d363833332d373734632d383663372d653832343433333635636538227d', '\x6ff901d887be5d545bf7cc4b8e003324cbcdb6d3637a02e23c0311edd8771671', '2026-11-30 17:18:49.907211+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6838-7214-82b4-920c3738e95b', '2026-09-16 15:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a6e756c6c2c22636f7374223a7b22616d6f756e74223a22302e30313235222c2263616c63756c6174696f6e223a22636c69656e74222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363833382d373231342d383262342d393230633337333865393562222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226e6f77686572653a756e6b6e6f776e2d6d6f64656c222c2270726f66696c65223a22646576222c2270726f7669646572223a226e6f7768657265222c2272656769737472795f76657273696f6e223a6e756c6c2c227369676e6174757265223a22656432353531393a733943323973687448717731683876315f574d737976744c414c4258336351546572716f7062376335693532517049564a6a7a657a54766b626e79664c5269437a725949306c614b55645438696c73357975686d4151222c2274696d657374616d70223a22323032362d30392d31365431353a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3135302c22696e707574223a313031352c226f7574707574223a3131357d2c2275736167655f6c6f675f6964223a2230316132326437372d363833382d373231342d383262342d393230633337333865393562227d', '\xd4feda1e3fb1536d5df5695377a85db2fbe6963471a42254c5d7a941284fb661', '2026-11-30 17:18:49.912536+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-683c-73cc-ab32-47a7c42eade8', '2026-10-17 16:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a2266617374222c22636f7374223a7b22616d6f756e74223a22302e3030303435222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363833632d373363632d616233322d343761376334326561646538222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a323375517945563251534573366c7a58734b56574363524752755855346a376a3363504f48566b723575396d364e676e6639664632564d424e555731734749424b4d4c385f6e3551724f554764576875775f75514141222c2274696d657374616d70223a22323032362d31302d31375431363a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3136302c22696e707574223a313031362c226f7574707574223a3131367d2c2275736167655f6c6f675f6964223a2230316132326437372d363833632d373363632d616233322d343761376334326561646538227d', '\xd8bda7201c4b0d3f6e533a0337cb73d8497bde12c5e70b764ccec9b56915652e', '2026-11-30 17:18:49.91683+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6841-7192-baad-2f6cf098f865', '2026-11-18 17:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a22736d617274222c22636f7374223a7b22616d6f756e74223a22302e303034383537222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363834312d373139322d626161642d326636636630393866383635222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a22616e7468726f7069633a636c617564652d736f6e6e65742d342d352d3230323530393239222c2270726f66696c65223a22646576222c2270726f7669646572223a22616e7468726f706963222c2272656769737472795f76657273696f6e223a22616e7468726f7069632e32222c227369676e6174757265223a22656432353531393a7551614c57394f314e31454645305f617956757a797958507858515a4e4e3248705a396e453346586d6e783856304d5a657a5035325658496c3143597757594337543355595f4754334d384f776941495a4c38484477222c2274696d657374616d70223a22323032362d31312d31385431373a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3137302c22696e707574223a313031372c226f7574707574223a3131377d2c2275736167655f6c6f675f6964223a2230316132326437372d363834312d373139322d626161642d326636636630393866383635227d', '\xe345ab8176ed9bbe3ca7e61940d9012d3d42765f0f858cc2da1b5420241f3083', '2026-11-30 17:18:49.921297+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6848-734f-bbf0-a93d2be28991', '2026-11-21 20:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a2266617374222c22636f7374223a7b22616d6f756e74223a22302e30313235222c2263616c63756c6174696f6e223a22636c69656e74222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363834382d373334662d626266302d613933643262653238393931222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a42484d365a416a6e77514c45596a5739474152472d6b3078336e53744539432d35525331384649324339645644636e7239724d73745a52546c4a30685f5f705a496e774e674c5548345a624c494a516e6b6c6a6b4241222c2274696d657374616d70223a22323032362d31312d32315432303a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3230302c22696e707574223a313032302c226f7574707574223a3132307d2c2275736167655f6c6f675f6964223a2230316132326437372d363834382d373334662d626266302d613933643262653238393931227d', '\xd76efbe90178a363b639132cb8ae8ff562a1d70ae86d004aeeee33817251838d', '2026-11-30 17:18:49.928634+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-684b-755c-af76-2458ec25b38d', '2026-09-22 21:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a22736d617274222c22636f7374223a7b22616d6f756e74223a22302e303034393431222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363834622d373535632d616637362d323435386563323562333864222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a22616e7468726f7069633a636c617564652d736f6e6e65742d342d352d3230323530393239222c2270726f66696c65223a22646576222c2270726f7669646572223a22616e7468726f706963222c2272656769737472795f76657273696f6e223a22616e7468726f7069632e32222c227369676e6174757265223a22656432353531393a53675f65317759426f555a4e544a716b5670335431665346664637664a3172656456344d2d4f706d36677765734b65524d7831416646616167374f79354e52634a55626177786c767243345138453442636138634367222c2274696d657374616d70223a22323032362d30392d32325432313a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3231302c22696e707574223a313032312c226f7574707574223a3132317d2c2275736167655f6c6f675f6964223a2230316132326437372d363834622d373535632d616637362d323435386563323562333864227d', '\x0bc32388c626c400aaf79219547c41473cb5a9c7ec6064b9602fbb3cbaf60375', '2026-11-30 17:18:49.931335+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6858-7664-b9c7-d26b97b9d239', '2026-09-25 00:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a2266617374222c22636f7374223a7b22616d6f756e74223a22302e3030303435222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363835382d373636342d623963372d643236623937623964323339222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a46735352414c47503752363937476d4f7a5667645730534b48475659494855716c77434a7a5a49476d7150574d67616269524b4b37307378574e5376646c5079705759697a62514c32774a6b7549546a545f736e4241222c2274696d657374616d70223a22323032362d30392d32355430303a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3234302c22696e707574223a313032342c226f7574707574223a3132347d2c2275736167655f6c6f675f6964223a2230316132326437372d363835382d373636342d623963372d643236623937623964323339227d', '\x9d95be98c909b7509fc612a07df59262180c73023a60871a843ca58de5ebf55b', '2026-11-30 17:18:49.944358+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-685b-7239-a652-0666fa26da76', '2026-10-26 01:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a22736d617274222c22636f7374223a7b22616d6f756e74223a22302e30313235222c2263616c63756c6174696f6e223a22636c69656e74222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363835622d373233392d613635322d303636366661323664613736222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a22616e7468726f7069633a636c617564652d736f6e6e65742d342d352d3230323530393239222c2270726f66696c65223a22646576222c2270726f7669646572223a22616e7468726f706963222c2272656769737472795f76657273696f6e223a22616e7468726f7069632e32222c227369676e6174757265223a22656432353531393a756148506f535644495f48376c317658645f6a357172633455544d5263447367664c5a3255656a705f467365447a4765644f4b6235484773324f364170624c556f556f5077776f475a30313569513961353743744151222c2274696d657374616d70223a22323032362d31302d32365430313a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3235302c22696e707574223a313032352c226f7574707574223a3132357d2c2275736167655f6c6f675f6964223a2230316132326437372d363835622d373233392d613635322d303636366661323664613736227d', '\x28aded05b2a149f22fbafbe0900f49ad666f36aabb175ba9d7f3bcee08b86e39', '2026-11-30 17:18:49.947534+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6864-7128-b89a-4040b543ea96', '2026-10-01 04:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a2266617374222c22636f7374223a7b22616d6f756e74223a22302e3030303435222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363836342d373132382d623839612d343034306235343365613936222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a65326c38443565714a41336951567263735959454563774965664e5f6472424d5069434b47364b734838534276465f67543972324654375f5749597673544758416149623141526147564655504b5f513143436d4451222c2274696d657374616d70223a22323032362d31302d30315430343a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3238302c22696e707574223a313032382c226f7574707574223a3132387d2c2275736167655f6c6f675f6964223a2230316132326437372d363836342d373132382d623839612d343034306235343365613936227d', '\x5ad9ad7fc81389a4a705d0ee3ee5d0e5dfc26ea2c2cb1cdc84cbab39e40cd0df', '2026-11-30 17:18:49.956473+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6867-752b-9f58-ed5127cd1f76', '2026-11-02 05:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a22736d617274222c22636f7374223a7b22616d6f756e74223a22302e303035313039222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363836372d373532622d396635382d656435313237636431663736222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a22616e7468726f7069633a636c617564652d736f6e6e65742d342d352d3230323530393239222c2270726f66696c65223a22646576222c2270726f7669646572223a22616e7468726f706963222c2272656769737472795f76657273696f6e223a22616e7468726f7069632e32222c227369676e6174757265223a22656432353531393a4e594363575456566d76566476643365794342476c6a5a556f593751486a784d72565337646e3444367966376836344f533978593956672d51745a6c4c557369634d544332762d75494c4b46396d6d32555234344141222c2274696d657374616d70223a22323032362d31312d30325430353a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3239302c22696e707574223a313032392c226f7574707574223a3132397d2c2275736167655f6c6f675f6964223a2230316132326437372d363836372d373532622d396635382d656435313237636431663736227d', '\x0ae2e68eb6b8c9c9a7defceffefd25c0975de352c698d5a8b0324bfec0f10f6d', '2026-11-30 17:18:49.95986+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-686b-77f6-8aa9-07bc2b158df3', '2026-09-03 06:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a6e756c6c2c22636f7374223a7b22616d6f756e74223a22302e30313235222c2263616c63756c6174696f6e223a22636c69656e74222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363836622d373766362d386161392d303762633262313538646633222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d35222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a6e756c6c2c227369676e6174757265223a22656432353531393a5a6d546373576c4f773541577868332d4d726e376371634f737052594836437748504a5967532d31437032525757674e6664455159746a456c39356e535339726c4b4642744951374572776c6f4a65716c30486b4167222c2274696d657374616d70223a22323032362d30392d30335430363a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3330302c22696e707574223a313033302c226f7574707574223a3133307d2c2275736167655f6c6f675f6964223a2230316132326437372d363836622d373766362d386161392d303762633262313538646633227d', '\x42c37153840dab93fdd3a297fdaf8e88b11ef1d0bdc101195e2982989694e11c', '2026-11-30 17:18:49.963775+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6871-7027-9406-08243243c4cd', '2026-11-05 08:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a2266617374222c22636f7374223a7b22616d6f756e74223a22302e3030303435222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363837312d373032372d393430362d303832343332343363346364222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a707761426f5939387048316e306a4169746d586f5a594c685a58715171616f49473849706e586536325750486e6a6f3645616d6554716a47705536504f78595870763856445742654d566a54794b4b514175416e4151222c2274696d657374616d70223a22323032362d31312d30355430383a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3332302c22696e707574223a313033322c226f7574707574223a3133327d2c2275736167655f6c6f675f6964223a2230316132326437372d363837312d373032372d393430362d303832343332343363346364227d', '\x1315b65a77b171254b3ef399255291154c807bf4baba186f6b91c24daa2a07cb', '2026-11-30 17:18:49.970086+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6877-71cd-beb0-3e1628e3454c', '2026-09-06 09:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a22736d617274222c22636f7374223a7b22616d6f756e74223a22302e303035313933222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363837372d373163642d626562302d336531363238653334353463222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a22616e7468726f7069633a636c617564652d736f6e6e65742d342d352d3230323530393239222c2270726f66696c65223a22646576222c2270726f7669646572223a22616e7468726f706963222c2272656769737472795f76657273696f6e223a22616e7468726f7069632e32222c227369676e6174757265223a22656432353531393a77615f33353769764b6d69557651334854564c4c4a6f39666f50393753724e326a59566c6d597a4d564556634b6f7268684337397a4e45306d47744946515448316f5856496265732d66426a51526a6d787364354367222c2274696d657374616d70223a22323032362d30392d30365430393a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3333302c22696e707574223a313033332c226f7574707574223a3133337d2c2275736167655f6c6f675f6964223a2230316132326437372d363837372d373163642d626562302d336531363238653334353463227d', '\x98afaa086fa0445cab99eab33e974c47e8c4007da1e88cb027101797d194b273', '2026-11-30 17:18:49.97527+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-687d-7791-a00e-8f83ecfbd563', '2026-11-08 11:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a6e756c6c2c22636f7374223a7b22616d6f756e74223a22302e30313235222c2263616c63756c6174696f6e223a22636c69656e74222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363837642d373739312d613030652d386638336563666264353633222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226e6f77686572653a756e6b6e6f776e2d6d6f64656c222c2270726f66696c65223a22646576222c2270726f7669646572223a226e6f7768657265222c2272656769737472795f76657273696f6e223a6e756c6c2c227369676e6174757265223a22656432353531393a5850667a756a6a6f5968716a37526e384f484a745869677565753658774458543743703348386c614d4e5668747356433862445048525444637a6778375637584f543134636f7a6951555530426d64436f5f59364341222c2274696d657374616d70223a22323032362d31312d30385431313a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3335302c22696e707574223a313033352c226f7574707574223a3133357d2c2275736167655f6c6f675f6964223a2230316132326437372d363837642d373739312d613030652d386638336563666264353633227d', '\x7e7e33581f2871791489bee3f84df05cabb5a9f43e6e94490522e9dca40a78d7', '2026-11-30 17:18:49.981522+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6880-750e-81ed-ccd6bfa3d9da', '2026-09-09 12:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a2266617374222c22636f7374223a7b22616d6f756e74223a22302e3030303435222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363838302d373530652d383165642d636364366266613364396461222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a324b4f5456644336507479323659762d6e317a5f346555393641685a4b67444865596855727867654c6637436a47557774655452714c30455671305144753141497a776d5a7a76343570583472634d69554662464351222c2274696d657374616d70223a22323032362d30392d30395431323a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3336302c22696e707574223a313033362c226f7574707574223a3133367d2c2275736167655f6c6f675f6964223a2230316132326437372d363838302d373530652d383165642d636364366266613364396461227d', '\x18140ab436a5d52348e8d40fce3b21d8127e93838f1a3dc665b8db4a1934fa5a', '2026-11-30 17:18:49.984286+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6882-731b-a665-0df52ea03306', '2026-10-10 13:30:00+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a22736d617274222c22636f7374223a7b22616d6f756e74223a22302e303035323737222c2263616c63756c6174696f6e223a227265676973747279222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363838322d373331622d613636352d306466353265613033333036222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a22616e7468726f7069633a636c617564652d736f6e6e65742d342d352d3230323530393239222c2270726f66696c65223a22646576222c2270726f7669646572223a22616e7468726f706963222c2272656769737472795f76657273696f6e223a22616e7468726f7069632e32222c227369676e6174757265223a22656432353531393a5247757672784a645959385f726d61375432564e47714a3876365a6c4b546a4b77747869763730377976584462312d5f5f4f665173766951424f7159305f63786d723374744834425670735462746c6a4e42714f4477222c2274696d657374616d70223a22323032362d31302d31305431333a33303a30302e3030303030305a222c22746f6b656e73223a7b226361636865645f696e707574223a3337302c22696e707574223a313033372c226f7574707574223a3133377d2c2275736167655f6c6f675f6964223a2230316132326437372d363838322d373331622d613636352d306466353265613033333036227d', '\x298271cb01856f46d67eacd14a3739a9adfe31c38af245cbd44d3e0f4ae47310', '2026-11-30 17:18:49.987081+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-688b-71ee-8989-7f0a37dd53d2', '2026-11-30 17:18:49.995315+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a6e756c6c2c22636f7374223a7b22616d6f756e74223a22302e303031222c2263616c63756c6174696f6e223a22636c69656e74222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363838622d373165652d383938392d376630613337646435336432222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a456f33526b5631314959436b6867334d6f6a5658796d7167416f354d555f505244586c53334976634143554d47653234666a58503761754d7262304f626549322d65516e686968434e4663326d595f64324c48704367222c2274696d657374616d70223a22323032362d31312d33305431373a31383a34392e3939353331355a222c22746f6b656e73223a7b226361636865645f696e707574223a302c22696e707574223a372c226f7574707574223a337d2c2275736167655f6c6f675f6964223a2230316132326437372d363838622d373165652d383938392d376630613337646435336432227d', '\x0d7969913b1a066035c12b464d78d2fca46c13ee84e90134c538054bf8413aa5', '2026-11-30 17:18:49.995552+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-688b-71ee-8989-7f0b697daa7d', '2026-11-30 17:18:49.995386+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a6e756c6c2c22636f7374223a7b22616d6f756e74223a22302e303031222c2263616c63756c6174696f6e223a22636c69656e74222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363838622d373165652d383938392d376630623639376461613764222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a546a30744c6e466d684e354168707a652d6a71724534766c346a306d6e6b5049324e5a4f6c69536b6f5545454862466250453963325a30565253566e6750642d79685152345863486f77793051377135526a50634377222c2274696d657374616d70223a22323032362d31312d33305431373a31383a34392e3939353338365a222c22746f6b656e73223a7b226361636865645f696e707574223a302c22696e707574223a372c226f7574707574223a337d2c2275736167655f6c6f675f6964223a2230316132326437372d363838622d373165652d383938392d376630623639376461613764227d', '\xca7e61205812d8e1131ef384b07fb47e36c0d68ae6c393b3596ea5517ba5f785', '2026-11-30 17:18:49.995552+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-688b-71ee-8989-7f0c1e7a36bf', '2026-11-30 17:18:49.995399+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a6e756c6c2c22636f7374223a7b22616d6f756e74223a22302e303031222c2263616c63756c6174696f6e223a22636c69656e74222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363838622d373165652d383938392d376630633165376133366266222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a6f71594c4f473555764b344557575751502d49622d7546725241426846304d76327a4a4559453346356558794179566a7250386e5976743349774a5f6c4c78343150336a4661584c387562586f70486b4757514e4251222c2274696d657374616d70223a22323032362d31312d33305431373a31383a34392e3939353339395a222c22746f6b656e73223a7b226361636865645f696e707574223a302c22696e707574223a372c226f7574707574223a337d2c2275736167655f6c6f675f6964223a2230316132326437372d363838622d373165652d383938392d376630633165376133366266227d', '\xbd6e92e1dd0bc91866535c3c6575ef03cbc0ee7d4be7e9a2661a2b53d05b0bb4', '2026-11-30 17:18:49.995552+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-688b-71ee-8989-7f0d0f1d52b7', '2026-11-30 17:18:49.995408+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a6e756c6c2c22636f7374223a7b22616d6f756e74223a22302e303031222c2263616c63756c6174696f6e223a22636c69656e74222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363838622d373165652d383938392d376630643066316435326237222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a705f3133366c41556464614b62746b79342d7862632d43436e33576e596c656a397a425a732d2d41555a565a4b5441474164716e666335576e68594e45517a764b6a6c2d45576b686636447568784b71394b57784277222c2274696d657374616d70223a22323032362d31312d33305431373a31383a34392e3939353430385a222c22746f6b656e73223a7b226361636865645f696e707574223a302c22696e707574223a372c226f7574707574223a337d2c2275736167655f6c6f675f6964223a2230316132326437372d363838622d373165652d383938392d376630643066316435326237227d', '\xd1f43f99d96b01943af06d427120bc5da04e93e35a5420be36a709f203d7ac25', '2026-11-30 17:18:49.995552+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-688b-71ee-8989-7f0e4fd55ce1', '2026-11-30 17:18:49.995416+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a6e756c6c2c22636f7374223a7b22616d6f756e74223a22302e303031222c2263616c63756c6174696f6e223a22636c69656e74222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363838622d373165652d383938392d376630653466643535636531222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a2264656661756c74222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a6e7654745a736c2d58756d6e384f634a4a794b4436474a7967346c2d6335774237646b756e79423831335979735f62747833587031775147647255646b4b4e663256344c704568336931744e544545432d7165664451222c2274696d657374616d70223a22323032362d31312d33305431373a31383a34392e3939353431365a222c22746f6b656e73223a7b226361636865645f696e707574223a302c22696e707574223a372c226f7574707574223a337d2c2275736167655f6c6f675f6964223a2230316132326437372d363838622d373165652d383938392d376630653466643535636531227d', '\xbbbe643d12d60d878185d55a069ed3fb192b62ffd18e96e13b3e090f1f5a26b6', '2026-11-30 17:18:49.995552+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '01a22d77-6891-774b-bfc5-4de1846d6043', '2026-11-30 17:18:50.001333+00', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw', '\x7b22616c696173223a2266617374222c22636f7374223a7b22616d6f756e74223a22302e3235222c2263616c63756c6174696f6e223a22636c69656e74222c2263757272656e6379223a22555344227d2c226964223a2230316132326437372d363839312d373734622d626663352d346465313834366436303433222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c6f636b5f646967657374223a6e756c6c2c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c2270726f66696c65223a22646576222c2270726f7669646572223a226f70656e6169222c2272656769737472795f76657273696f6e223a226f70656e61692e33222c227369676e6174757265223a22656432353531393a6b5638535839494f4c757046666a72396d6b65464e3266686539626f49623535554c30616230527849452d784f514b78494c7a64357147525345327545445f53474a7054444933316e72484153783470415a4d6f4267222c2274696d657374616d70223a22323032362d31312d33305431373a31383a35302e3030313333335a222c22746f6b656e73223a7b226361636865645f696e707574223a31302c22696e707574223a313030302c226f7574707574223a35307d2c2275736167655f6c6f675f6964223a2230316132326437372d363839312d373734622d626663352d346465313834366436303433227d', '\xf5f49e8bde40c37358f996f5a8a422e3be9ae076d1b2f25f79811f83582e0569', '2026-11-30 17:18:50.001559+00');
INSERT INTO llmring.registry_contents VALUES
	('5f631b410f8630a5b82a7cd20fc5ddd3ca9f2f3d71188d94f6a7b761b23c61c8', '\x7b0a20202270726f7669646572223a20226f70656e6169222c0a20202265787472616374696f6e5f64617465223a2022323032362d30312d30335430303a30303a30305a222c0a2020226d6f64656c73223a207b0a20202020226f70656e61693a6770742d352d6d696e69223a207b0a2020202020202270726f7669646572223a20226f70656e6169222c0a202020202020226d6f64656c5f6e616d65223a20226770742d352d6d696e69222c0a202020202020226d6f64656c5f616c6961736573223a205b5d2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e707574223a20302e32352c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f7574707574223a20322e302c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6361636865645f696e707574223a20302e3032352c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f63616368655f72656164223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f63616368655f77726974655f356d223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f63616368655f77726974655f3168223a206e756c6c2c0a20202020202022737570706f7274735f6c6f6e675f636f6e746578745f70726963696e67223a2066616c73652c0a202020202020226c6f6e675f636f6e746578745f7468726573686f6c645f746f6b656e73223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e7075745f6c6f6e675f636f6e74657874223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f75747075745f6c6f6e675f636f6e74657874223a206e756c6c2c0a20202020202022737570706f7274735f766973696f6e223a20747275652c0a20202020202022737570706f7274735f6a736f6e5f6d6f6465223a20747275652c0a20202020202022737570706f7274735f617564696f223a2066616c73652c0a2020202020202269735f616374697665223a20747275650a202020207d2c0a20202020226f70656e61693a6770742d346f223a207b0a2020202020202270726f7669646572223a20226f70656e6169222c0a202020202020226d6f64656c5f6e616d65223a20226770742d346f222c0a202020202020226d6f64656c5f616c6961736573223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e707574223a20322e352c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f7574707574223a2031302e302c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6361636865645f696e707574223a20312e32352c0a20202020202022737570706f7274735f766973696f6e223a20747275652c0a20202020202022737570706f7274735f6a736f6e5f6d6f6465223a20747275652c0a20202020202022737570706f7274735f617564696f223a2066616c73652c0a2020202020202269735f616374697665223a20747275650a202020207d2c0a20202020226f70656e61693a6770742d346f2d6d696e69223a207b0a2020202020202270726f7669646572223a20226f70656e6169222c0a202020202020226d6f64656c5f6e616d65223a20226770742d346f2d6d696e69222c0a202020202020226d6f64656c5f616c6961736573223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e707574223a20302e31352c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f7574707574223a20302e362c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6361636865645f696e707574223a20302e3037352c0a20202020202022737570706f7274735f766973696f6e223a20747275652c0a20202020202022737570706f7274735f6a736f6e5f6d6f6465223a20747275652c0a20202020202022737570706f7274735f617564696f223a2066616c73652c0a2020202020202269735f616374697665223a20747275650a202020207d2c0a20202020226f70656e61693a6770742d346f2d323032342d30352d3133223a207b0a2020202020202270726f7669646572223a20226f70656e6169222c0a202020202020226d6f64656c5f6e616d65223a20226770742d346f2d323032342d30352d3133222c0a202020202020226d6f64656c5f616c6961736573223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e707574223a20352e302c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f7574707574223a2031352e302c0a20202020202022737570706f7274735f766973696f6e223a2066616c73652c0a20202020202022737570706f7274735f6a736f6e5f6d6f6465223a2066616c73652c0a20202020202022737570706f7274735f617564696f223a2066616c73652c0a2020202020202269735f616374697665223a20747275650a202020207d2c0a20202020226f70656e61693a6770742d346f2d323032342d30382d3036223a207b0a2020202020202270726f7669646572223a20226f70656e6169222c0a202020202020226d6f64656c5f6e616d65223a20226770742d346f2d323032342d30382d3036222c0a202020202020226d6f64656c5f616c6961736573223a205b0a2020202020202020226770742d346f222c0a2020202020202020226770742d346f2d323032342d31312d3230222c0a2020202020202020226770742d346f2d323032342d30352d3133220a2020202020205d2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e707574223a20322e352c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f7574707574223a2031302e302c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6361636865645f696e707574223a20312e32352c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f63616368655f72656164223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f63616368655f77726974655f356d223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f63616368655f77726974655f3168223a206e756c6c2c0a20202020202022737570706f7274735f6c6f6e675f636f6e746578745f70726963696e67223a2066616c73652c0a202020202020226c6f6e675f636f6e746578745f7468726573686f6c645f746f6b656e73223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e7075745f6c6f6e675f636f6e74657874223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f75747075745f6c6f6e675f636f6e74657874223a206e756c6c2c0a20202020202022737570706f7274735f766973696f6e223a20747275652c0a20202020202022737570706f7274735f6a736f6e5f6d6f6465223a20747275652c0a20202020202022737570706f7274735f617564696f223a2066616c73652c0a2020202020202269735f616374697665223a20747275650a202020207d2c0a20202020226f70656e61693a746578742d656d62656464696e672d332d736d616c6c223a207b0a2020202020202270726f7669646572223a20226f70656e6169222c0a202020202020226d6f64656c5f6e616d65223a2022746578742d656d62656464696e672d332d736d616c6c222c0a202020202020226d6f64656c5f616c6961736573223a205b5d2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e707574223a20302e30322c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f7574707574223a20302e302c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6361636865645f696e707574223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f63616368655f72656164223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f63616368655f77726974655f356d223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f63616368655f77726974655f3168223a206e756c6c2c0a20202020202022737570706f7274735f6c6f6e675f636f6e746578745f70726963696e67223a2066616c73652c0a202020202020226c6f6e675f636f6e746578745f7468726573686f6c645f746f6b656e73223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e7075745f6c6f6e675f636f6e74657874223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f75747075745f6c6f6e675f636f6e74657874223a206e756c6c2c0a20202020202022737570706f7274735f766973696f6e223a2066616c73652c0a20202020202022737570706f7274735f6a736f6e5f6d6f6465223a2066616c73652c0a20202020202022737570706f7274735f617564696f223a2066616c73652c0a2020202020202269735f616374697665223a20747275650a202020207d2c0a20202020226f70656e61693a6770742d756e707269636564223a207b0a2020202020202270726f7669646572223a20226f70656e6169222c0a202020202020226d6f64656c5f6e616d65223a20226770742d756e707269636564222c0a202020202020226d6f64656c5f616c6961736573223a205b5d2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e707574223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f7574707574223a206e756c6c2c0a20202020202022737570706f7274735f766973696f6e223a2066616c73652c0a20202020202022737570706f7274735f6a736f6e5f6d6f6465223a2066616c73652c0a20202020202022737570706f7274735f617564696f223a2066616c73652c0a2020202020202269735f616374697665223a20747275650a202020207d0a20207d2c0a20202276657273696f6e223a20332c0a202022757064617465645f6174223a2022323032362d30312d30335431323a30303a3030220a7d0a'),
	('66c8a64f88b8d6a61adeb0fe08775a518e4edc8813d0aa74e64aa9618aee2651', '\x7b0a20202270726f7669646572223a2022616e7468726f706963222c0a20202265787472616374696f6e5f64617465223a2022323032362d30312d30325430303a30303a30305a222c0a2020226d6f64656c73223a207b0a2020202022616e7468726f7069633a636c617564652d736f6e6e65742d342d352d3230323530393239223a207b0a2020202020202270726f7669646572223a2022616e7468726f706963222c0a202020202020226d6f64656c5f6e616d65223a2022636c617564652d736f6e6e65742d342d352d3230323530393239222c0a202020202020226d6f64656c5f616c6961736573223a205b0a202020202020202022636c617564652d736f6e6e65742d342d35220a2020202020205d2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e707574223a20332e302c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f7574707574223a2031352e302c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6361636865645f696e707574223a206e756c6c2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f63616368655f72656164223a20302e332c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f63616368655f77726974655f356d223a20332e37352c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f63616368655f77726974655f3168223a20362e302c0a20202020202022737570706f7274735f6c6f6e675f636f6e746578745f70726963696e67223a20747275652c0a202020202020226c6f6e675f636f6e746578745f7468726573686f6c645f746f6b656e73223a203230303030302c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e7075745f6c6f6e675f636f6e74657874223a20362e302c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f75747075745f6c6f6e675f636f6e74657874223a2032322e352c0a20202020202022737570706f7274735f766973696f6e223a20747275652c0a20202020202022737570706f7274735f6a736f6e5f6d6f6465223a20747275652c0a20202020202022737570706f7274735f617564696f223a2066616c73652c0a2020202020202269735f616374697665223a20747275650a202020207d0a20207d2c0a20202276657273696f6e223a20322c0a202022757064617465645f6174223a2022323032362d30312d30325431323a30303a3030220a7d0a'),
	('75251d1ad04cd9268beda2092dace5ddc0a5217ecc6b147d19ab08e5930536bd', '\x7b0a20202270726f7669646572223a2022676f6f676c65222c0a20202265787472616374696f6e5f64617465223a2022323032362d30312d30315430303a30303a30305a222c0a2020226d6f64656c73223a207b0a2020202022676f6f676c653a67656d696e692d322e302d666c6173682d6c697465223a207b0a2020202020202270726f7669646572223a2022676f6f676c65222c0a202020202020226d6f64656c5f6e616d65223a202267656d696e692d322e302d666c6173682d6c697465222c0a202020202020226d6f64656c5f616c6961736573223a205b0a20202020202020202267656d696e692d322e302d666c6173682d6c6974652d303031220a2020202020205d2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e707574223a20302e3037352c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f7574707574223a20302e332c0a20202020202022737570706f7274735f6c6f6e675f636f6e746578745f70726963696e67223a2066616c73652c0a20202020202022737570706f7274735f766973696f6e223a20747275652c0a20202020202022737570706f7274735f6a736f6e5f6d6f6465223a20747275652c0a20202020202022737570706f7274735f617564696f223a20747275652c0a2020202020202269735f616374697665223a2066616c73652c0a20202020202022646570726563617465645f64617465223a2022323032362d30362d3031220a202020207d2c0a2020202022676f6f676c653a67656d696e692d322e352d70726f223a207b0a2020202020202270726f7669646572223a2022676f6f676c65222c0a202020202020226d6f64656c5f6e616d65223a202267656d696e692d322e352d70726f222c0a202020202020226d6f64656c5f616c6961736573223a205b5d2c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e707574223a20312e32352c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f7574707574223a2031302e302c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6361636865645f696e707574223a20302e3132352c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f63616368655f72656164223a20302e3132352c0a20202020202022737570706f7274735f6c6f6e675f636f6e746578745f70726963696e67223a20747275652c0a202020202020226c6f6e675f636f6e746578745f7468726573686f6c645f746f6b656e73223a203230303030302c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f696e7075745f6c6f6e675f636f6e74657874223a20322e352c0a20202020202022646f6c6c6172735f7065725f6d696c6c696f6e5f746f6b656e735f6f75747075745f6c6f6e675f636f6e74657874223a2031352e302c0a20202020202022737570706f7274735f766973696f6e223a20747275652c0a20202020202022737570706f7274735f6a736f6e5f6d6f6465223a20747275652c0a20202020202022737570706f7274735f617564696f223a20747275652c0a2020202020202269735f616374697665223a20747275650a202020207d0a20207d2c0a20202276657273696f6e223a20312c0a202022757064617465645f6174223a2022323032362d30312d30315431323a30303a3030220a7d0a'),
	('e502e28fe6cf3e2dd0000495c534b1e6fe77500201ad249e0927388211af1ad4', '\x7b0a20202276657273696f6e223a2022323032352d30312d3031222c0a202022757064617465645f6174223a2022323032352d30312d30315430303a30303a30305a222c0a20202270726f766964657273223a207b0a20202020226f70656e6169223a207b0a2020202020202266696c65223a20226f70656e61692f6d6f64656c732e6a736f6e220a202020207d2c0a2020202022616e7468726f706963223a207b0a2020202020202266696c65223a2022616e7468726f7069632f6d6f64656c732e6a736f6e220a202020207d2c0a2020202022676f6f676c65223a207b0a2020202020202266696c65223a2022676f6f676c652f6d6f64656c732e6a736f6e220a202020207d0a20207d2c0a202022736368656d615f76657273696f6e223a2022332e35220a7d0a');
INSERT INTO llmring.registry_files VALUES
	('file:///srv/registry/', 'anthropic/models.json', '66c8a64f88b8d6a61adeb0fe08775a518e4edc8813d0aa74e64aa9618aee2651', NULL, NULL, false, '2026-11-30 17:18:43.374293+00'),
	('file:///srv/registry/', 'google/models.json', '75251d1ad04cd9268beda2092dace5ddc0a5217ecc6b147d19ab08e5930536bd', NULL, NULL, false, '2026-11-30 17:18:43.374611+00'),
	('file:///srv/registry/', 'manifest.json', 'e502e28fe6cf3e2dd0000495c534b1e6fe77500201ad249e0927388211af1ad4', NULL, NULL, false, '2026-11-30 17:18:43.377991+00'),
	('file:///srv/registry/', 'openai/models.json', '5f631b410f8630a5b82a7cd20fc5ddd3ca9f2f3d71188d94f6a7b761b23c61c8', NULL, NULL, false, '2026-11-30 17:18:43.378246+00');
INSERT INTO llmring.registry_versions VALUES
	('openai.3-anthropic.2-google.1-691486ce', 0, 'openai', '5f631b410f8630a5b82a7cd20fc5ddd3ca9f2f3d71188d94f6a7b761b23c61c8', '2026-11-30 17:18:43.39618+00'),
	('openai.3-anthropic.2-google.1-691486ce', 1, 'anthropic', '66c8a64f88b8d6a61adeb0fe08775a518e4edc8813d0aa74e64aa9618aee2651', '2026-11-30 17:18:43.39618+00'),
	('openai.3-anthropic.2-google.1-691486ce', 2, 'google', '75251d1ad04cd9268beda2092dace5ddc0a5217ecc6b147d19ab08e5930536bd', '2026-11-30 17:18:43.39618+00');
INSERT INTO llmring.statement_lines VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 1, 1, '01a22d77-67c1-71b1-b1b8-a993917472d1', '{"alias":"fast","amount":"0.0125","cached_input_tokens":"0","cost":"0.0125","cost_source":"client","cost_status":"priced","currency":"USD","id":"01a22d77-67c1-71b1-b1b8-a993917472d1","input_tokens":"1000","kind":"call","model":"gpt-5-mini","occurred_at":"2026-09-01T00:30:00.000000Z","origin":"worker-0","output_tokens":"100","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"1","status":"error"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 2, 1, '01a22d77-686b-77f6-8aa9-07bc2b158df3', '{"amount":"0.0125","cached_input_tokens":"300","cost":"0.0125","cost_source":"client","cost_status":"priced","currency":"USD","id":"01a22d77-686b-77f6-8aa9-07bc2b158df3","input_tokens":"1030","kind":"call","model":"gpt-5","occurred_at":"2026-09-03T06:30:00.000000Z","origin":"worker-0","output_tokens":"130","profile":"default","provider":"openai","seq":"2","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 3, 1, '01a22d77-67fe-76f4-bd6c-88385c1a63f7', '{"amount":"0","cached_input_tokens":"30","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-67fe-76f4-bd6c-88385c1a63f7","input_tokens":"1003","kind":"call","model":"unknown-model","occurred_at":"2026-09-04T03:30:00.000000Z","origin":"worker-0","output_tokens":"103","profile":"dev","provider":"nowhere","seq":"3","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 4, 1, '01a22d77-6877-71cd-beb0-3e1628e3454c', '{"alias":"smart","amount":"0.005193","cached_input_tokens":"330","cost":"0.005193","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-6877-71cd-beb0-3e1628e3454c","input_tokens":"1033","kind":"call","model":"claude-sonnet-4-5-20250929","occurred_at":"2026-09-06T09:30:00.000000Z","origin":"worker-0","output_tokens":"133","priced_as":"anthropic:claude-sonnet-4-5-20250929","profile":"dev","provider":"anthropic","registry_version":"anthropic.2","seq":"4","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 5, 1, '01a22d77-6814-738a-8faa-cdf431664e55', '{"amount":"0","cached_input_tokens":"60","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-6814-738a-8faa-cdf431664e55","input_tokens":"1006","kind":"call","model":"gpt-5","occurred_at":"2026-09-07T06:30:00.000000Z","origin":"worker-0","output_tokens":"106","profile":"default","provider":"openai","seq":"5","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 6, 1, '01a22d77-6880-750e-81ed-ccd6bfa3d9da', '{"alias":"fast","amount":"0.00045","cached_input_tokens":"360","cost":"0.00045","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-6880-750e-81ed-ccd6bfa3d9da","input_tokens":"1036","kind":"call","model":"gpt-5-mini","occurred_at":"2026-09-09T12:30:00.000000Z","origin":"worker-0","output_tokens":"136","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"6","status":"error"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 7, 1, '01a22d77-6821-71ee-859b-bb2d11af04aa', '{"alias":"smart","amount":"0.004689","cached_input_tokens":"90","cost":"0.004689","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-6821-71ee-859b-bb2d11af04aa","input_tokens":"1009","kind":"call","model":"claude-sonnet-4-5-20250929","occurred_at":"2026-09-10T09:30:00.000000Z","origin":"worker-0","output_tokens":"109","priced_as":"anthropic:claude-sonnet-4-5-20250929","profile":"dev","provider":"anthropic","registry_version":"anthropic.2","seq":"7","status":"error"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 8, 1, '01a22d77-6888-717d-9ad1-6e80d28b1030', '{"amount":"0","cached_input_tokens":"390","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-6888-717d-9ad1-6e80d28b1030","input_tokens":"1039","kind":"call","model":"unknown-model","occurred_at":"2026-09-12T15:30:00.000000Z","origin":"worker-0","output_tokens":"139","profile":"dev","provider":"nowhere","seq":"8","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 9, 1, '01a22d77-682f-74ac-921d-9e673c3518fd', '{"alias":"fast","amount":"0.00045","cached_input_tokens":"120","cost":"0.00045","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-682f-74ac-921d-9e673c3518fd","input_tokens":"1012","kind":"call","model":"gpt-5-mini","occurred_at":"2026-09-13T12:30:00.000000Z","origin":"worker-0","output_tokens":"112","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"9","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 10, 1, '01a22d77-6838-7214-82b4-920c3738e95b', '{"amount":"0.0125","cached_input_tokens":"150","cost":"0.0125","cost_source":"client","cost_status":"priced","currency":"USD","id":"01a22d77-6838-7214-82b4-920c3738e95b","input_tokens":"1015","kind":"call","model":"unknown-model","occurred_at":"2026-09-16T15:30:00.000000Z","origin":"worker-0","output_tokens":"115","profile":"dev","provider":"nowhere","seq":"10","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 11, 1, '01a22d77-6844-71c5-a5a9-04ff19db207a', '{"amount":"0","cached_input_tokens":"180","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-6844-71c5-a5a9-04ff19db207a","input_tokens":"1018","kind":"call","model":"gpt-5","occurred_at":"2026-09-19T18:30:00.000000Z","origin":"worker-0","output_tokens":"118","profile":"default","provider":"openai","seq":"11","status":"error"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 12, 1, '01a22d77-684b-755c-af76-2458ec25b38d', '{"alias":"smart","amount":"0.004941","cached_input_tokens":"210","cost":"0.004941","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-684b-755c-af76-2458ec25b38d","input_tokens":"1021","kind":"call","model":"claude-sonnet-4-5-20250929","occurred_at":"2026-09-22T21:30:00.000000Z","origin":"worker-0","output_tokens":"121","priced_as":"anthropic:claude-sonnet-4-5-20250929","profile":"dev","provider":"anthropic","registry_version":"anthropic.2","seq":"12","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 13, 1, '01a22d77-6858-7664-b9c7-d26b97b9d239', '{"alias":"fast","amount":"0.00045","cached_input_tokens":"240","cost":"0.00045","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-6858-7664-b9c7-d26b97b9d239","input_tokens":"1024","kind":"call","model":"gpt-5-mini","occurred_at":"2026-09-25T00:30:00.000000Z","origin":"worker-0","output_tokens":"124","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"13","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 14, 1, '01a22d77-6861-744c-b54a-0966cc4f99f2', '{"amount":"0","cached_input_tokens":"270","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-6861-744c-b54a-0966cc4f99f2","input_tokens":"1027","kind":"call","model":"unknown-model","occurred_at":"2026-09-28T03:30:00.000000Z","origin":"worker-0","output_tokens":"127","profile":"dev","provider":"nowhere","seq":"14","status":"error"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 15, 1, '01a22d77-6864-7128-b89a-4040b543ea96', '{"alias":"fast","amount":"0.00045","cached_input_tokens":"280","cost":"0.00045","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-6864-7128-b89a-4040b543ea96","input_tokens":"1028","kind":"call","model":"gpt-5-mini","occurred_at":"2026-10-01T04:30:00.000000Z","origin":"worker-1","output_tokens":"128","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"15","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 16, 1, '01a22d77-67dd-72af-8d34-f0253b61f7aa', '{"alias":"smart","amount":"0.004521","cached_input_tokens":"10","cost":"0.004521","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-67dd-72af-8d34-f0253b61f7aa","input_tokens":"1001","kind":"call","model":"claude-sonnet-4-5-20250929","occurred_at":"2026-10-02T01:30:00.000000Z","origin":"worker-1","output_tokens":"101","priced_as":"anthropic:claude-sonnet-4-5-20250929","profile":"dev","provider":"anthropic","registry_version":"anthropic.2","seq":"16","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 17, 1, '01a22d77-686f-707e-b152-0ee974567ed2', '{"amount":"0","cached_input_tokens":"310","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-686f-707e-b152-0ee974567ed2","input_tokens":"1031","kind":"call","model":"unknown-model","occurred_at":"2026-10-04T07:30:00.000000Z","origin":"worker-1","output_tokens":"131","profile":"dev","provider":"nowhere","seq":"17","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 18, 1, '01a22d77-6803-70fb-8f31-e53cf42209c6', '{"alias":"fast","amount":"0.00045","cached_input_tokens":"40","cost":"0.00045","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-6803-70fb-8f31-e53cf42209c6","input_tokens":"1004","kind":"call","model":"gpt-5-mini","occurred_at":"2026-10-05T04:30:00.000000Z","origin":"worker-1","output_tokens":"104","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"18","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 19, 1, '01a22d77-687b-73f3-9870-a27e84661cc6', '{"amount":"0","cached_input_tokens":"340","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-687b-73f3-9870-a27e84661cc6","input_tokens":"1034","kind":"call","model":"gpt-5","occurred_at":"2026-10-07T10:30:00.000000Z","origin":"worker-1","output_tokens":"134","profile":"default","provider":"openai","seq":"19","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 20, 1, '01a22d77-6818-75a1-abc1-6ca0135c1887', '{"amount":"0","cached_input_tokens":"70","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-6818-75a1-abc1-6ca0135c1887","input_tokens":"1007","kind":"call","model":"unknown-model","occurred_at":"2026-10-08T07:30:00.000000Z","origin":"worker-1","output_tokens":"107","profile":"dev","provider":"nowhere","seq":"20","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 21, 1, '01a22d77-6882-731b-a665-0df52ea03306', '{"alias":"smart","amount":"0.005277","cached_input_tokens":"370","cost":"0.005277","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-6882-731b-a665-0df52ea03306","input_tokens":"1037","kind":"call","model":"claude-sonnet-4-5-20250929","occurred_at":"2026-10-10T13:30:00.000000Z","origin":"worker-1","output_tokens":"137","priced_as":"anthropic:claude-sonnet-4-5-20250929","profile":"dev","provider":"anthropic","registry_version":"anthropic.2","seq":"21","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 22, 1, '01a22d77-6828-72e3-9fac-20d8e6d291f3', '{"amount":"0.0125","cached_input_tokens":"100","cost":"0.0125","cost_source":"client","cost_status":"priced","currency":"USD","id":"01a22d77-6828-72e3-9fac-20d8e6d291f3","input_tokens":"1010","kind":"call","model":"gpt-5","occurred_at":"2026-10-11T10:30:00.000000Z","origin":"worker-1","output_tokens":"110","profile":"default","provider":"openai","seq":"22","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 23, 1, '01a22d77-6833-774c-86c7-e82443365ce8', '{"alias":"smart","amount":"0.004773","cached_input_tokens":"130","cost":"0.004773","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-6833-774c-86c7-e82443365ce8","input_tokens":"1013","kind":"call","model":"claude-sonnet-4-5-20250929","occurred_at":"2026-10-14T13:30:00.000000Z","origin":"worker-1","output_tokens":"113","priced_as":"anthropic:claude-sonnet-4-5-20250929","profile":"dev","provider":"anthropic","registry_version":"anthropic.2","seq":"23","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 24, 1, '01a22d77-683c-73cc-ab32-47a7c42eade8', '{"alias":"fast","amount":"0.00045","cached_input_tokens":"160","cost":"0.00045","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-683c-73cc-ab32-47a7c42eade8","input_tokens":"1016","kind":"call","model":"gpt-5-mini","occurred_at":"2026-10-17T16:30:00.000000Z","origin":"worker-1","output_tokens":"116","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"24","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 25, 1, '01a22d77-6846-7003-8c1f-7554cba443c8', '{"amount":"0","cached_input_tokens":"190","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-6846-7003-8c1f-7554cba443c8","input_tokens":"1019","kind":"call","model":"unknown-model","occurred_at":"2026-10-20T19:30:00.000000Z","origin":"worker-1","output_tokens":"119","profile":"dev","provider":"nowhere","seq":"25","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 26, 1, '01a22d77-684f-74f5-9504-ef42e9013b9b', '{"amount":"0","cached_input_tokens":"220","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-684f-74f5-9504-ef42e9013b9b","input_tokens":"1022","kind":"call","model":"gpt-5","occurred_at":"2026-10-23T22:30:00.000000Z","origin":"worker-1","output_tokens":"122","profile":"default","provider":"openai","seq":"26","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 27, 1, '01a22d77-685b-7239-a652-0666fa26da76', '{"alias":"smart","amount":"0.0125","cached_input_tokens":"250","cost":"0.0125","cost_source":"client","cost_status":"priced","currency":"USD","id":"01a22d77-685b-7239-a652-0666fa26da76","input_tokens":"1025","kind":"call","model":"claude-sonnet-4-5-20250929","occurred_at":"2026-10-26T01:30:00.000000Z","origin":"worker-1","output_tokens":"125","priced_as":"anthropic:claude-sonnet-4-5-20250929","profile":"dev","provider":"anthropic","registry_version":"anthropic.2","seq":"27","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 28, 1, '01a22d77-6867-752b-9f58-ed5127cd1f76', '{"alias":"smart","amount":"0.005109","cached_input_tokens":"290","cost":"0.005109","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-6867-752b-9f58-ed5127cd1f76","input_tokens":"1029","kind":"call","model":"claude-sonnet-4-5-20250929","occurred_at":"2026-11-02T05:30:00.000000Z","origin":"worker-2","output_tokens":"129","priced_as":"anthropic:claude-sonnet-4-5-20250929","profile":"dev","provider":"anthropic","registry_version":"anthropic.2","seq":"28","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 29, 1, '01a22d77-67f9-725c-8523-c7fec9b9d457', '{"amount":"0","cached_input_tokens":"20","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-67f9-725c-8523-c7fec9b9d457","input_tokens":"1002","kind":"call","model":"gpt-5","occurred_at":"2026-11-03T02:30:00.000000Z","origin":"worker-2","output_tokens":"102","profile":"default","provider":"openai","seq":"29","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 30, 1, '01a22d77-6871-7027-9406-08243243c4cd', '{"alias":"fast","amount":"0.00045","cached_input_tokens":"320","cost":"0.00045","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-6871-7027-9406-08243243c4cd","input_tokens":"1032","kind":"call","model":"gpt-5-mini","occurred_at":"2026-11-05T08:30:00.000000Z","origin":"worker-2","output_tokens":"132","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"30","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 31, 1, '01a22d77-680d-72ff-a12c-15741b1e3307', '{"alias":"smart","amount":"0.0125","cached_input_tokens":"50","cost":"0.0125","cost_source":"client","cost_status":"priced","currency":"USD","id":"01a22d77-680d-72ff-a12c-15741b1e3307","input_tokens":"1005","kind":"call","model":"claude-sonnet-4-5-20250929","occurred_at":"2026-11-06T05:30:00.000000Z","origin":"worker-2","output_tokens":"105","priced_as":"anthropic:claude-sonnet-4-5-20250929","profile":"dev","provider":"anthropic","registry_version":"anthropic.2","seq":"31","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 32, 1, '01a22d77-687d-7791-a00e-8f83ecfbd563', '{"amount":"0.0125","cached_input_tokens":"350","cost":"0.0125","cost_source":"client","cost_status":"priced","currency":"USD","id":"01a22d77-687d-7791-a00e-8f83ecfbd563","input_tokens":"1035","kind":"call","model":"unknown-model","occurred_at":"2026-11-08T11:30:00.000000Z","origin":"worker-2","output_tokens":"135","profile":"dev","provider":"nowhere","seq":"32","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 33, 1, '01a22d77-681c-7653-9cc4-a88d7abfcf05', '{"alias":"fast","amount":"0.00045","cached_input_tokens":"80","cost":"0.00045","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-681c-7653-9cc4-a88d7abfcf05","input_tokens":"1008","kind":"call","model":"gpt-5-mini","occurred_at":"2026-11-09T08:30:00.000000Z","origin":"worker-2","output_tokens":"108","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"33","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 34, 1, '01a22d77-6886-764b-a7d2-42fe726b5d99', '{"amount":"0","cached_input_tokens":"380","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-6886-764b-a7d2-42fe726b5d99","input_tokens":"1038","kind":"call","model":"gpt-5","occurred_at":"2026-11-11T14:30:00.000000Z","origin":"worker-2","output_tokens":"138","profile":"default","provider":"openai","seq":"34","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 35, 1, '01a22d77-682d-7062-9467-8336c6c4876c', '{"amount":"0","cached_input_tokens":"110","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-682d-7062-9467-8336c6c4876c","input_tokens":"1011","kind":"call","model":"unknown-model","occurred_at":"2026-11-12T11:30:00.000000Z","origin":"worker-2","output_tokens":"111","profile":"dev","provider":"nowhere","seq":"35","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 36, 1, '01a22d77-6836-70ef-a7c7-f1ffddfee1d4', '{"amount":"0","cached_input_tokens":"140","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-6836-70ef-a7c7-f1ffddfee1d4","input_tokens":"1014","kind":"call","model":"gpt-5","occurred_at":"2026-11-15T14:30:00.000000Z","origin":"worker-2","output_tokens":"114","profile":"default","provider":"openai","seq":"36","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 37, 1, '01a22d77-6841-7192-baad-2f6cf098f865', '{"alias":"smart","amount":"0.004857","cached_input_tokens":"170","cost":"0.004857","cost_source":"registry","cost_status":"priced","currency":"USD","id":"01a22d77-6841-7192-baad-2f6cf098f865","input_tokens":"1017","kind":"call","model":"claude-sonnet-4-5-20250929","occurred_at":"2026-11-18T17:30:00.000000Z","origin":"worker-2","output_tokens":"117","priced_as":"anthropic:claude-sonnet-4-5-20250929","profile":"dev","provider":"anthropic","registry_version":"anthropic.2","seq":"37","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 38, 1, '01a22d77-6848-734f-bbf0-a93d2be28991', '{"alias":"fast","amount":"0.0125","cached_input_tokens":"200","cost":"0.0125","cost_source":"client","cost_status":"priced","currency":"USD","id":"01a22d77-6848-734f-bbf0-a93d2be28991","input_tokens":"1020","kind":"call","model":"gpt-5-mini","occurred_at":"2026-11-21T20:30:00.000000Z","origin":"worker-2","output_tokens":"120","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"38","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 39, 1, '01a22d77-6852-761b-a13a-e93dcef0b3ec', '{"amount":"0","cached_input_tokens":"230","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-6852-761b-a13a-e93dcef0b3ec","input_tokens":"1023","kind":"call","model":"unknown-model","occurred_at":"2026-11-24T23:30:00.000000Z","origin":"worker-2","output_tokens":"123","profile":"dev","provider":"nowhere","seq":"39","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 40, 1, '01a22d77-685e-7526-80c4-f4d36cf857d1', '{"amount":"0","cached_input_tokens":"260","cost_status":"model_not_in_registry","currency":"USD","id":"01a22d77-685e-7526-80c4-f4d36cf857d1","input_tokens":"1026","kind":"call","model":"gpt-5","occurred_at":"2026-11-27T02:30:00.000000Z","origin":"worker-2","output_tokens":"126","profile":"default","provider":"openai","seq":"40","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 41, 1, '01a22d77-688b-71ee-8989-7f0a37dd53d2', '{"amount":"0.001","cached_input_tokens":"0","cost":"0.001","cost_source":"client","cost_status":"priced","currency":"USD","id":"01a22d77-688b-71ee-8989-7f0a37dd53d2","input_tokens":"7","kind":"call","model":"gpt-5-mini","occurred_at":"2026-11-30T17:18:49.995315Z","output_tokens":"3","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"41","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 42, 1, '01a22d77-688b-71ee-8989-7f0b697daa7d', '{"amount":"0.001","cached_input_tokens":"0","cost":"0.001","cost_source":"client","cost_status":"priced","currency":"USD","id":"01a22d77-688b-71ee-8989-7f0b697daa7d","input_tokens":"7","kind":"call","model":"gpt-5-mini","occurred_at":"2026-11-30T17:18:49.995386Z","output_tokens":"3","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"42","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 43, 1, '01a22d77-688b-71ee-8989-7f0c1e7a36bf', '{"amount":"0.001","cached_input_tokens":"0","cost":"0.001","cost_source":"client","cost_status":"priced","currency":"USD","id":"01a22d77-688b-71ee-8989-7f0c1e7a36bf","input_tokens":"7","kind":"call","model":"gpt-5-mini","occurred_at":"2026-11-30T17:18:49.995399Z","output_tokens":"3","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"43","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 44, 1, '01a22d77-688b-71ee-8989-7f0d0f1d52b7', '{"amount":"0.001","cached_input_tokens":"0","cost":"0.001","cost_source":"client","cost_status":"priced","currency":"USD","id":"01a22d77-688b-71ee-8989-7f0d0f1d52b7","input_tokens":"7","kind":"call","model":"gpt-5-mini","occurred_at":"2026-11-30T17:18:49.995408Z","output_tokens":"3","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"44","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 45, 1, '01a22d77-688b-71ee-8989-7f0e4fd55ce1', '{"amount":"0.001","cached_input_tokens":"0","cost":"0.001","cost_source":"client","cost_status":"priced","currency":"USD","id":"01a22d77-688b-71ee-8989-7f0e4fd55ce1","input_tokens":"7","kind":"call","model":"gpt-5-mini","occurred_at":"2026-11-30T17:18:49.995416Z","output_tokens":"3","priced_as":"openai:gpt-5-mini","profile":"default","provider":"openai","registry_version":"openai.3","seq":"45","status":"success"}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 46, 1, '01a22d77-6891-774b-bfc5-4de1846d6043', '{"alias":"fast","amount":"0.25","cached_input_tokens":"10","cost":"0.25","cost_source":"client","cost_status":"priced","currency":"USD","id":"01a22d77-6891-774b-bfc5-4de1846d6043","input_tokens":"1000","kind":"call","model":"gpt-5-mini","occurred_at":"2026-11-30T17:18:50.001333Z","origin":"tests","output_tokens":"50","priced_as":"openai:gpt-5-mini","profile":"dev","provider":"openai","registry_version":"openai.3","seq":"46","status":"success"}');
INSERT INTO llmring.statements VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 1, '2026-11-30 17:18:50.012748+00', '2026-11-30 17:18:50.012971+00', 46, 46, '\x7b22656e64223a22323032362d31312d33305431373a31383a35302e3031323734385a222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c696e6573223a7b22636f756e74223a34362c226669727374223a312c226c617374223a34362c22726f6f74223a22677937526e4c506867474955574f4f583145705a595a556d4d444b48652d3379356f3078375a774d686b63227d2c226e756d626572223a312c2270726576696f7573223a6e756c6c2c2270726f6a656374223a2270726a5f65363376656b726b7768336f74666a32797972376a766c767a79222c227369676e6174757265223a22656432353531393a646b62554c3966384a4d31764c494a78665f775430554b454156444a723855554c495f4576764d61513363623838586832646b5f497855324353326a58495450374a533442506557476e4a7653733665736669574377222c227374617274223a6e756c6c2c2274696d657374616d70223a22323032362d31312d33305431373a31383a35302e3033363636335a222c22746f74616c73223a5b7b22616d6f756e74223a22302e3036343336222c226361636865645f696e7075745f746f6b656e73223a2231393030222c2263616c6c73223a223130222c22636f7272656374696f6e73223a2230222c2263757272656e6379223a22555344222c22696e7075745f746f6b656e73223a223130313930222c226d6f64656c223a22616e7468726f7069633a636c617564652d736f6e6e65742d342d352d3230323530393239222c226f75747075745f746f6b656e73223a2231313930222c22756e707269636564223a2230227d2c7b22616d6f756e74223a22302e303235222c226361636865645f696e7075745f746f6b656e73223a2232313030222c2263616c6c73223a223130222c22636f7272656374696f6e73223a2230222c2263757272656e6379223a22555344222c22696e7075745f746f6b656e73223a223130323130222c226d6f64656c223a226e6f77686572653a756e6b6e6f776e2d6d6f64656c222c226f75747075745f746f6b656e73223a2231323130222c22756e707269636564223a2238227d2c7b22616d6f756e74223a22302e303235222c226361636865645f696e7075745f746f6b656e73223a2232303030222c2263616c6c73223a223130222c22636f7272656374696f6e73223a2230222c2263757272656e6379223a22555344222c22696e7075745f746f6b656e73223a223130323030222c226d6f64656c223a226f70656e61693a6770742d35222c226f75747075745f746f6b656e73223a2231323030222c22756e707269636564223a2238227d2c7b22616d6f756e74223a22302e32383336222c226361636865645f696e7075745f746f6b656e73223a2231383130222c2263616c6c73223a223136222c22636f7272656374696f6e73223a2230222c2263757272656e6379223a22555344222c22696e7075745f746f6b656e73223a223131323135222c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c226f75747075745f746f6b656e73223a2231323435222c22756e707269636564223a2230227d5d2c2274797065223a226c6c6d72696e672d73746174656d656e742f31227d', '\x');
INSERT INTO llmring.transparency_counts VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 30);
INSERT INTO llmring.transparency_keys VALUES
	('log.example/upgrade+b84562fe+AXBZogHf2BgVxs7lKru/25xGb5bM9FUt6zVcqND/OYDg', '2026-11-30 17:18:43.448757+00');
INSERT INTO llmring.transparency_leaves VALUES
	('', 0, 3, 'log.example/upgrade+b84562fe+AXBZogHf2BgVxs7lKru/25xGb5bM9FUt6zVcqND/OYDg', NULL, NULL, '\x7b226174223a22323032362d31312d33305431373a31383a34332e3435313137385a222c226368616e6765223a226164646564222c2274797065223a22636865636b706f696e742d6b6579222c22766b6579223a226c6f672e6578616d706c652f757067726164652b62383435363266652b4158425a6f674866324267567873376c4b72752f323578476235624d39465574367a5663714e442f4f594467227d', '2026-11-30 17:18:43.470939+00'),
	('', 1, 3, 'receipt-key 1', NULL, NULL, '\x7b226174223a22323032362d31312d33305431373a31383a34332e3433323737325a222c226368616e6765223a226164646564222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c227075626c69635f6b6579223a224f326f6e764d3632704331696f366a514b6d384e6332557946586364346b4f6d4f7342496f59745a32696b3d222c2274797065223a22726563656970742d6b6579227d', '2026-11-30 17:18:43.470939+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 2, 1, '01a22d77-67c1-71b1-b1b8-a993917472d1', 1, '\xf34921df4745c82fdcf5365e1a045a7289cd0e55b2aa30bcf6f1c52301b3bcf9', NULL, '2026-11-30 17:18:49.828531+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 3, 1, '01a22d77-67dd-72af-8d34-f0253b61f7aa', 2, '\x915b600c15e12d7350986df97b15dd00588915b8472e71476eb86628886524a8', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 4, 1, '01a22d77-6803-70fb-8f31-e53cf42209c6', 3, '\xac55fdca9283de7c7dec69ca0a362948fecbaed86a8b542866118bd118a61861', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 5, 1, '01a22d77-680d-72ff-a12c-15741b1e3307', 4, '\x1f93848e9f149c2d82fb8e6bd087569726f7cf668bc8d00c006ccb2704ae5b91', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 6, 1, '01a22d77-681c-7653-9cc4-a88d7abfcf05', 5, '\x0d7d22c1c3571401263d1a29855db957daa8a4a69d3319874b6e7cfa4461edb2', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 7, 1, '01a22d77-6821-71ee-859b-bb2d11af04aa', 6, '\x76f6e99a1930cb0cd8461b5298739519d9f7b458ad45626c3252404817e800d8', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 8, 1, '01a22d77-6828-72e3-9fac-20d8e6d291f3', 7, '\xa721d9cec4fe1cc7dc2eebefef99907c7b3d35ca1b7b8c4b92597d7f5c4adac0', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 9, 1, '01a22d77-682f-74ac-921d-9e673c3518fd', 8, '\xd31622b6f6574293de20851bff7d4874128c2422343d91422fc79567fd9be379', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 10, 1, '01a22d77-6833-774c-86c7-e82443365ce8', 9, '\xfd59c6baca2a62a435d6389ff7e8fea030876ad66734023241816b27a1228b58', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 11, 1, '01a22d77-6838-7214-82b4-920c3738e95b', 10, '\x7551b80780b3abfefe01100d13a5fb48fc32e4e960321175e48a3f40a603782b', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 12, 1, '01a22d77-683c-73cc-ab32-47a7c42eade8', 11, '\x6ab067871f070ab8355e342dc1185e5dca7de83018ab87e288d88aa5328cc51e', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 13, 1, '01a22d77-6841-7192-baad-2f6cf098f865', 12, '\x433caedaa2461ed009e9178987b5a8bfdbefa690ddd98c982356f27db7043c49', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 14, 1, '01a22d77-6848-734f-bbf0-a93d2be28991', 13, '\x5ec109d0a76073a05e966df9d031bf28a849422cecd0cbb4cbef50a22fcc6d7b', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 15, 1, '01a22d77-684b-755c-af76-2458ec25b38d', 14, '\x49377625fffb6020efa35cb85770aa37f0e1970485486d549b452bdeade0d8f1', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 16, 1, '01a22d77-6858-7664-b9c7-d26b97b9d239', 15, '\x8e4a470426513340c856b92e817dae1e789f2670fb517f4d87de07bea6229ff9', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 17, 1, '01a22d77-685b-7239-a652-0666fa26da76', 16, '\x35f06efa39f2b94aa3e5a5730d3b72f33b7b13eaae4829b82034046157f3f54a', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 18, 1, '01a22d77-6864-7128-b89a-4040b543ea96', 17, '\x949a294738eb519e101756c8a3520b81f96030a066126c6af262959107ba9720', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 19, 1, '01a22d77-6867-752b-9f58-ed5127cd1f76', 18, '\x6a46d4346483a53b6625c5b027465e810bf7a885c04e2cd91df2d03a01f4a1e8', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 20, 1, '01a22d77-686b-77f6-8aa9-07bc2b158df3', 19, '\x0b5067286fbcb672cae40cb788b8db90c6bfab261cc2cbda1d6746613ce204b0', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 21, 1, '01a22d77-6871-7027-9406-08243243c4cd', 20, '\xf87a0bf1d29c2bbe75047716fa1b4df7c19de497a49e109d5dbfc9ce33213591', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 22, 1, '01a22d77-6877-71cd-beb0-3e1628e3454c', 21, '\xaf1f8da9d92d924244259122a63675393640482528f5ab37d6a6ae6adc5b8c7a', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 23, 1, '01a22d77-687d-7791-a00e-8f83ecfbd563', 22, '\x037d9148b9baed19fc4b24bde8875cf4aa27571ccf4aabf29dfa613c98737a2c', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 24, 1, '01a22d77-6880-750e-81ed-ccd6bfa3d9da', 23, '\xb35cf4b9b44e5435ddb3bed4f457dd67e2c5cdcad39472de48c6058b4c34bec9', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 25, 1, '01a22d77-6882-731b-a665-0df52ea03306', 24, '\x9a774d823067906fb68321b597d8f25b3c093b550b3961451e0f0742b4ee319a', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 26, 1, '01a22d77-688b-71ee-8989-7f0a37dd53d2', 25, '\xc376dcd9cf8f6333db2c8edd0fdfe9989d1083b890aacb01695274aa39ec88c5', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 27, 1, '01a22d77-688b-71ee-8989-7f0b697daa7d', 26, '\xe9d399e5136ebe25066fa06b825f677330140bce5f2dfc7dc46910dbda545887', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 28, 1, '01a22d77-688b-71ee-8989-7f0c1e7a36bf', 27, '\x2af780e03b641f3669d341ab1bf6d52754b93ce938d67ded5119e7f0851820ad', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 29, 1, '01a22d77-688b-71ee-8989-7f0d0f1d52b7', 28, '\xda553c01f0b79e584619fbd5f4888f2ad3cd50dfbe549a1a7a3673453662ce92', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 30, 1, '01a22d77-688b-71ee-8989-7f0e4fd55ce1', 29, '\x68b1b87434146b109fdffcfcf47a36761d1f8619459007db0677d6a0767df0be', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 31, 1, '01a22d77-6891-774b-bfc5-4de1846d6043', 30, '\x4c12a88fbe07e26f71a3de943edecd1115bc2fc9f6021bd4b88c946a33882287', NULL, '2026-11-30 17:18:50.051026+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 32, 2, '1', NULL, NULL, '\x7b22656e64223a22323032362d31312d33305431373a31383a35302e3031323734385a222c226b65795f6964223a22395a5030334e75384772585041556b624b4e78484f4b427a785058383353536867466b524e4b2d66326c77222c226c696e6573223a7b22636f756e74223a34362c226669727374223a312c226c617374223a34362c22726f6f74223a22677937526e4c506867474955574f4f583145705a595a556d4d444b48652d3379356f3078375a774d686b63227d2c226e756d626572223a312c2270726576696f7573223a6e756c6c2c2270726f6a656374223a2270726a5f65363376656b726b7768336f74666a32797972376a766c767a79222c227369676e6174757265223a22656432353531393a646b62554c3966384a4d31764c494a78665f775430554b454156444a723855554c495f4576764d61513363623838586832646b5f497855324353326a58495450374a533442506557476e4a7653733665736669574377222c227374617274223a6e756c6c2c2274696d657374616d70223a22323032362d31312d33305431373a31383a35302e3033363636335a222c22746f74616c73223a5b7b22616d6f756e74223a22302e3036343336222c226361636865645f696e7075745f746f6b656e73223a2231393030222c2263616c6c73223a223130222c22636f7272656374696f6e73223a2230222c2263757272656e6379223a22555344222c22696e7075745f746f6b656e73223a223130313930222c226d6f64656c223a22616e7468726f7069633a636c617564652d736f6e6e65742d342d352d3230323530393239222c226f75747075745f746f6b656e73223a2231313930222c22756e707269636564223a2230227d2c7b22616d6f756e74223a22302e303235222c226361636865645f696e7075745f746f6b656e73223a2232313030222c2263616c6c73223a223130222c22636f7272656374696f6e73223a2230222c2263757272656e6379223a22555344222c22696e7075745f746f6b656e73223a223130323130222c226d6f64656c223a226e6f77686572653a756e6b6e6f776e2d6d6f64656c222c226f75747075745f746f6b656e73223a2231323130222c22756e707269636564223a2238227d2c7b22616d6f756e74223a22302e303235222c226361636865645f696e7075745f746f6b656e73223a2232303030222c2263616c6c73223a223130222c22636f7272656374696f6e73223a2230222c2263757272656e6379223a22555344222c22696e7075745f746f6b656e73223a223130323030222c226d6f64656c223a226f70656e61693a6770742d35222c226f75747075745f746f6b656e73223a2231323030222c22756e707269636564223a2238227d2c7b22616d6f756e74223a22302e32383336222c226361636865645f696e7075745f746f6b656e73223a2231383130222c2263616c6c73223a223136222c22636f7272656374696f6e73223a2230222c2263757272656e6379223a22555344222c22696e7075745f746f6b656e73223a223131323135222c226d6f64656c223a226f70656e61693a6770742d352d6d696e69222c226f75747075745f746f6b656e73223a2231323435222c22756e707269636564223a2230227d5d2c2274797065223a226c6c6d72696e672d73746174656d656e742f31227d', '2026-11-30 17:18:50.051026+00');
INSERT INTO llmring.transparency_log VALUES
	(true, 'log.example/upgrade', 33, '\x3c54d87a7bf26de5e505f0bde1b2711d57c016d4df91974b587fe3a04fa86644', '\x6c6f672e6578616d706c652f757067726164650a33330a50465459656e76796265586c4266433934624a7848566641467454666b5a644c57482f6a6f452b6f5a6b513d0a0ae28094206c6f672e6578616d706c652f7570677261646520754556692f72466f74732b794a36447a564c686b6b3950794c68715a6c464b633947332f653430584a6336516b583678694746646672594f4e6d786b314f7a3649326a476d3248526d767a63505833753174792f775a466f7251513d0a', 0, NULL, 1, NULL);
INSERT INTO llmring.transparency_tiles VALUES
	(0, 0, '\x6348865b32668ba86e6a794b6a7c3f144b11e4628317b037ca88bd054a63dbe3673c1e36946ddbc25db3865abd21c545dfb3fc1b6eb5b32ae4d38846c3447c3537c84d75cfb447f92ec17886884afb27545807d53e8d4dc91920560675298c8e7efbaddfb4866ec6a9813f1cff9dbf68150e359758573c51121e87bf2237b27956103555a21f1693d1cbf1dd334d55f6ab29603a52b2937598ccb2d9add7351904b6e51c4546921c877ff62496705fb657d07830d88e17e4048387f515c01ee617b4c2704efe461f7fc02c62d346d5f188bbfab6082313485839c83a70984fcbaec50fec70623e47b4edabac2e6445d7a3bb2a6538203ba3389adbfc5c435357bd3d7979a2c9ed7fdc269a9192a4369b5f27e51a18f22700f5ad7591db82aaaa7b7a4f9baa5845ce88720ee6bb5109a2ba5fd8ea58c49b9be7d2c21ea60f3913f207a61443e5fbbc559226339a631f1f15e18af70f83f59412f89d20e11f25701e237f2bcbbc38f4e4503c7b9a1f417d6e1c3a5e8bf6d710b25f8d173d1e3fd85a7eadf35ef9a8e17b43d33ce8018e86f7fa705e446f6a916261659f140d8090ebe8b0d0e6b58670a1274a68f8fed9d3e52b1f035a372fdf349a9d77d598581e6a163d7194cb5f4979392783c6b3c82d411b39f1b3d34094b8608e988aa35454b3c5e8e263137b27b53f654e5cc3aae7f645c733ddb7504ff1927b147d826a99e3da3a5f7c432b0001475e16fb31802da1b9d68b4af1f6ff16bc8aa10301ea7c5e3dc59b2730ccd951db362b28543262cd8327976c5284b5951d712f69e84434d4f77e619cd677d3fe9c51c4c6ed3d1d09f248e1876f9aeaf6b45ac86eea524f57df80d565653ed16b8c73d73de98bd96f8e2460aec59756d08ef179681db305e179b6b6a10c93146e7d3106c88183c9f1c68cd166ff9a8c1facbb1e212972837100974449fd4b0c6f4b77cc8d009fbd65ca9bcfdc1856e6393c09e03737b78967eaa197d5d8406de0d214cf9113eb35dbc50daf63b9db3531d1587f5f72180a30d70bc2dc52a3519be76e7d242a7711455e257b0b732f79fd8539a18386a1acf03bc13d2923cf29cf11f8c331595f75fab14c88bcf35d07474d1d8a8d6224362c651bf5176c1ef8b3f776a13ebffee02f97cbf57463311d15a8081bc8dcdcbcfe4f81f4ce9fc2563bf223bebd6961f7f2766833973f4f7d501bdc1c49c583837037d03fb0d509e048c2048ab83e89c9eee46cf47467b239d66cba10d85b8831422c6d963d057f246b0cf47d29ea50a541c6eb47a74de2f56241172fc4a5bf915d40adb556c811aeeda47a8c9bb25da3f81d7984044b846e38bf45b513903b2a7d09281f55334155fd657846fae1e9dd840caadca938dd6a415d15738b239943ce33abc8e6c690ea32b363f51ac85ed5ded78c5f1664b32f2139e057ea438e1ecadf2ef4aed877faba4869a78bc05e661ca26f3db694f847888e302cdc7d8622'),
	(-1, 0, '\x0022010339598b9a6db56e6e773efa39bd735aa7d144c27ca8f91a22d82a2de3c4b9955b00220103bee04d8a098dbf6df17c24574708daf7c47f3e79f083594270163ae1a12fa04000220101445c5b04d4dcc9ee6569b301c6d423909715252285c2e5695ffcd69f10f682c300220101259c947562356c9a18bf69343c71a63d4ef3b9ca0b1260a4cb0c2917e400a85e0022010129e7a936b772303a7f3bc5a56582e1a29a93f5f65abe9b37eac40a2f0bda45c600220101e5404560ae05e0f2c196c1cfc42e0a1069384fdf8c34df29ec7b21aab3d2d4f200220101affb6406b2c3a0119b7c79759e2f2e41937465e79389fdebc449b5cfa78da9da00220101f4fe01e6a06202a972affcc3429e1bf8acc69e0529b2d40bffca5e7ca5d71b160022010137dfddcc2707168c3f0d43e4f810c0335f641ab055f8e1c34145dc36bbd1923a00220101a21eed70084f9eefae43ee7aa7ab1e90dd9122365e37e91c52838bc966923073002201013dd7d05b5bc1845b2dedd1c5a3b52f41ee6e3c1c0c9aefef861df668d1dec24300220101059b0340f03d3362f53034943890bd8fd57e99d5e33393fa95e4762c7d5b121f002201019825bd4e20bcbcc2f25cc1c0d303caed86e46d819165ff0bee035442a62d48c800220101e4c46f36b262e5f1c1d8c0877de11fa6192eafb500c06152fd0cb2ed01106b09002201016d9e1c7817d2a00b4bd508ae0ee9a36cf2fa617fd15752dc58e6d9fcdcdd33170022010147f9613c3608ad3ee1ebcd0408f9e2737262d109720d0aa8bb2a1c46b218a28c002201017ed90d1a4b1371dd00f0c204a1f5849ea4a3f8aec213eb0daf51225167f7a8340022010126a4b9235532730ca90a6f2ff2f6647c8e6b1ab38bdaafc883a9fe5edb89c72e00220101e9694f4882ba9e5fc06ad8669dc14dac37303a3afac382c5f93e191be8c8d25300220101ead4616bc261053623747423d1561082de9eb6923cde9cd7fb98c13503db94900022010130c9617504dc701842c86cbd5eee4446304b9850e40ba91eaae54ba834e8e51500220101ae2f86ce52f0b6eececdb2e337b935328fa6f6c739b76c50fc0e22fcf097d0a700220101175f747b6644d2f1f9149186fcc19b5318d758714b9779101e795dabf9878bf2002201015e33ece0f9222acff77a20c116bd540619914cae5e5e0adc10bfc9554aa8f8dd00220101c74dd2b5b7e13b7ce7260ddce6081e7ad1b6518d8d4f60076de600faaf7bf0a000220101aeaf617e3f1fb50150833d22e23003edf4358d883b49e288a490202dcdf516ff0022010144bbcc3537c1cc44f62308e342e0e18bbeee33b24cc3370f78d330e186f97bc40022010196534a67dfb921970eb6b6803cdd963c27db4a7c697b5504a7fb24e758512e4800220101ff073cf1097d0fa4a2f8199d2bc0f84a08c92f78f3e423af4d13609fa4870936002201017067343228b6d61c60302872933dbc205722e08181f23b0157874350ec0c35d600220101791612584a99e4ed364d01a18a9be6d287b59bbdc481471b9dad77dd820bbbf700220101bb354cef1b75916244ee8b1c9cb7f0ba9317004408e5a87d2c4ceb3ccb9c3cd70022010297c036f5c1e52b71f506146b497cfdd8d4ce03ae1fa3e33d5cae193046db4ace');
INSERT INTO llmring.usage_daily VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-01', 'alias', 'fast', 0, 1, 1, 1000, 100, 0, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-01', 'model', 'gpt-5-mini', 0, 1, 1, 1000, 100, 0, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-01', 'origin', 'worker-0', 0, 1, 1, 1000, 100, 0, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-01', 'profile', 'default', 0, 1, 1, 1000, 100, 0, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-01', 'provider', 'openai', 0, 1, 1, 1000, 100, 0, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-02', 'alias', 'smart', 0, 1, 0, 1001, 101, 10, 0.004521, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-02', 'model', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1001, 101, 10, 0.004521, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-02', 'origin', 'worker-1', 0, 1, 0, 1001, 101, 10, 0.004521, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-02', 'profile', 'dev', 0, 1, 0, 1001, 101, 10, 0.004521, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-02', 'provider', 'anthropic', 0, 1, 0, 1001, 101, 10, 0.004521, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-03', 'alias', '', 0, 1, 0, 1002, 102, 20, 0, 1, 1104),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-03', 'model', 'gpt-5', 0, 1, 0, 1002, 102, 20, 0, 1, 1104),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-03', 'origin', 'worker-2', 0, 1, 0, 1002, 102, 20, 0, 1, 1104),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-03', 'profile', 'default', 0, 1, 0, 1002, 102, 20, 0, 1, 1104),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-03', 'provider', 'openai', 0, 1, 0, 1002, 102, 20, 0, 1, 1104),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-04', 'alias', '', 0, 1, 0, 1003, 103, 30, 0, 1, 1106),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-04', 'model', 'unknown-model', 0, 1, 0, 1003, 103, 30, 0, 1, 1106),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-04', 'origin', 'worker-0', 0, 1, 0, 1003, 103, 30, 0, 1, 1106),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-04', 'profile', 'dev', 0, 1, 0, 1003, 103, 30, 0, 1, 1106),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-04', 'provider', 'nowhere', 0, 1, 0, 1003, 103, 30, 0, 1, 1106),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-05', 'alias', 'fast', 0, 1, 0, 1004, 104, 40, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-05', 'model', 'gpt-5-mini', 0, 1, 0, 1004, 104, 40, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-05', 'origin', 'worker-1', 0, 1, 0, 1004, 104, 40, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-05', 'profile', 'default', 0, 1, 0, 1004, 104, 40, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-05', 'provider', 'openai', 0, 1, 0, 1004, 104, 40, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-06', 'alias', 'smart', 0, 1, 0, 1005, 105, 50, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-06', 'model', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1005, 105, 50, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-06', 'origin', 'worker-2', 0, 1, 0, 1005, 105, 50, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-06', 'profile', 'dev', 0, 1, 0, 1005, 105, 50, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-06', 'provider', 'anthropic', 0, 1, 0, 1005, 105, 50, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-07', 'alias', '', 0, 1, 0, 1006, 106, 60, 0, 1, 1112),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-07', 'model', 'gpt-5', 0, 1, 0, 1006, 106, 60, 0, 1, 1112),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-07', 'origin', 'worker-0', 0, 1, 0, 1006, 106, 60, 0, 1, 1112),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-07', 'profile', 'default', 0, 1, 0, 1006, 106, 60, 0, 1, 1112),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-07', 'provider', 'openai', 0, 1, 0, 1006, 106, 60, 0, 1, 1112),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-08', 'alias', '', 0, 1, 0, 1007, 107, 70, 0, 1, 1114),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-08', 'model', 'unknown-model', 0, 1, 0, 1007, 107, 70, 0, 1, 1114),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-08', 'origin', 'worker-1', 0, 1, 0, 1007, 107, 70, 0, 1, 1114),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-08', 'profile', 'dev', 0, 1, 0, 1007, 107, 70, 0, 1, 1114),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-08', 'provider', 'nowhere', 0, 1, 0, 1007, 107, 70, 0, 1, 1114),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-09', 'alias', 'fast', 0, 1, 0, 1008, 108, 80, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-09', 'model', 'gpt-5-mini', 0, 1, 0, 1008, 108, 80, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-09', 'origin', 'worker-2', 0, 1, 0, 1008, 108, 80, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-09', 'profile', 'default', 0, 1, 0, 1008, 108, 80, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-09', 'provider', 'openai', 0, 1, 0, 1008, 108, 80, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-10', 'alias', 'smart', 0, 1, 1, 1009, 109, 90, 0.004689, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-10', 'model', 'claude-sonnet-4-5-20250929', 0, 1, 1, 1009, 109, 90, 0.004689, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-10', 'origin', 'worker-0', 0, 1, 1, 1009, 109, 90, 0.004689, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-10', 'profile', 'dev', 0, 1, 1, 1009, 109, 90, 0.004689, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-10', 'provider', 'anthropic', 0, 1, 1, 1009, 109, 90, 0.004689, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-11', 'alias', '', 0, 1, 0, 1010, 110, 100, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-11', 'model', 'gpt-5', 0, 1, 0, 1010, 110, 100, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-11', 'origin', 'worker-1', 0, 1, 0, 1010, 110, 100, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-11', 'profile', 'default', 0, 1, 0, 1010, 110, 100, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-11', 'provider', 'openai', 0, 1, 0, 1010, 110, 100, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-12', 'alias', '', 0, 1, 0, 1011, 111, 110, 0, 1, 1122),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-12', 'model', 'unknown-model', 0, 1, 0, 1011, 111, 110, 0, 1, 1122),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-12', 'origin', 'worker-2', 0, 1, 0, 1011, 111, 110, 0, 1, 1122),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-12', 'profile', 'dev', 0, 1, 0, 1011, 111, 110, 0, 1, 1122),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-12', 'provider', 'nowhere', 0, 1, 0, 1011, 111, 110, 0, 1, 1122),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-13', 'alias', 'fast', 0, 1, 0, 1012, 112, 120, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-13', 'model', 'gpt-5-mini', 0, 1, 0, 1012, 112, 120, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-13', 'origin', 'worker-0', 0, 1, 0, 1012, 112, 120, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-13', 'profile', 'default', 0, 1, 0, 1012, 112, 120, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-13', 'provider', 'openai', 0, 1, 0, 1012, 112, 120, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-14', 'alias', 'smart', 0, 1, 0, 1013, 113, 130, 0.004773, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-14', 'model', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1013, 113, 130, 0.004773, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-14', 'origin', 'worker-1', 0, 1, 0, 1013, 113, 130, 0.004773, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-14', 'profile', 'dev', 0, 1, 0, 1013, 113, 130, 0.004773, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-14', 'provider', 'anthropic', 0, 1, 0, 1013, 113, 130, 0.004773, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-15', 'alias', '', 0, 1, 0, 1014, 114, 140, 0, 1, 1128),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-15', 'model', 'gpt-5', 0, 1, 0, 1014, 114, 140, 0, 1, 1128),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-15', 'origin', 'worker-2', 0, 1, 0, 1014, 114, 140, 0, 1, 1128),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-15', 'profile', 'default', 0, 1, 0, 1014, 114, 140, 0, 1, 1128),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-15', 'provider', 'openai', 0, 1, 0, 1014, 114, 140, 0, 1, 1128),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-16', 'alias', '', 0, 1, 0, 1015, 115, 150, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-16', 'model', 'unknown-model', 0, 1, 0, 1015, 115, 150, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-16', 'origin', 'worker-0', 0, 1, 0, 1015, 115, 150, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-16', 'profile', 'dev', 0, 1, 0, 1015, 115, 150, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-16', 'provider', 'nowhere', 0, 1, 0, 1015, 115, 150, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-17', 'alias', 'fast', 0, 1, 0, 1016, 116, 160, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-17', 'model', 'gpt-5-mini', 0, 1, 0, 1016, 116, 160, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-17', 'origin', 'worker-1', 0, 1, 0, 1016, 116, 160, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-17', 'profile', 'default', 0, 1, 0, 1016, 116, 160, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-17', 'provider', 'openai', 0, 1, 0, 1016, 116, 160, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-18', 'alias', 'smart', 0, 1, 0, 1017, 117, 170, 0.004857, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-18', 'model', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1017, 117, 170, 0.004857, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-18', 'origin', 'worker-2', 0, 1, 0, 1017, 117, 170, 0.004857, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-18', 'profile', 'dev', 0, 1, 0, 1017, 117, 170, 0.004857, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-18', 'provider', 'anthropic', 0, 1, 0, 1017, 117, 170, 0.004857, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-19', 'alias', '', 0, 1, 1, 1018, 118, 180, 0, 1, 1136),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-19', 'model', 'gpt-5', 0, 1, 1, 1018, 118, 180, 0, 1, 1136),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-19', 'origin', 'worker-0', 0, 1, 1, 1018, 118, 180, 0, 1, 1136),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-19', 'profile', 'default', 0, 1, 1, 1018, 118, 180, 0, 1, 1136),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-19', 'provider', 'openai', 0, 1, 1, 1018, 118, 180, 0, 1, 1136),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-20', 'alias', '', 0, 1, 0, 1019, 119, 190, 0, 1, 1138),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-20', 'model', 'unknown-model', 0, 1, 0, 1019, 119, 190, 0, 1, 1138),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-20', 'origin', 'worker-1', 0, 1, 0, 1019, 119, 190, 0, 1, 1138),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-20', 'profile', 'dev', 0, 1, 0, 1019, 119, 190, 0, 1, 1138),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-20', 'provider', 'nowhere', 0, 1, 0, 1019, 119, 190, 0, 1, 1138),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-21', 'alias', 'fast', 0, 1, 0, 1020, 120, 200, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-21', 'model', 'gpt-5-mini', 0, 1, 0, 1020, 120, 200, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-21', 'origin', 'worker-2', 0, 1, 0, 1020, 120, 200, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-21', 'profile', 'default', 0, 1, 0, 1020, 120, 200, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-21', 'provider', 'openai', 0, 1, 0, 1020, 120, 200, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-22', 'alias', 'smart', 0, 1, 0, 1021, 121, 210, 0.004941, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-22', 'model', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1021, 121, 210, 0.004941, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-22', 'origin', 'worker-0', 0, 1, 0, 1021, 121, 210, 0.004941, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-22', 'profile', 'dev', 0, 1, 0, 1021, 121, 210, 0.004941, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-22', 'provider', 'anthropic', 0, 1, 0, 1021, 121, 210, 0.004941, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-23', 'alias', '', 0, 1, 0, 1022, 122, 220, 0, 1, 1144),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-23', 'model', 'gpt-5', 0, 1, 0, 1022, 122, 220, 0, 1, 1144),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-23', 'origin', 'worker-1', 0, 1, 0, 1022, 122, 220, 0, 1, 1144),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-23', 'profile', 'default', 0, 1, 0, 1022, 122, 220, 0, 1, 1144),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-23', 'provider', 'openai', 0, 1, 0, 1022, 122, 220, 0, 1, 1144),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-24', 'alias', '', 0, 1, 0, 1023, 123, 230, 0, 1, 1146),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-24', 'model', 'unknown-model', 0, 1, 0, 1023, 123, 230, 0, 1, 1146),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-24', 'origin', 'worker-2', 0, 1, 0, 1023, 123, 230, 0, 1, 1146),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-24', 'profile', 'dev', 0, 1, 0, 1023, 123, 230, 0, 1, 1146),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-24', 'provider', 'nowhere', 0, 1, 0, 1023, 123, 230, 0, 1, 1146),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-25', 'alias', 'fast', 0, 1, 0, 1024, 124, 240, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-25', 'model', 'gpt-5-mini', 0, 1, 0, 1024, 124, 240, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-25', 'origin', 'worker-0', 0, 1, 0, 1024, 124, 240, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-25', 'profile', 'default', 0, 1, 0, 1024, 124, 240, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-25', 'provider', 'openai', 0, 1, 0, 1024, 124, 240, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-26', 'alias', 'smart', 0, 1, 0, 1025, 125, 250, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-26', 'model', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1025, 125, 250, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-26', 'origin', 'worker-1', 0, 1, 0, 1025, 125, 250, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-26', 'profile', 'dev', 0, 1, 0, 1025, 125, 250, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-26', 'provider', 'anthropic', 0, 1, 0, 1025, 125, 250, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-27', 'alias', '', 0, 1, 0, 1026, 126, 260, 0, 1, 1152),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-27', 'model', 'gpt-5', 0, 1, 0, 1026, 126, 260, 0, 1, 1152),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-27', 'origin', 'worker-2', 0, 1, 0, 1026, 126, 260, 0, 1, 1152),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-27', 'profile', 'default', 0, 1, 0, 1026, 126, 260, 0, 1, 1152),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-27', 'provider', 'openai', 0, 1, 0, 1026, 126, 260, 0, 1, 1152),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-28', 'alias', '', 0, 1, 1, 1027, 127, 270, 0, 1, 1154),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-28', 'model', 'unknown-model', 0, 1, 1, 1027, 127, 270, 0, 1, 1154),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-28', 'origin', 'worker-0', 0, 1, 1, 1027, 127, 270, 0, 1, 1154),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-28', 'profile', 'dev', 0, 1, 1, 1027, 127, 270, 0, 1, 1154),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-28', 'provider', 'nowhere', 0, 1, 1, 1027, 127, 270, 0, 1, 1154),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-01', 'alias', 'fast', 0, 1, 0, 1028, 128, 280, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-01', 'model', 'gpt-5-mini', 0, 1, 0, 1028, 128, 280, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-01', 'origin', 'worker-1', 0, 1, 0, 1028, 128, 280, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-01', 'profile', 'default', 0, 1, 0, 1028, 128, 280, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-01', 'provider', 'openai', 0, 1, 0, 1028, 128, 280, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-02', 'alias', 'smart', 0, 1, 0, 1029, 129, 290, 0.005109, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-02', 'model', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1029, 129, 290, 0.005109, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-02', 'origin', 'worker-2', 0, 1, 0, 1029, 129, 290, 0.005109, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-02', 'profile', 'dev', 0, 1, 0, 1029, 129, 290, 0.005109, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-02', 'provider', 'anthropic', 0, 1, 0, 1029, 129, 290, 0.005109, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-03', 'alias', '', 0, 1, 0, 1030, 130, 300, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-03', 'model', 'gpt-5', 0, 1, 0, 1030, 130, 300, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-03', 'origin', 'worker-0', 0, 1, 0, 1030, 130, 300, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-03', 'profile', 'default', 0, 1, 0, 1030, 130, 300, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-03', 'provider', 'openai', 0, 1, 0, 1030, 130, 300, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-04', 'alias', '', 0, 1, 0, 1031, 131, 310, 0, 1, 1162),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-04', 'model', 'unknown-model', 0, 1, 0, 1031, 131, 310, 0, 1, 1162),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-04', 'origin', 'worker-1', 0, 1, 0, 1031, 131, 310, 0, 1, 1162),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-04', 'profile', 'dev', 0, 1, 0, 1031, 131, 310, 0, 1, 1162),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-04', 'provider', 'nowhere', 0, 1, 0, 1031, 131, 310, 0, 1, 1162),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-05', 'alias', 'fast', 0, 1, 0, 1032, 132, 320, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-05', 'model', 'gpt-5-mini', 0, 1, 0, 1032, 132, 320, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-05', 'origin', 'worker-2', 0, 1, 0, 1032, 132, 320, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-05', 'profile', 'default', 0, 1, 0, 1032, 132, 320, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-05', 'provider', 'openai', 0, 1, 0, 1032, 132, 320, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-06', 'alias', 'smart', 0, 1, 0, 1033, 133, 330, 0.005193, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-06', 'model', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1033, 133, 330, 0.005193, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-06', 'origin', 'worker-0', 0, 1, 0, 1033, 133, 330, 0.005193, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-06', 'profile', 'dev', 0, 1, 0, 1033, 133, 330, 0.005193, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-06', 'provider', 'anthropic', 0, 1, 0, 1033, 133, 330, 0.005193, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-07', 'alias', '', 0, 1, 0, 1034, 134, 340, 0, 1, 1168),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-07', 'model', 'gpt-5', 0, 1, 0, 1034, 134, 340, 0, 1, 1168),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-07', 'origin', 'worker-1', 0, 1, 0, 1034, 134, 340, 0, 1, 1168),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-07', 'profile', 'default', 0, 1, 0, 1034, 134, 340, 0, 1, 1168),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-07', 'provider', 'openai', 0, 1, 0, 1034, 134, 340, 0, 1, 1168),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-08', 'alias', '', 0, 1, 0, 1035, 135, 350, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-08', 'model', 'unknown-model', 0, 1, 0, 1035, 135, 350, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-08', 'origin', 'worker-2', 0, 1, 0, 1035, 135, 350, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-08', 'profile', 'dev', 0, 1, 0, 1035, 135, 350, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-08', 'provider', 'nowhere', 0, 1, 0, 1035, 135, 350, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-09', 'alias', 'fast', 0, 1, 1, 1036, 136, 360, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-09', 'model', 'gpt-5-mini', 0, 1, 1, 1036, 136, 360, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-09', 'origin', 'worker-0', 0, 1, 1, 1036, 136, 360, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-09', 'profile', 'default', 0, 1, 1, 1036, 136, 360, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-09', 'provider', 'openai', 0, 1, 1, 1036, 136, 360, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-10', 'alias', 'smart', 0, 1, 0, 1037, 137, 370, 0.005277, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-10', 'model', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1037, 137, 370, 0.005277, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-10', 'origin', 'worker-1', 0, 1, 0, 1037, 137, 370, 0.005277, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-10', 'profile', 'dev', 0, 1, 0, 1037, 137, 370, 0.005277, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-10', 'provider', 'anthropic', 0, 1, 0, 1037, 137, 370, 0.005277, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-11', 'alias', '', 0, 1, 0, 1038, 138, 380, 0, 1, 1176),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-11', 'model', 'gpt-5', 0, 1, 0, 1038, 138, 380, 0, 1, 1176),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-11', 'origin', 'worker-2', 0, 1, 0, 1038, 138, 380, 0, 1, 1176),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-11', 'profile', 'default', 0, 1, 0, 1038, 138, 380, 0, 1, 1176),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-11', 'provider', 'openai', 0, 1, 0, 1038, 138, 380, 0, 1, 1176),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-12', 'alias', '', 0, 1, 0, 1039, 139, 390, 0, 1, 1178),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-12', 'model', 'unknown-model', 0, 1, 0, 1039, 139, 390, 0, 1, 1178),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-12', 'origin', 'worker-0', 0, 1, 0, 1039, 139, 390, 0, 1, 1178),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-12', 'profile', 'dev', 0, 1, 0, 1039, 139, 390, 0, 1, 1178),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-12', 'provider', 'nowhere', 0, 1, 0, 1039, 139, 390, 0, 1, 1178);
INSERT INTO llmring.usage_daily VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-30', 'alias', '', 0, 5, 0, 35, 15, 0, 0.005, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-30', 'origin', '', 0, 5, 0, 35, 15, 0, 0.005, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-30', 'profile', 'default', 0, 5, 0, 35, 15, 0, 0.005, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-30', 'alias', 'fast', 0, 1, 0, 1000, 50, 10, 0.25, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-30', 'model', 'gpt-5-mini', 0, 6, 0, 1035, 65, 10, 0.255, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-30', 'origin', 'tests', 0, 1, 0, 1000, 50, 10, 0.25, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-30', 'profile', 'dev', 0, 1, 0, 1000, 50, 10, 0.25, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-30', 'provider', 'openai', 0, 6, 0, 1035, 65, 10, 0.255, 0, 0);
INSERT INTO llmring.usage_facts VALUES
	('timezone', 'UTC'),
	('alias_hours', '2026-11-30T17:00:00+00:00'),
	('latency_months', '2026-11-30');
INSERT INTO llmring.usage_keys VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-0', 'aa94dae2814c4c3b3b5ee3cbedb4e429', '01a22d77-67c1-71b1-b1b8-a993917472d1', '2026-09-01 00:30:00+00', 0.0125, 'client', 'priced', '2026-11-30 17:18:49.792885+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-1', '818d52352a53ec5e265e31ed4a18075d', '01a22d77-67dd-72af-8d34-f0253b61f7aa', '2026-10-02 01:30:00+00', 0.004521, 'registry', 'priced', '2026-11-30 17:18:49.821767+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-2', 'e5eb31a475c97615ae2a96adc0d4d290', '01a22d77-67f9-725c-8523-c7fec9b9d457', '2026-11-03 02:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.849153+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-3', '9e1876cf8c5ca3111b2d75b550d303df', '01a22d77-67fe-76f4-bd6c-88385c1a63f7', '2026-09-04 03:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.854642+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-4', '26df3618fc236a7aca45792c6669dedd', '01a22d77-6803-70fb-8f31-e53cf42209c6', '2026-10-05 04:30:00+00', 0.00045, 'registry', 'priced', '2026-11-30 17:18:49.859538+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-5', '604c5fb7c6e3718b0552a68c354687ac', '01a22d77-680d-72ff-a12c-15741b1e3307', '2026-11-06 05:30:00+00', 0.0125, 'client', 'priced', '2026-11-30 17:18:49.869781+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-6', '8ac26fb451fc4e785693ee35285f120b', '01a22d77-6814-738a-8faa-cdf431664e55', '2026-09-07 06:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.87632+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-7', 'c311abf1e493187eb136a6a30227d86b', '01a22d77-6818-75a1-abc1-6ca0135c1887', '2026-10-08 07:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.880342+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-8', 'cabeeb082175fcafbff6714af392b404', '01a22d77-681c-7653-9cc4-a88d7abfcf05', '2026-11-09 08:30:00+00', 0.00045, 'registry', 'priced', '2026-11-30 17:18:49.884214+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-9', '26f73f60e8c196c9d0bf69adbe588fd8', '01a22d77-6821-71ee-859b-bb2d11af04aa', '2026-09-10 09:30:00+00', 0.004689, 'registry', 'priced', '2026-11-30 17:18:49.889458+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-10', '6e2f042706e311ee2bc5f5e0c384f567', '01a22d77-6828-72e3-9fac-20d8e6d291f3', '2026-10-11 10:30:00+00', 0.0125, 'client', 'priced', '2026-11-30 17:18:49.89642+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-11', 'cbed0cedaf956e20aecc3e5e1e46ce34', '01a22d77-682d-7062-9467-8336c6c4876c', '2026-11-12 11:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.901011+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-12', '52de54b10b641fe812fa572ad560eef5', '01a22d77-682f-74ac-921d-9e673c3518fd', '2026-09-13 12:30:00+00', 0.00045, 'registry', 'priced', '2026-11-30 17:18:49.903751+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-13', '45f9d24e809bf5fd4847f6579b538aae', '01a22d77-6833-774c-86c7-e82443365ce8', '2026-10-14 13:30:00+00', 0.004773, 'registry', 'priced', '2026-11-30 17:18:49.907015+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-14', '3c31fa6d925cecd68e5b9be3b0f34700', '01a22d77-6836-70ef-a7c7-f1ffddfee1d4', '2026-11-15 14:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.910243+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-15', '617b4ce475063499a4b6da52b3fa126a', '01a22d77-6838-7214-82b4-920c3738e95b', '2026-09-16 15:30:00+00', 0.0125, 'client', 'priced', '2026-11-30 17:18:49.912383+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-16', 'bf59857bfad34b3c1ce01710cdb567cb', '01a22d77-683c-73cc-ab32-47a7c42eade8', '2026-10-17 16:30:00+00', 0.00045, 'registry', 'priced', '2026-11-30 17:18:49.916632+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-17', 'd62a637e534cc2cfc3af293dee868bed', '01a22d77-6841-7192-baad-2f6cf098f865', '2026-11-18 17:30:00+00', 0.004857, 'registry', 'priced', '2026-11-30 17:18:49.921084+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-18', '461a898ef5ff047113a35e9ab8ab4962', '01a22d77-6844-71c5-a5a9-04ff19db207a', '2026-09-19 18:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.924098+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-19', '08daa4c4863d82c488b349e2994564ef', '01a22d77-6846-7003-8c1f-7554cba443c8', '2026-10-20 19:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.926195+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-20', '1f1f5bd3af3a48ce57ccd5b6b134cb61', '01a22d77-6848-734f-bbf0-a93d2be28991', '2026-11-21 20:30:00+00', 0.0125, 'client', 'priced', '2026-11-30 17:18:49.92842+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-21', 'ee7c000323c18893607669ae3b6a261f', '01a22d77-684b-755c-af76-2458ec25b38d', '2026-09-22 21:30:00+00', 0.004941, 'registry', 'priced', '2026-11-30 17:18:49.931185+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-22', '8b8301d00593c70c7a2ca22c64fdfc2d', '01a22d77-684f-74f5-9504-ef42e9013b9b', '2026-10-23 22:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.935343+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-23', '7bdd19caa3fda4e9ce951444c204afd1', '01a22d77-6852-761b-a13a-e93dcef0b3ec', '2026-11-24 23:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.938229+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-24', '5185257b407164e0121ef1610c9909b7', '01a22d77-6858-7664-b9c7-d26b97b9d239', '2026-09-25 00:30:00+00', 0.00045, 'registry', 'priced', '2026-11-30 17:18:49.944204+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-25', '758f03a834e691d5de01da225988ab52', '01a22d77-685b-7239-a652-0666fa26da76', '2026-10-26 01:30:00+00', 0.0125, 'client', 'priced', '2026-11-30 17:18:49.94732+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-26', 'c71bb9fd4afb8033ab391fe0312d6da6', '01a22d77-685e-7526-80c4-f4d36cf857d1', '2026-11-27 02:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.950426+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-27', '287ec8664d0bf82c7b2f4e0e6f463949', '01a22d77-6861-744c-b54a-0966cc4f99f2', '2026-09-28 03:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.953419+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-28', '105d6266b1e2470637dfe427111909bb', '01a22d77-6864-7128-b89a-4040b543ea96', '2026-10-01 04:30:00+00', 0.00045, 'registry', 'priced', '2026-11-30 17:18:49.956279+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-29', '2a6a7309411dc0d578c4695082350e75', '01a22d77-6867-752b-9f58-ed5127cd1f76', '2026-11-02 05:30:00+00', 0.005109, 'registry', 'priced', '2026-11-30 17:18:49.959617+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-30', '8f36072c25abda795d0f69e9e3599c4a', '01a22d77-686b-77f6-8aa9-07bc2b158df3', '2026-09-03 06:30:00+00', 0.0125, 'client', 'priced', '2026-11-30 17:18:49.963573+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-31', 'ef1a2ccc9651ed4ccc3c0e1bc2abc15f', '01a22d77-686f-707e-b152-0ee974567ed2', '2026-10-04 07:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.967111+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-32', 'a32490a81c0a014e6254b8dfe14741d9', '01a22d77-6871-7027-9406-08243243c4cd', '2026-11-05 08:30:00+00', 0.00045, 'registry', 'priced', '2026-11-30 17:18:49.969885+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-33', '6aaac3f820242c199a624ce86d94e09c', '01a22d77-6877-71cd-beb0-3e1628e3454c', '2026-09-06 09:30:00+00', 0.005193, 'registry', 'priced', '2026-11-30 17:18:49.975081+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-34', '76fe8bc4e333877d8d5f56abbb7a7df9', '01a22d77-687b-73f3-9870-a27e84661cc6', '2026-10-07 10:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.979199+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-35', '526efc156cda2c2d80997bc3a42a3a05', '01a22d77-687d-7791-a00e-8f83ecfbd563', '2026-11-08 11:30:00+00', 0.0125, 'client', 'priced', '2026-11-30 17:18:49.981366+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-36', '3581c51f6d53f8cab50cb95e3b03d827', '01a22d77-6880-750e-81ed-ccd6bfa3d9da', '2026-09-09 12:30:00+00', 0.00045, 'registry', 'priced', '2026-11-30 17:18:49.984114+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-37', '6995842d24a4ef77cd012afade79af0e', '01a22d77-6882-731b-a665-0df52ea03306', '2026-10-10 13:30:00+00', 0.005277, 'registry', 'priced', '2026-11-30 17:18:49.986892+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-38', '527a9dfcb57477cf5b29e551541fd9a9', '01a22d77-6886-764b-a7d2-42fe726b5d99', '2026-11-11 14:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.990629+00'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'call-39', '741e33d81f4922e6267811aa98cf551b', '01a22d77-6888-717d-9ad1-6e80d28b1030', '2026-09-12 15:30:00+00', NULL, NULL, 'model_not_in_registry', '2026-11-30 17:18:49.99293+00');
INSERT INTO llmring.usage_latencies VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-01', 'gpt-5-mini', 29, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-02', 'claude-sonnet-4-5-20250929', 29, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-03', 'gpt-5', 29, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-04', 'unknown-model', 29, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-05', 'gpt-5-mini', 29, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-06', 'claude-sonnet-4-5-20250929', 30, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-07', 'gpt-5', 30, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-08', 'unknown-model', 30, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-09', 'gpt-5-mini', 30, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-10', 'claude-sonnet-4-5-20250929', 30, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-11', 'gpt-5', 30, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-12', 'unknown-model', 30, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-13', 'gpt-5-mini', 31, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-14', 'claude-sonnet-4-5-20250929', 31, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-15', 'gpt-5', 31, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-16', 'unknown-model', 31, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-17', 'gpt-5-mini', 31, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-18', 'claude-sonnet-4-5-20250929', 31, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-19', 'gpt-5', 31, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-20', 'unknown-model', 32, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-21', 'gpt-5-mini', 32, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-22', 'claude-sonnet-4-5-20250929', 32, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-23', 'gpt-5', 32, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-24', 'unknown-model', 32, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-25', 'gpt-5-mini', 32, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-26', 'claude-sonnet-4-5-20250929', 32, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-27', 'gpt-5', 32, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-28', 'unknown-model', 32, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-01', 'gpt-5-mini', 32, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-02', 'claude-sonnet-4-5-20250929', 33, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-03', 'gpt-5', 33, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-04', 'unknown-model', 33, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-05', 'gpt-5-mini', 33, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-06', 'claude-sonnet-4-5-20250929', 33, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-07', 'gpt-5', 33, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-08', 'unknown-model', 33, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-09', 'gpt-5-mini', 33, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-10', 'claude-sonnet-4-5-20250929', 33, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-11', 'gpt-5', 33, 0, 1),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-12', 'unknown-model', 34, 0, 1);
INSERT INTO llmring.usage_logs_2026_09 VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-01 00:30:00+00', '01a22d77-67c1-71b1-b1b8-a993917472d1', '2026-11-30 17:18:49.792885+00', 'openai', 'gpt-5-mini', 'fast', 'default', 'worker-0', NULL, 1000, 100, 0, 1000, 0, 0, 0, 0, 0, 0.0125, 'client', 'priced', 0.00045, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', 200.0, 'error', NULL, NULL, NULL, '{"customer":"c0"}', '{"n": 0}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-04 03:30:00+00', '01a22d77-67fe-76f4-bd6c-88385c1a63f7', '2026-11-30 17:18:49.854642+00', 'nowhere', 'unknown-model', NULL, 'dev', 'worker-0', NULL, 1003, 103, 30, 973, 30, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 222.5, 'success', NULL, NULL, NULL, '{"customer":"c3"}', '{"n": 3}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-07 06:30:00+00', '01a22d77-6814-738a-8faa-cdf431664e55', '2026-11-30 17:18:49.87632+00', 'openai', 'gpt-5', NULL, 'default', 'worker-0', NULL, 1006, 106, 60, 946, 60, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 245.0, 'success', NULL, NULL, NULL, '{"customer":"c2"}', '{"n": 6}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-10 09:30:00+00', '01a22d77-6821-71ee-859b-bb2d11af04aa', '2026-11-30 17:18:49.889458+00', 'anthropic', 'claude-sonnet-4-5-20250929', 'smart', 'dev', 'worker-0', NULL, 1009, 109, 90, 1009, 90, 0, 0, 0, 0, 0.004689, 'registry', 'priced', 0.004689, 'anthropic:claude-sonnet-4-5-20250929', 'anthropic.2', '{"input":3.0,"output":15.0,"cache_read":0.3,"cache_write_5m":3.75,"cache_write_1h":6.0,"long_context_threshold":200000,"input_long_context":6.0,"output_long_context":22.5}', 267.5, 'error', NULL, NULL, NULL, '{"customer":"c1"}', '{"n": 9}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-13 12:30:00+00', '01a22d77-682f-74ac-921d-9e673c3518fd', '2026-11-30 17:18:49.903751+00', 'openai', 'gpt-5-mini', 'fast', 'default', 'worker-0', NULL, 1012, 112, 120, 892, 120, 0, 0, 0, 0, 0.00045, 'registry', 'priced', 0.00045, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', 290.0, 'success', NULL, NULL, NULL, '{"customer":"c0"}', '{"n": 12}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-16 15:30:00+00', '01a22d77-6838-7214-82b4-920c3738e95b', '2026-11-30 17:18:49.912383+00', 'nowhere', 'unknown-model', NULL, 'dev', 'worker-0', NULL, 1015, 115, 150, 865, 150, 0, 0, 0, 0, 0.0125, 'client', 'priced', NULL, NULL, NULL, NULL, 312.5, 'success', NULL, NULL, NULL, '{"customer":"c3"}', '{"n": 15}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-19 18:30:00+00', '01a22d77-6844-71c5-a5a9-04ff19db207a', '2026-11-30 17:18:49.924098+00', 'openai', 'gpt-5', NULL, 'default', 'worker-0', NULL, 1018, 118, 180, 838, 180, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 335.0, 'error', NULL, NULL, NULL, '{"customer":"c2"}', '{"n": 18}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-22 21:30:00+00', '01a22d77-684b-755c-af76-2458ec25b38d', '2026-11-30 17:18:49.931185+00', 'anthropic', 'claude-sonnet-4-5-20250929', 'smart', 'dev', 'worker-0', NULL, 1021, 121, 210, 1021, 210, 0, 0, 0, 0, 0.004941, 'registry', 'priced', 0.004941, 'anthropic:claude-sonnet-4-5-20250929', 'anthropic.2', '{"input":3.0,"output":15.0,"cache_read":0.3,"cache_write_5m":3.75,"cache_write_1h":6.0,"long_context_threshold":200000,"input_long_context":6.0,"output_long_context":22.5}', 357.5, 'success', NULL, NULL, NULL, '{"customer":"c1"}', '{"n": 21}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-25 00:30:00+00', '01a22d77-6858-7664-b9c7-d26b97b9d239', '2026-11-30 17:18:49.944204+00', 'openai', 'gpt-5-mini', 'fast', 'default', 'worker-0', NULL, 1024, 124, 240, 784, 240, 0, 0, 0, 0, 0.00045, 'registry', 'priced', 0.00045, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', 380.0, 'success', NULL, NULL, NULL, '{"customer":"c0"}', '{"n": 24}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-28 03:30:00+00', '01a22d77-6861-744c-b54a-0966cc4f99f2', '2026-11-30 17:18:49.953419+00', 'nowhere', 'unknown-model', NULL, 'dev', 'worker-0', NULL, 1027, 127, 270, 757, 270, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 402.5, 'error', NULL, NULL, NULL, '{"customer":"c3"}', '{"n": 27}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-03 06:30:00+00', '01a22d77-686b-77f6-8aa9-07bc2b158df3', '2026-11-30 17:18:49.963573+00', 'openai', 'gpt-5', NULL, 'default', 'worker-0', NULL, 1030, 130, 300, 730, 300, 0, 0, 0, 0, 0.0125, 'client', 'priced', NULL, NULL, NULL, NULL, 425.0, 'success', NULL, NULL, NULL, '{"customer":"c2"}', '{"n": 30}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-06 09:30:00+00', '01a22d77-6877-71cd-beb0-3e1628e3454c', '2026-11-30 17:18:49.975081+00', 'anthropic', 'claude-sonnet-4-5-20250929', 'smart', 'dev', 'worker-0', NULL, 1033, 133, 330, 1033, 330, 0, 0, 0, 0, 0.005193, 'registry', 'priced', 0.005193, 'anthropic:claude-sonnet-4-5-20250929', 'anthropic.2', '{"input":3.0,"output":15.0,"cache_read":0.3,"cache_write_5m":3.75,"cache_write_1h":6.0,"long_context_threshold":200000,"input_long_context":6.0,"output_long_context":22.5}', 447.5, 'success', NULL, NULL, NULL, '{"customer":"c1"}', '{"n": 33}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-09 12:30:00+00', '01a22d77-6880-750e-81ed-ccd6bfa3d9da', '2026-11-30 17:18:49.984114+00', 'openai', 'gpt-5-mini', 'fast', 'default', 'worker-0', NULL, 1036, 136, 360, 676, 360, 0, 0, 0, 0, 0.00045, 'registry', 'priced', 0.00045, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', 470.0, 'error', NULL, NULL, NULL, '{"customer":"c0"}', '{"n": 36}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-09-12 15:30:00+00', '01a22d77-6888-717d-9ad1-6e80d28b1030', '2026-11-30 17:18:49.99293+00', 'nowhere', 'unknown-model', NULL, 'dev', 'worker-0', NULL, 1039, 139, 390, 649, 390, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 492.5, 'success', NULL, NULL, NULL, '{"customer":"c3"}', '{"n": 39}');
INSERT INTO llmring.usage_logs_2026_10 VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-02 01:30:00+00', '01a22d77-67dd-72af-8d34-f0253b61f7aa', '2026-11-30 17:18:49.821767+00', 'anthropic', 'claude-sonnet-4-5-20250929', 'smart', 'dev', 'worker-1', NULL, 1001, 101, 10, 1001, 10, 0, 0, 0, 0, 0.004521, 'registry', 'priced', 0.004521, 'anthropic:claude-sonnet-4-5-20250929', 'anthropic.2', '{"input":3.0,"output":15.0,"cache_read":0.3,"cache_write_5m":3.75,"cache_write_1h":6.0,"long_context_threshold":200000,"input_long_context":6.0,"output_long_context":22.5}', 207.5, 'success', NULL, NULL, NULL, '{"customer":"c1"}', '{"n": 1}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-05 04:30:00+00', '01a22d77-6803-70fb-8f31-e53cf42209c6', '2026-11-30 17:18:49.859538+00', 'openai', 'gpt-5-mini', 'fast', 'default', 'worker-1', NULL, 1004, 104, 40, 964, 40, 0, 0, 0, 0, 0.00045, 'registry', 'priced', 0.00045, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', 230.0, 'success', NULL, NULL, NULL, '{"customer":"c0"}', '{"n": 4}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-08 07:30:00+00', '01a22d77-6818-75a1-abc1-6ca0135c1887', '2026-11-30 17:18:49.880342+00', 'nowhere', 'unknown-model', NULL, 'dev', 'worker-1', NULL, 1007, 107, 70, 937, 70, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 252.5, 'success', NULL, NULL, NULL, '{"customer":"c3"}', '{"n": 7}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-11 10:30:00+00', '01a22d77-6828-72e3-9fac-20d8e6d291f3', '2026-11-30 17:18:49.89642+00', 'openai', 'gpt-5', NULL, 'default', 'worker-1', NULL, 1010, 110, 100, 910, 100, 0, 0, 0, 0, 0.0125, 'client', 'priced', NULL, NULL, NULL, NULL, 275.0, 'success', NULL, NULL, NULL, '{"customer":"c2"}', '{"n": 10}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-14 13:30:00+00', '01a22d77-6833-774c-86c7-e82443365ce8', '2026-11-30 17:18:49.907015+00', 'anthropic', 'claude-sonnet-4-5-20250929', 'smart', 'dev', 'worker-1', NULL, 1013, 113, 130, 1013, 130, 0, 0, 0, 0, 0.004773, 'registry', 'priced', 0.004773, 'anthropic:claude-sonnet-4-5-20250929', 'anthropic.2', '{"input":3.0,"output":15.0,"cache_read":0.3,"cache_write_5m":3.75,"cache_write_1h":6.0,"long_context_threshold":200000,"input_long_context":6.0,"output_long_context":22.5}', 297.5, 'success', NULL, NULL, NULL, '{"customer":"c1"}', '{"n": 13}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-17 16:30:00+00', '01a22d77-683c-73cc-ab32-47a7c42eade8', '2026-11-30 17:18:49.916632+00', 'openai', 'gpt-5-mini', 'fast', 'default', 'worker-1', NULL, 1016, 116, 160, 856, 160, 0, 0, 0, 0, 0.00045, 'registry', 'priced', 0.00045, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', 320.0, 'success', NULL, NULL, NULL, '{"customer":"c0"}', '{"n": 16}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-20 19:30:00+00', '01a22d77-6846-7003-8c1f-7554cba443c8', '2026-11-30 17:18:49.926195+00', 'nowhere', 'unknown-model', NULL, 'dev', 'worker-1', NULL, 1019, 119, 190, 829, 190, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 342.5, 'success', NULL, NULL, NULL, '{"customer":"c3"}', '{"n": 19}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-23 22:30:00+00', '01a22d77-684f-74f5-9504-ef42e9013b9b', '2026-11-30 17:18:49.935343+00', 'openai', 'gpt-5', NULL, 'default', 'worker-1', NULL, 1022, 122, 220, 802, 220, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 365.0, 'success', NULL, NULL, NULL, '{"customer":"c2"}', '{"n": 22}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-26 01:30:00+00', '01a22d77-685b-7239-a652-0666fa26da76', '2026-11-30 17:18:49.94732+00', 'anthropic', 'claude-sonnet-4-5-20250929', 'smart', 'dev', 'worker-1', NULL, 1025, 125, 250, 1025, 250, 0, 0, 0, 0, 0.0125, 'client', 'priced', 0.005025, 'anthropic:claude-sonnet-4-5-20250929', 'anthropic.2', '{"input":3.0,"output":15.0,"cache_read":0.3,"cache_write_5m":3.75,"cache_write_1h":6.0,"long_context_threshold":200000,"input_long_context":6.0,"output_long_context":22.5}', 387.5, 'success', NULL, NULL, NULL, '{"customer":"c1"}', '{"n": 25}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-01 04:30:00+00', '01a22d77-6864-7128-b89a-4040b543ea96', '2026-11-30 17:18:49.956279+00', 'openai', 'gpt-5-mini', 'fast', 'default', 'worker-1', NULL, 1028, 128, 280, 748, 280, 0, 0, 0, 0, 0.00045, 'registry', 'priced', 0.00045, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', 410.0, 'success', NULL, NULL, NULL, '{"customer":"c0"}', '{"n": 28}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-04 07:30:00+00', '01a22d77-686f-707e-b152-0ee974567ed2', '2026-11-30 17:18:49.967111+00', 'nowhere', 'unknown-model', NULL, 'dev', 'worker-1', NULL, 1031, 131, 310, 721, 310, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 432.5, 'success', NULL, NULL, NULL, '{"customer":"c3"}', '{"n": 31}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-07 10:30:00+00', '01a22d77-687b-73f3-9870-a27e84661cc6', '2026-11-30 17:18:49.979199+00', 'openai', 'gpt-5', NULL, 'default', 'worker-1', NULL, 1034, 134, 340, 694, 340, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 455.0, 'success', NULL, NULL, NULL, '{"customer":"c2"}', '{"n": 34}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-10-10 13:30:00+00', '01a22d77-6882-731b-a665-0df52ea03306', '2026-11-30 17:18:49.986892+00', 'anthropic', 'claude-sonnet-4-5-20250929', 'smart', 'dev', 'worker-1', NULL, 1037, 137, 370, 1037, 370, 0, 0, 0, 0, 0.005277, 'registry', 'priced', 0.005277, 'anthropic:claude-sonnet-4-5-20250929', 'anthropic.2', '{"input":3.0,"output":15.0,"cache_read":0.3,"cache_write_5m":3.75,"cache_write_1h":6.0,"long_context_threshold":200000,"input_long_context":6.0,"output_long_context":22.5}', 477.5, 'success', NULL, NULL, NULL, '{"customer":"c1"}', '{"n": 37}');
INSERT INTO llmring.usage_logs_2026_11 VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-03 02:30:00+00', '01a22d77-67f9-725c-8523-c7fec9b9d457', '2026-11-30 17:18:49.849153+00', 'openai', 'gpt-5', NULL, 'default', 'worker-2', NULL, 1002, 102, 20, 982, 20, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 215.0, 'success', NULL, NULL, NULL, '{"customer":"c2"}', '{"n": 2}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-06 05:30:00+00', '01a22d77-680d-72ff-a12c-15741b1e3307', '2026-11-30 17:18:49.869781+00', 'anthropic', 'claude-sonnet-4-5-20250929', 'smart', 'dev', 'worker-2', NULL, 1005, 105, 50, 1005, 50, 0, 0, 0, 0, 0.0125, 'client', 'priced', 0.004605, 'anthropic:claude-sonnet-4-5-20250929', 'anthropic.2', '{"input":3.0,"output":15.0,"cache_read":0.3,"cache_write_5m":3.75,"cache_write_1h":6.0,"long_context_threshold":200000,"input_long_context":6.0,"output_long_context":22.5}', 237.5, 'success', NULL, NULL, NULL, '{"customer":"c1"}', '{"n": 5}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-09 08:30:00+00', '01a22d77-681c-7653-9cc4-a88d7abfcf05', '2026-11-30 17:18:49.884214+00', 'openai', 'gpt-5-mini', 'fast', 'default', 'worker-2', NULL, 1008, 108, 80, 928, 80, 0, 0, 0, 0, 0.00045, 'registry', 'priced', 0.00045, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', 260.0, 'success', NULL, NULL, NULL, '{"customer":"c0"}', '{"n": 8}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-12 11:30:00+00', '01a22d77-682d-7062-9467-8336c6c4876c', '2026-11-30 17:18:49.901011+00', 'nowhere', 'unknown-model', NULL, 'dev', 'worker-2', NULL, 1011, 111, 110, 901, 110, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 282.5, 'success', NULL, NULL, NULL, '{"customer":"c3"}', '{"n": 11}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-15 14:30:00+00', '01a22d77-6836-70ef-a7c7-f1ffddfee1d4', '2026-11-30 17:18:49.910243+00', 'openai', 'gpt-5', NULL, 'default', 'worker-2', NULL, 1014, 114, 140, 874, 140, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 305.0, 'success', NULL, NULL, NULL, '{"customer":"c2"}', '{"n": 14}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-18 17:30:00+00', '01a22d77-6841-7192-baad-2f6cf098f865', '2026-11-30 17:18:49.921084+00', 'anthropic', 'claude-sonnet-4-5-20250929', 'smart', 'dev', 'worker-2', NULL, 1017, 117, 170, 1017, 170, 0, 0, 0, 0, 0.004857, 'registry', 'priced', 0.004857, 'anthropic:claude-sonnet-4-5-20250929', 'anthropic.2', '{"input":3.0,"output":15.0,"cache_read":0.3,"cache_write_5m":3.75,"cache_write_1h":6.0,"long_context_threshold":200000,"input_long_context":6.0,"output_long_context":22.5}', 327.5, 'success', NULL, NULL, NULL, '{"customer":"c1"}', '{"n": 17}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-21 20:30:00+00', '01a22d77-6848-734f-bbf0-a93d2be28991', '2026-11-30 17:18:49.92842+00', 'openai', 'gpt-5-mini', 'fast', 'default', 'worker-2', NULL, 1020, 120, 200, 820, 200, 0, 0, 0, 0, 0.0125, 'client', 'priced', 0.00045, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', 350.0, 'success', NULL, NULL, NULL, '{"customer":"c0"}', '{"n": 20}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-24 23:30:00+00', '01a22d77-6852-761b-a13a-e93dcef0b3ec', '2026-11-30 17:18:49.938229+00', 'nowhere', 'unknown-model', NULL, 'dev', 'worker-2', NULL, 1023, 123, 230, 793, 230, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 372.5, 'success', NULL, NULL, NULL, '{"customer":"c3"}', '{"n": 23}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-27 02:30:00+00', '01a22d77-685e-7526-80c4-f4d36cf857d1', '2026-11-30 17:18:49.950426+00', 'openai', 'gpt-5', NULL, 'default', 'worker-2', NULL, 1026, 126, 260, 766, 260, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 395.0, 'success', NULL, NULL, NULL, '{"customer":"c2"}', '{"n": 26}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-02 05:30:00+00', '01a22d77-6867-752b-9f58-ed5127cd1f76', '2026-11-30 17:18:49.959617+00', 'anthropic', 'claude-sonnet-4-5-20250929', 'smart', 'dev', 'worker-2', NULL, 1029, 129, 290, 1029, 290, 0, 0, 0, 0, 0.005109, 'registry', 'priced', 0.005109, 'anthropic:claude-sonnet-4-5-20250929', 'anthropic.2', '{"input":3.0,"output":15.0,"cache_read":0.3,"cache_write_5m":3.75,"cache_write_1h":6.0,"long_context_threshold":200000,"input_long_context":6.0,"output_long_context":22.5}', 417.5, 'success', NULL, NULL, NULL, '{"customer":"c1"}', '{"n": 29}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-05 08:30:00+00', '01a22d77-6871-7027-9406-08243243c4cd', '2026-11-30 17:18:49.969885+00', 'openai', 'gpt-5-mini', 'fast', 'default', 'worker-2', NULL, 1032, 132, 320, 712, 320, 0, 0, 0, 0, 0.00045, 'registry', 'priced', 0.00045, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', 440.0, 'success', NULL, NULL, NULL, '{"customer":"c0"}', '{"n": 32}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-08 11:30:00+00', '01a22d77-687d-7791-a00e-8f83ecfbd563', '2026-11-30 17:18:49.981366+00', 'nowhere', 'unknown-model', NULL, 'dev', 'worker-2', NULL, 1035, 135, 350, 685, 350, 0, 0, 0, 0, 0.0125, 'client', 'priced', NULL, NULL, NULL, NULL, 462.5, 'success', NULL, NULL, NULL, '{"customer":"c3"}', '{"n": 35}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-11 14:30:00+00', '01a22d77-6886-764b-a7d2-42fe726b5d99', '2026-11-30 17:18:49.990629+00', 'openai', 'gpt-5', NULL, 'default', 'worker-2', NULL, 1038, 138, 380, 658, 380, 0, 0, 0, 0, NULL, NULL, 'model_not_in_registry', NULL, NULL, NULL, NULL, 485.0, 'success', NULL, NULL, NULL, '{"customer":"c2"}', '{"n": 38}'),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-30 17:18:49.995315+00', '01a22d77-688b-71ee-8989-7f0a37dd53d2', '2026-11-30 17:18:49.995315+00', 'openai', 'gpt-5-mini', NULL, 'default', NULL, NULL, 7, 3, 0, 7, 0, 0, 0, 0, 0, 0.001, 'client', 'priced', 0.00000775, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', NULL, 'success', NULL, NULL, NULL, NULL, NULL),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-30 17:18:49.995386+00', '01a22d77-688b-71ee-8989-7f0b697daa7d', '2026-11-30 17:18:49.995386+00', 'openai', 'gpt-5-mini', NULL, 'default', NULL, NULL, 7, 3, 0, 7, 0, 0, 0, 0, 0, 0.001, 'client', 'priced', 0.00000775, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', NULL, 'success', NULL, NULL, NULL, NULL, NULL),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-30 17:18:49.995399+00', '01a22d77-688b-71ee-8989-7f0c1e7a36bf', '2026-11-30 17:18:49.995399+00', 'openai', 'gpt-5-mini', NULL, 'default', NULL, NULL, 7, 3, 0, 7, 0, 0, 0, 0, 0, 0.001, 'client', 'priced', 0.00000775, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', NULL, 'success', NULL, NULL, NULL, NULL, NULL),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-30 17:18:49.995408+00', '01a22d77-688b-71ee-8989-7f0d0f1d52b7', '2026-11-30 17:18:49.995408+00', 'openai', 'gpt-5-mini', NULL, 'default', NULL, NULL, 7, 3, 0, 7, 0, 0, 0, 0, 0, 0.001, 'client', 'priced', 0.00000775, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', NULL, 'success', NULL, NULL, NULL, NULL, NULL),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-30 17:18:49.995416+00', '01a22d77-688b-71ee-8989-7f0e4fd55ce1', '2026-11-30 17:18:49.995416+00', 'openai', 'gpt-5-mini', NULL, 'default', NULL, NULL, 7, 3, 0, 7, 0, 0, 0, 0, 0, 0.001, 'client', 'priced', 0.00000775, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', NULL, 'success', NULL, NULL, NULL, NULL, NULL),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', '2026-11-30 17:18:50.001333+00', '01a22d77-6891-774b-bfc5-4de1846d6043', '2026-11-30 17:18:50.001333+00', 'openai', 'gpt-5-mini', 'fast', 'dev', 'tests', '01a22d77-6891-774b-bfc5-4ddeed2ff1ff', 1000, 50, 10, 990, 10, 0, 0, 0, 0, 0.25, 'client', 'priced', 0.00034775, 'openai:gpt-5-mini', 'openai.3', '{"input":0.25,"output":2.0,"cached_input":0.025}', NULL, 'success', NULL, NULL, NULL, NULL, '{"model_alias":"openai:gpt-5-mini","finish_reason":"stop","conversation_id":"01a22d77-6891-774b-bfc5-4ddeed2ff1ff"}');
INSERT INTO llmring.usage_quarters VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-09-01 00:30:00+00', 'fast', 0, 1, 1, 1000, 100, 0, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-09-01 00:30:00+00', 'gpt-5-mini', 0, 1, 1, 1000, 100, 0, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-09-01 00:30:00+00', 'worker-0', 0, 1, 1, 1000, 100, 0, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-09-01 00:30:00+00', 'default', 0, 1, 1, 1000, 100, 0, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-09-01 00:30:00+00', 'openai', 0, 1, 1, 1000, 100, 0, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-10-02 01:30:00+00', 'smart', 0, 1, 0, 1001, 101, 10, 0.004521, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-10-02 01:30:00+00', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1001, 101, 10, 0.004521, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-10-02 01:30:00+00', 'worker-1', 0, 1, 0, 1001, 101, 10, 0.004521, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-10-02 01:30:00+00', 'dev', 0, 1, 0, 1001, 101, 10, 0.004521, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-10-02 01:30:00+00', 'anthropic', 0, 1, 0, 1001, 101, 10, 0.004521, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-03 02:30:00+00', '', 0, 1, 0, 1002, 102, 20, 0, 1, 1104),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-11-03 02:30:00+00', 'gpt-5', 0, 1, 0, 1002, 102, 20, 0, 1, 1104),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-03 02:30:00+00', 'worker-2', 0, 1, 0, 1002, 102, 20, 0, 1, 1104),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-03 02:30:00+00', 'default', 0, 1, 0, 1002, 102, 20, 0, 1, 1104),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-11-03 02:30:00+00', 'openai', 0, 1, 0, 1002, 102, 20, 0, 1, 1104),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-09-04 03:30:00+00', '', 0, 1, 0, 1003, 103, 30, 0, 1, 1106),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-09-04 03:30:00+00', 'unknown-model', 0, 1, 0, 1003, 103, 30, 0, 1, 1106),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-09-04 03:30:00+00', 'worker-0', 0, 1, 0, 1003, 103, 30, 0, 1, 1106),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-09-04 03:30:00+00', 'dev', 0, 1, 0, 1003, 103, 30, 0, 1, 1106),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-09-04 03:30:00+00', 'nowhere', 0, 1, 0, 1003, 103, 30, 0, 1, 1106),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-10-05 04:30:00+00', 'fast', 0, 1, 0, 1004, 104, 40, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-10-05 04:30:00+00', 'gpt-5-mini', 0, 1, 0, 1004, 104, 40, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-10-05 04:30:00+00', 'worker-1', 0, 1, 0, 1004, 104, 40, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-10-05 04:30:00+00', 'default', 0, 1, 0, 1004, 104, 40, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-10-05 04:30:00+00', 'openai', 0, 1, 0, 1004, 104, 40, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-06 05:30:00+00', 'smart', 0, 1, 0, 1005, 105, 50, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-11-06 05:30:00+00', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1005, 105, 50, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-06 05:30:00+00', 'worker-2', 0, 1, 0, 1005, 105, 50, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-06 05:30:00+00', 'dev', 0, 1, 0, 1005, 105, 50, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-11-06 05:30:00+00', 'anthropic', 0, 1, 0, 1005, 105, 50, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-09-07 06:30:00+00', '', 0, 1, 0, 1006, 106, 60, 0, 1, 1112),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-09-07 06:30:00+00', 'gpt-5', 0, 1, 0, 1006, 106, 60, 0, 1, 1112),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-09-07 06:30:00+00', 'worker-0', 0, 1, 0, 1006, 106, 60, 0, 1, 1112),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-09-07 06:30:00+00', 'default', 0, 1, 0, 1006, 106, 60, 0, 1, 1112),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-09-07 06:30:00+00', 'openai', 0, 1, 0, 1006, 106, 60, 0, 1, 1112),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-10-08 07:30:00+00', '', 0, 1, 0, 1007, 107, 70, 0, 1, 1114),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-10-08 07:30:00+00', 'unknown-model', 0, 1, 0, 1007, 107, 70, 0, 1, 1114),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-10-08 07:30:00+00', 'worker-1', 0, 1, 0, 1007, 107, 70, 0, 1, 1114),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-10-08 07:30:00+00', 'dev', 0, 1, 0, 1007, 107, 70, 0, 1, 1114),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-10-08 07:30:00+00', 'nowhere', 0, 1, 0, 1007, 107, 70, 0, 1, 1114),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-09 08:30:00+00', 'fast', 0, 1, 0, 1008, 108, 80, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-11-09 08:30:00+00', 'gpt-5-mini', 0, 1, 0, 1008, 108, 80, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-09 08:30:00+00', 'worker-2', 0, 1, 0, 1008, 108, 80, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-09 08:30:00+00', 'default', 0, 1, 0, 1008, 108, 80, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-11-09 08:30:00+00', 'openai', 0, 1, 0, 1008, 108, 80, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-09-10 09:30:00+00', 'smart', 0, 1, 1, 1009, 109, 90, 0.004689, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-09-10 09:30:00+00', 'claude-sonnet-4-5-20250929', 0, 1, 1, 1009, 109, 90, 0.004689, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-09-10 09:30:00+00', 'worker-0', 0, 1, 1, 1009, 109, 90, 0.004689, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-09-10 09:30:00+00', 'dev', 0, 1, 1, 1009, 109, 90, 0.004689, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-09-10 09:30:00+00', 'anthropic', 0, 1, 1, 1009, 109, 90, 0.004689, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-10-11 10:30:00+00', '', 0, 1, 0, 1010, 110, 100, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-10-11 10:30:00+00', 'gpt-5', 0, 1, 0, 1010, 110, 100, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-10-11 10:30:00+00', 'worker-1', 0, 1, 0, 1010, 110, 100, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-10-11 10:30:00+00', 'default', 0, 1, 0, 1010, 110, 100, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-10-11 10:30:00+00', 'openai', 0, 1, 0, 1010, 110, 100, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-12 11:30:00+00', '', 0, 1, 0, 1011, 111, 110, 0, 1, 1122),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-11-12 11:30:00+00', 'unknown-model', 0, 1, 0, 1011, 111, 110, 0, 1, 1122),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-12 11:30:00+00', 'worker-2', 0, 1, 0, 1011, 111, 110, 0, 1, 1122),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-12 11:30:00+00', 'dev', 0, 1, 0, 1011, 111, 110, 0, 1, 1122),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-11-12 11:30:00+00', 'nowhere', 0, 1, 0, 1011, 111, 110, 0, 1, 1122),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-09-13 12:30:00+00', 'fast', 0, 1, 0, 1012, 112, 120, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-09-13 12:30:00+00', 'gpt-5-mini', 0, 1, 0, 1012, 112, 120, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-09-13 12:30:00+00', 'worker-0', 0, 1, 0, 1012, 112, 120, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-09-13 12:30:00+00', 'default', 0, 1, 0, 1012, 112, 120, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-09-13 12:30:00+00', 'openai', 0, 1, 0, 1012, 112, 120, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-10-14 13:30:00+00', 'smart', 0, 1, 0, 1013, 113, 130, 0.004773, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-10-14 13:30:00+00', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1013, 113, 130, 0.004773, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-10-14 13:30:00+00', 'worker-1', 0, 1, 0, 1013, 113, 130, 0.004773, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-10-14 13:30:00+00', 'dev', 0, 1, 0, 1013, 113, 130, 0.004773, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-10-14 13:30:00+00', 'anthropic', 0, 1, 0, 1013, 113, 130, 0.004773, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-15 14:30:00+00', '', 0, 1, 0, 1014, 114, 140, 0, 1, 1128),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-11-15 14:30:00+00', 'gpt-5', 0, 1, 0, 1014, 114, 140, 0, 1, 1128),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-15 14:30:00+00', 'worker-2', 0, 1, 0, 1014, 114, 140, 0, 1, 1128),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-15 14:30:00+00', 'default', 0, 1, 0, 1014, 114, 140, 0, 1, 1128),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-11-15 14:30:00+00', 'openai', 0, 1, 0, 1014, 114, 140, 0, 1, 1128),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-09-16 15:30:00+00', '', 0, 1, 0, 1015, 115, 150, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-09-16 15:30:00+00', 'unknown-model', 0, 1, 0, 1015, 115, 150, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-09-16 15:30:00+00', 'worker-0', 0, 1, 0, 1015, 115, 150, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-09-16 15:30:00+00', 'dev', 0, 1, 0, 1015, 115, 150, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-09-16 15:30:00+00', 'nowhere', 0, 1, 0, 1015, 115, 150, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-10-17 16:30:00+00', 'fast', 0, 1, 0, 1016, 116, 160, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-10-17 16:30:00+00', 'gpt-5-mini', 0, 1, 0, 1016, 116, 160, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-10-17 16:30:00+00', 'worker-1', 0, 1, 0, 1016, 116, 160, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-10-17 16:30:00+00', 'default', 0, 1, 0, 1016, 116, 160, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-10-17 16:30:00+00', 'openai', 0, 1, 0, 1016, 116, 160, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-18 17:30:00+00', 'smart', 0, 1, 0, 1017, 117, 170, 0.004857, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-11-18 17:30:00+00', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1017, 117, 170, 0.004857, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-18 17:30:00+00', 'worker-2', 0, 1, 0, 1017, 117, 170, 0.004857, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-18 17:30:00+00', 'dev', 0, 1, 0, 1017, 117, 170, 0.004857, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-11-18 17:30:00+00', 'anthropic', 0, 1, 0, 1017, 117, 170, 0.004857, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-09-19 18:30:00+00', '', 0, 1, 1, 1018, 118, 180, 0, 1, 1136),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-09-19 18:30:00+00', 'gpt-5', 0, 1, 1, 1018, 118, 180, 0, 1, 1136),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-09-19 18:30:00+00', 'worker-0', 0, 1, 1, 1018, 118, 180, 0, 1, 1136),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-09-19 18:30:00+00', 'default', 0, 1, 1, 1018, 118, 180, 0, 1, 1136),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-09-19 18:30:00+00', 'openai', 0, 1, 1, 1018, 118, 180, 0, 1, 1136),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-10-20 19:30:00+00', '', 0, 1, 0, 1019, 119, 190, 0, 1, 1138),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-10-20 19:30:00+00', 'unknown-model', 0, 1, 0, 1019, 119, 190, 0, 1, 1138),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-10-20 19:30:00+00', 'worker-1', 0, 1, 0, 1019, 119, 190, 0, 1, 1138),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-10-20 19:30:00+00', 'dev', 0, 1, 0, 1019, 119, 190, 0, 1, 1138),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-10-20 19:30:00+00', 'nowhere', 0, 1, 0, 1019, 119, 190, 0, 1, 1138),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-21 20:30:00+00', 'fast', 0, 1, 0, 1020, 120, 200, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-11-21 20:30:00+00', 'gpt-5-mini', 0, 1, 0, 1020, 120, 200, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-21 20:30:00+00', 'worker-2', 0, 1, 0, 1020, 120, 200, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-21 20:30:00+00', 'default', 0, 1, 0, 1020, 120, 200, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-11-21 20:30:00+00', 'openai', 0, 1, 0, 1020, 120, 200, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-09-22 21:30:00+00', 'smart', 0, 1, 0, 1021, 121, 210, 0.004941, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-09-22 21:30:00+00', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1021, 121, 210, 0.004941, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-09-22 21:30:00+00', 'worker-0', 0, 1, 0, 1021, 121, 210, 0.004941, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-09-22 21:30:00+00', 'dev', 0, 1, 0, 1021, 121, 210, 0.004941, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-09-22 21:30:00+00', 'anthropic', 0, 1, 0, 1021, 121, 210, 0.004941, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-10-23 22:30:00+00', '', 0, 1, 0, 1022, 122, 220, 0, 1, 1144),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-10-23 22:30:00+00', 'gpt-5', 0, 1, 0, 1022, 122, 220, 0, 1, 1144),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-10-23 22:30:00+00', 'worker-1', 0, 1, 0, 1022, 122, 220, 0, 1, 1144),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-10-23 22:30:00+00', 'default', 0, 1, 0, 1022, 122, 220, 0, 1, 1144),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-10-23 22:30:00+00', 'openai', 0, 1, 0, 1022, 122, 220, 0, 1, 1144),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-24 23:30:00+00', '', 0, 1, 0, 1023, 123, 230, 0, 1, 1146),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-11-24 23:30:00+00', 'unknown-model', 0, 1, 0, 1023, 123, 230, 0, 1, 1146),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-24 23:30:00+00', 'worker-2', 0, 1, 0, 1023, 123, 230, 0, 1, 1146),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-24 23:30:00+00', 'dev', 0, 1, 0, 1023, 123, 230, 0, 1, 1146),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-11-24 23:30:00+00', 'nowhere', 0, 1, 0, 1023, 123, 230, 0, 1, 1146),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-09-25 00:30:00+00', 'fast', 0, 1, 0, 1024, 124, 240, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-09-25 00:30:00+00', 'gpt-5-mini', 0, 1, 0, 1024, 124, 240, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-09-25 00:30:00+00', 'worker-0', 0, 1, 0, 1024, 124, 240, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-09-25 00:30:00+00', 'default', 0, 1, 0, 1024, 124, 240, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-09-25 00:30:00+00', 'openai', 0, 1, 0, 1024, 124, 240, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-10-26 01:30:00+00', 'smart', 0, 1, 0, 1025, 125, 250, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-10-26 01:30:00+00', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1025, 125, 250, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-10-26 01:30:00+00', 'worker-1', 0, 1, 0, 1025, 125, 250, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-10-26 01:30:00+00', 'dev', 0, 1, 0, 1025, 125, 250, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-10-26 01:30:00+00', 'anthropic', 0, 1, 0, 1025, 125, 250, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-27 02:30:00+00', '', 0, 1, 0, 1026, 126, 260, 0, 1, 1152),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-11-27 02:30:00+00', 'gpt-5', 0, 1, 0, 1026, 126, 260, 0, 1, 1152),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-27 02:30:00+00', 'worker-2', 0, 1, 0, 1026, 126, 260, 0, 1, 1152),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-27 02:30:00+00', 'default', 0, 1, 0, 1026, 126, 260, 0, 1, 1152),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-11-27 02:30:00+00', 'openai', 0, 1, 0, 1026, 126, 260, 0, 1, 1152),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-09-28 03:30:00+00', '', 0, 1, 1, 1027, 127, 270, 0, 1, 1154),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-09-28 03:30:00+00', 'unknown-model', 0, 1, 1, 1027, 127, 270, 0, 1, 1154),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-09-28 03:30:00+00', 'worker-0', 0, 1, 1, 1027, 127, 270, 0, 1, 1154),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-09-28 03:30:00+00', 'dev', 0, 1, 1, 1027, 127, 270, 0, 1, 1154),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-09-28 03:30:00+00', 'nowhere', 0, 1, 1, 1027, 127, 270, 0, 1, 1154),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-10-01 04:30:00+00', 'fast', 0, 1, 0, 1028, 128, 280, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-10-01 04:30:00+00', 'gpt-5-mini', 0, 1, 0, 1028, 128, 280, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-10-01 04:30:00+00', 'worker-1', 0, 1, 0, 1028, 128, 280, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-10-01 04:30:00+00', 'default', 0, 1, 0, 1028, 128, 280, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-10-01 04:30:00+00', 'openai', 0, 1, 0, 1028, 128, 280, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-02 05:30:00+00', 'smart', 0, 1, 0, 1029, 129, 290, 0.005109, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-11-02 05:30:00+00', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1029, 129, 290, 0.005109, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-02 05:30:00+00', 'worker-2', 0, 1, 0, 1029, 129, 290, 0.005109, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-02 05:30:00+00', 'dev', 0, 1, 0, 1029, 129, 290, 0.005109, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-11-02 05:30:00+00', 'anthropic', 0, 1, 0, 1029, 129, 290, 0.005109, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-09-03 06:30:00+00', '', 0, 1, 0, 1030, 130, 300, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-09-03 06:30:00+00', 'gpt-5', 0, 1, 0, 1030, 130, 300, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-09-03 06:30:00+00', 'worker-0', 0, 1, 0, 1030, 130, 300, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-09-03 06:30:00+00', 'default', 0, 1, 0, 1030, 130, 300, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-09-03 06:30:00+00', 'openai', 0, 1, 0, 1030, 130, 300, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-10-04 07:30:00+00', '', 0, 1, 0, 1031, 131, 310, 0, 1, 1162),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-10-04 07:30:00+00', 'unknown-model', 0, 1, 0, 1031, 131, 310, 0, 1, 1162),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-10-04 07:30:00+00', 'worker-1', 0, 1, 0, 1031, 131, 310, 0, 1, 1162),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-10-04 07:30:00+00', 'dev', 0, 1, 0, 1031, 131, 310, 0, 1, 1162),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-10-04 07:30:00+00', 'nowhere', 0, 1, 0, 1031, 131, 310, 0, 1, 1162),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-05 08:30:00+00', 'fast', 0, 1, 0, 1032, 132, 320, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-11-05 08:30:00+00', 'gpt-5-mini', 0, 1, 0, 1032, 132, 320, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-05 08:30:00+00', 'worker-2', 0, 1, 0, 1032, 132, 320, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-05 08:30:00+00', 'default', 0, 1, 0, 1032, 132, 320, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-11-05 08:30:00+00', 'openai', 0, 1, 0, 1032, 132, 320, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-09-06 09:30:00+00', 'smart', 0, 1, 0, 1033, 133, 330, 0.005193, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-09-06 09:30:00+00', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1033, 133, 330, 0.005193, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-09-06 09:30:00+00', 'worker-0', 0, 1, 0, 1033, 133, 330, 0.005193, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-09-06 09:30:00+00', 'dev', 0, 1, 0, 1033, 133, 330, 0.005193, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-09-06 09:30:00+00', 'anthropic', 0, 1, 0, 1033, 133, 330, 0.005193, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-10-07 10:30:00+00', '', 0, 1, 0, 1034, 134, 340, 0, 1, 1168),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-10-07 10:30:00+00', 'gpt-5', 0, 1, 0, 1034, 134, 340, 0, 1, 1168),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-10-07 10:30:00+00', 'worker-1', 0, 1, 0, 1034, 134, 340, 0, 1, 1168),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-10-07 10:30:00+00', 'default', 0, 1, 0, 1034, 134, 340, 0, 1, 1168),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-10-07 10:30:00+00', 'openai', 0, 1, 0, 1034, 134, 340, 0, 1, 1168),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-08 11:30:00+00', '', 0, 1, 0, 1035, 135, 350, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-11-08 11:30:00+00', 'unknown-model', 0, 1, 0, 1035, 135, 350, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-08 11:30:00+00', 'worker-2', 0, 1, 0, 1035, 135, 350, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-08 11:30:00+00', 'dev', 0, 1, 0, 1035, 135, 350, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-11-08 11:30:00+00', 'nowhere', 0, 1, 0, 1035, 135, 350, 0.0125, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-09-09 12:30:00+00', 'fast', 0, 1, 1, 1036, 136, 360, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-09-09 12:30:00+00', 'gpt-5-mini', 0, 1, 1, 1036, 136, 360, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-09-09 12:30:00+00', 'worker-0', 0, 1, 1, 1036, 136, 360, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-09-09 12:30:00+00', 'default', 0, 1, 1, 1036, 136, 360, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-09-09 12:30:00+00', 'openai', 0, 1, 1, 1036, 136, 360, 0.00045, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-10-10 13:30:00+00', 'smart', 0, 1, 0, 1037, 137, 370, 0.005277, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-10-10 13:30:00+00', 'claude-sonnet-4-5-20250929', 0, 1, 0, 1037, 137, 370, 0.005277, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-10-10 13:30:00+00', 'worker-1', 0, 1, 0, 1037, 137, 370, 0.005277, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-10-10 13:30:00+00', 'dev', 0, 1, 0, 1037, 137, 370, 0.005277, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-10-10 13:30:00+00', 'anthropic', 0, 1, 0, 1037, 137, 370, 0.005277, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-11 14:30:00+00', '', 0, 1, 0, 1038, 138, 380, 0, 1, 1176),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-11-11 14:30:00+00', 'gpt-5', 0, 1, 0, 1038, 138, 380, 0, 1, 1176),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-11 14:30:00+00', 'worker-2', 0, 1, 0, 1038, 138, 380, 0, 1, 1176),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-11 14:30:00+00', 'default', 0, 1, 0, 1038, 138, 380, 0, 1, 1176),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-11-11 14:30:00+00', 'openai', 0, 1, 0, 1038, 138, 380, 0, 1, 1176),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-09-12 15:30:00+00', '', 0, 1, 0, 1039, 139, 390, 0, 1, 1178),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-09-12 15:30:00+00', 'unknown-model', 0, 1, 0, 1039, 139, 390, 0, 1, 1178),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-09-12 15:30:00+00', 'worker-0', 0, 1, 0, 1039, 139, 390, 0, 1, 1178),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-09-12 15:30:00+00', 'dev', 0, 1, 0, 1039, 139, 390, 0, 1, 1178),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-09-12 15:30:00+00', 'nowhere', 0, 1, 0, 1039, 139, 390, 0, 1, 1178);
INSERT INTO llmring.usage_quarters VALUES
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-30 17:15:00+00', '', 0, 5, 0, 35, 15, 0, 0.005, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-30 17:15:00+00', '', 0, 5, 0, 35, 15, 0, 0.005, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-30 17:15:00+00', 'default', 0, 5, 0, 35, 15, 0, 0.005, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'alias', '2026-11-30 17:15:00+00', 'fast', 0, 1, 0, 1000, 50, 10, 0.25, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'model', '2026-11-30 17:15:00+00', 'gpt-5-mini', 0, 6, 0, 1035, 65, 10, 0.255, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'origin', '2026-11-30 17:15:00+00', 'tests', 0, 1, 0, 1000, 50, 10, 0.25, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'profile', '2026-11-30 17:15:00+00', 'dev', 0, 1, 0, 1000, 50, 10, 0.25, 0, 0),
	('prj_e63vekrkwh3otfj2yyr7jvlvzy', 'provider', '2026-11-30 17:15:00+00', 'openai', 0, 6, 0, 1035, 65, 10, 0.255, 0, 0);
SELECT pg_catalog.setval('llmring.receipt_key_events_number_seq', 1, true);
SELECT pg_catalog.setval('llmring.transparency_queue_queue_id_seq', 33, true);
ALTER TABLE ONLY llmring._yoyo_log
    ADD CONSTRAINT _yoyo_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY llmring._yoyo_migration
    ADD CONSTRAINT _yoyo_migration_pkey PRIMARY KEY (migration_hash);
ALTER TABLE ONLY llmring._yoyo_version
    ADD CONSTRAINT _yoyo_version_pkey PRIMARY KEY (version);
ALTER TABLE ONLY llmring.alias_history
    ADD CONSTRAINT alias_history_pkey PRIMARY KEY (project_id, seq);
ALTER TABLE ONLY llmring.alias_versions
    ADD CONSTRAINT alias_versions_pkey PRIMARY KEY (project_id);
ALTER TABLE ONLY llmring.aliases
    ADD CONSTRAINT aliases_pkey PRIMARY KEY (project_id, profile, alias);
ALTER TABLE ONLY llmring.conversation_claims
    ADD CONSTRAINT conversation_claims_pkey PRIMARY KEY (project_id, conversation_id);
ALTER TABLE ONLY llmring.conversation_messages
    ADD CONSTRAINT conversation_messages_pkey PRIMARY KEY (project_id, conversation_id, "position");
ALTER TABLE ONLY llmring.conversations
    ADD CONSTRAINT conversations_pkey PRIMARY KEY (project_id, id);
ALTER TABLE ONLY llmring.dashboard_secrets
    ADD CONSTRAINT dashboard_secrets_pkey PRIMARY KEY (name);
ALTER TABLE ONLY llmring.deployment
    ADD CONSTRAINT deployment_pkey PRIMARY KEY (name);
ALTER TABLE ONLY llmring.project_keys
    ADD CONSTRAINT project_keys_pkey PRIMARY KEY (project_id, key_id);
ALTER TABLE ONLY llmring.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (project_id);
ALTER TABLE ONLY llmring.receipt_conflicts
    ADD CONSTRAINT receipt_conflicts_pkey PRIMARY KEY (project_id, receipt_id, digest);
ALTER TABLE ONLY llmring.receipt_key_events
    ADD CONSTRAINT receipt_key_events_pkey PRIMARY KEY (key_id, change);
ALTER TABLE ONLY llmring.receipt_keys
    ADD CONSTRAINT receipt_keys_pkey PRIMARY KEY (key_id);
ALTER TABLE ONLY llmring.receipts
    ADD CONSTRAINT receipts_pkey PRIMARY KEY (project_id, receipt_id);
ALTER TABLE ONLY llmring.registry_contents
    ADD CONSTRAINT registry_contents_pkey PRIMARY KEY (sha256);
ALTER TABLE ONLY llmring.registry_files
    ADD CONSTRAINT registry_files_pkey PRIMARY KEY (source, path);
ALTER TABLE ONLY llmring.registry_versions
    ADD CONSTRAINT registry_versions_pkey PRIMARY KEY (version, "position");
ALTER TABLE ONLY llmring.statement_lines
    ADD CONSTRAINT statement_lines_pkey PRIMARY KEY (project_id, seq);
ALTER TABLE ONLY llmring.statements
    ADD CONSTRAINT statements_pkey PRIMARY KEY (project_id, number);
ALTER TABLE ONLY llmring.transparency_counts
    ADD CONSTRAINT transparency_counts_pkey PRIMARY KEY (project_id);
ALTER TABLE ONLY llmring.transparency_keys
    ADD CONSTRAINT transparency_keys_pkey PRIMARY KEY (vkey);
ALTER TABLE ONLY llmring.transparency_leaves
    ADD CONSTRAINT transparency_leaves_pkey PRIMARY KEY (project_id, leaf_index);
ALTER TABLE ONLY llmring.transparency_log
    ADD CONSTRAINT transparency_log_pkey PRIMARY KEY (only_row);
ALTER TABLE ONLY llmring.transparency_queue
    ADD CONSTRAINT transparency_queue_pkey PRIMARY KEY (project_id, queue_id);
ALTER TABLE ONLY llmring.transparency_tiles
    ADD CONSTRAINT transparency_tiles_pkey PRIMARY KEY (level, number);
ALTER TABLE ONLY llmring.usage_alias_hours
    ADD CONSTRAINT usage_alias_hours_pkey PRIMARY KEY (project_id, alias, hour);
ALTER TABLE ONLY llmring.usage_daily
    ADD CONSTRAINT usage_daily_pkey PRIMARY KEY (project_id, day, kind, name, slot);
ALTER TABLE ONLY llmring.usage_facts
    ADD CONSTRAINT usage_facts_pkey PRIMARY KEY (name);
ALTER TABLE ONLY llmring.usage_keys
    ADD CONSTRAINT usage_keys_pkey PRIMARY KEY (project_id, key);
ALTER TABLE ONLY llmring.usage_latencies
    ADD CONSTRAINT usage_latencies_pkey PRIMARY KEY (project_id, day, model, bucket, slot);
ALTER TABLE ONLY llmring.usage_latency_months
    ADD CONSTRAINT usage_latency_months_pkey PRIMARY KEY (project_id, month);
ALTER TABLE ONLY llmring.usage_logs
    ADD CONSTRAINT usage_logs_pkey PRIMARY KEY (project_id, occurred_at, id);
ALTER TABLE ONLY llmring.usage_logs_2026_09
    ADD CONSTRAINT usage_logs_2026_09_pkey PRIMARY KEY (project_id, occurred_at, id);
ALTER TABLE ONLY llmring.usage_logs_2026_10
    ADD CONSTRAINT usage_logs_2026_10_pkey PRIMARY KEY (project_id, occurred_at, id);
ALTER TABLE ONLY llmring.usage_logs_2026_11
    ADD CONSTRAINT usage_logs_2026_11_pkey PRIMARY KEY (project_id, occurred_at, id);
ALTER TABLE ONLY llmring.usage_logs_2026_12
    ADD CONSTRAINT usage_logs_2026_12_pkey PRIMARY KEY (project_id, occurred_at, id);
ALTER TABLE ONLY llmring.usage_logs_2027_01
    ADD CONSTRAINT usage_logs_2027_01_pkey PRIMARY KEY (project_id, occurred_at, id);
ALTER TABLE ONLY llmring.usage_logs_before_2020
    ADD CONSTRAINT usage_logs_before_2020_pkey PRIMARY KEY (project_id, occurred_at, id);
ALTER TABLE ONLY llmring.usage_quarters
    ADD CONSTRAINT usage_quarters_pkey PRIMARY KEY (project_id, kind, quarter, name, slot);
ALTER TABLE ONLY llmring.yoyo_lock
    ADD CONSTRAINT yoyo_lock_pkey PRIMARY KEY (locked);
CREATE INDEX alias_history_alias ON llmring.alias_history USING btree (project_id, alias, seq);
CREATE INDEX alias_history_changed_at ON llmring.alias_history USING btree (changed_at);
CREATE INDEX alias_history_profile ON llmring.alias_history USING btree (project_id, profile, seq);
CREATE INDEX conversation_claims_created_at ON llmring.conversation_claims USING btree (created_at);
CREATE INDEX conversations_updated_at ON llmring.conversations USING btree (updated_at);
CREATE INDEX project_keys_by_hash ON llmring.project_keys USING btree (hash);
CREATE UNIQUE INDEX receipt_key_events_number ON llmring.receipt_key_events USING btree (number);
CREATE INDEX receipts_by_time ON llmring.receipts USING btree (project_id, issued_at DESC, receipt_id DESC);
CREATE INDEX statement_lines_by_call ON llmring.statement_lines USING btree (project_id, log_id, seq);
CREATE INDEX transparency_leaves_by_reference ON llmring.transparency_leaves USING btree (project_id, kind, reference);
CREATE INDEX transparency_queue_by_reference ON llmring.transparency_queue USING btree (project_id, kind, reference);
CREATE INDEX transparency_queue_in_order ON llmring.transparency_queue USING btree (queue_id);
CREATE INDEX usage_keys_created_at ON llmring.usage_keys USING btree (created_at);
CREATE INDEX usage_logs_late ON ONLY llmring.usage_logs USING btree (project_id, id) WHERE (received_at <> occurred_at);
CREATE INDEX usage_logs_2026_09_project_id_id_idx ON llmring.usage_logs_2026_09 USING btree (project_id, id) WHERE (received_at <> occurred_at);
CREATE INDEX usage_logs_2026_10_project_id_id_idx ON llmring.usage_logs_2026_10 USING btree (project_id, id) WHERE (received_at <> occurred_at);
CREATE INDEX usage_logs_2026_11_project_id_id_idx ON llmring.usage_logs_2026_11 USING btree (project_id, id) WHERE (received_at <> occurred_at);
CREATE INDEX usage_logs_2026_12_project_id_id_idx ON llmring.usage_logs_2026_12 USING btree (project_id, id) WHERE (received_at <> occurred_at);
CREATE INDEX usage_logs_2027_01_project_id_id_idx ON llmring.usage_logs_2027_01 USING btree (project_id, id) WHERE (received_at <> occurred_at);
CREATE INDEX usage_logs_before_2020_project_id_id_idx ON llmring.usage_logs_before_2020 USING btree (project_id, id) WHERE (received_at <> occurred_at);
ALTER INDEX llmring.usage_logs_pkey ATTACH PARTITION llmring.usage_logs_2026_09_pkey;
ALTER INDEX llmring.usage_logs_late ATTACH PARTITION llmring.usage_logs_2026_09_project_id_id_idx;
ALTER INDEX llmring.usage_logs_pkey ATTACH PARTITION llmring.usage_logs_2026_10_pkey;
ALTER INDEX llmring.usage_logs_late ATTACH PARTITION llmring.usage_logs_2026_10_project_id_id_idx;
ALTER INDEX llmring.usage_logs_pkey ATTACH PARTITION llmring.usage_logs_2026_11_pkey;
ALTER INDEX llmring.usage_logs_late ATTACH PARTITION llmring.usage_logs_2026_11_project_id_id_idx;
ALTER INDEX llmring.usage_logs_pkey ATTACH PARTITION llmring.usage_logs_2026_12_pkey;
ALTER INDEX llmring.usage_logs_late ATTACH PARTITION llmring.usage_logs_2026_12_project_id_id_idx;
ALTER INDEX llmring.usage_logs_pkey ATTACH PARTITION llmring.usage_logs_2027_01_pkey;
ALTER INDEX llmring.usage_logs_late ATTACH PARTITION llmring.usage_logs_2027_01_project_id_id_idx;
ALTER INDEX llmring.usage_logs_pkey ATTACH PARTITION llmring.usage_logs_before_2020_pkey;
ALTER INDEX llmring.usage_logs_late ATTACH PARTITION llmring.usage_logs_before_2020_project_id_id_idx;
ALTER TABLE ONLY llmring.conversation_messages
    ADD CONSTRAINT conversation_messages_project_id_conversation_id_fkey FOREIGN KEY (project_id, conversation_id) REFERENCES llmring.conversations(project_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY llmring.project_keys
    ADD CONSTRAINT project_keys_project_id_fkey FOREIGN KEY (project_id) REFERENCES llmring.projects(project_id);
ALTER TABLE ONLY llmring.registry_files
    ADD CONSTRAINT registry_files_sha256_fkey FOREIGN KEY (sha256) REFERENCES llmring.registry_contents(sha256);
ALTER TABLE ONLY llmring.registry_versions
    ADD CONSTRAINT registry_versions_sha256_fkey FOREIGN KEY (sha256) REFERENCES llmring.registry_contents(sha256);
