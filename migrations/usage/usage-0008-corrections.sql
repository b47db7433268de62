-- Entries that were taken back: a voided or corrected row stays as it was, and no longer counts from `corrected_at` on.
-- A corrected one is replaced by a new row at the same time, `replaced_by`; that row names it in `replaces`.
ALTER TABLE usage_logs ADD COLUMN IF NOT EXISTS corrected_at timestamptz;
ALTER TABLE usage_logs ADD COLUMN IF NOT EXISTS replaced_by uuid;
ALTER TABLE usage_logs ADD COLUMN IF NOT EXISTS replaces uuid;

-- Who took an entry back, and why; rows are only added. `kind` is void or correct, `fields` are what a correction changed,
-- `key_id` is NULL for the command line.
CREATE TABLE IF NOT EXISTS usage_corrections (
    project_id text NOT NULL,
    log_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    fields json,
    replaced_by uuid,
    key_id text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, log_id)
);
-- A receipt, which names no project, is verified by the id of its entry.
CREATE INDEX IF NOT EXISTS usage_corrections_log_id ON usage_corrections (log_id);
CREATE INDEX IF NOT EXISTS usage_corrections_created_at ON usage_corrections (project_id, created_at);
