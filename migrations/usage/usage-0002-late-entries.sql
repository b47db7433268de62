-- Entries are found by id: most by the time in their id, at which they happened; those logged late by this index, which
-- the others do not touch.
CREATE INDEX IF NOT EXISTS usage_logs_late ON usage_logs (project_id, id) WHERE received_at <> occurred_at;
