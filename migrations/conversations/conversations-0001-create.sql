-- What users and models said to one another. JSON is text as it was sent; free text is there in the content mode `full` only.
CREATE TABLE IF NOT EXISTS conversations (
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
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX IF NOT EXISTS conversations_updated_at ON conversations (updated_at);

CREATE TABLE IF NOT EXISTS conversation_messages (
    project_id text NOT NULL,
    conversation_id uuid NOT NULL,
    position bigint NOT NULL,
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
    said_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, conversation_id, position),
    FOREIGN KEY (project_id, conversation_id) REFERENCES conversations (project_id, id) ON DELETE CASCADE
);

-- Calls that were billed with their conversation and that the client is about to log once more. `taken_by` is '' or the
-- idempotency key of the request that did.
CREATE TABLE IF NOT EXISTS conversation_claims (
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
    billed_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    taken_by text,
    PRIMARY KEY (project_id, conversation_id)
);
CREATE INDEX IF NOT EXISTS conversation_claims_created_at ON conversation_claims (created_at);
