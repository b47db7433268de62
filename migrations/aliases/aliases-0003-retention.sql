-- Changes numbered up to `pruned` may be gone from the history: whoever watches from before that is told to list again.
ALTER TABLE alias_versions ADD COLUMN IF NOT EXISTS pruned bigint NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS alias_history_changed_at ON alias_history (changed_at);
