-- Statements of usage. `content` is the statement, canonical and byte for byte as signed; `last_seq` is the number of the
-- project's last line up to it, `blocks` the hashes over each complete block of 256 of its lines.
CREATE TABLE IF NOT EXISTS statements (
    project_id text NOT NULL,
    number integer NOT NULL,
    ended_at timestamptz NOT NULL,
    made_at timestamptz NOT NULL,
    line_count bigint NOT NULL,
    last_seq bigint NOT NULL,
    content bytea NOT NULL,
    blocks bytea NOT NULL,
    PRIMARY KEY (project_id, number)
);

-- What statements say line by line, each line as canonical JSON. A line that is here is never changed: what becomes of its
-- call later is a line of a later statement, under the same `log_id`.
CREATE TABLE IF NOT EXISTS statement_lines (
    project_id text NOT NULL,
    seq bigint NOT NULL,
    number integer NOT NULL,
    log_id uuid NOT NULL,
    content text NOT NULL,
    PRIMARY KEY (project_id, seq)
);
CREATE INDEX IF NOT EXISTS statement_lines_by_call ON statement_lines (project_id, log_id, seq);
