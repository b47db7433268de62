-- The managed key that logged a call; NULL for a plain key, and for calls of earlier versions.
ALTER TABLE usage_logs ADD COLUMN IF NOT EXISTS key_id text;
