-- How many sums each line of an hour has: hours stored by an earlier version lack those of rare token kinds, and are
-- summed again.
ALTER TABLE usage_alias_hours ADD COLUMN IF NOT EXISTS sums smallint NOT NULL DEFAULT 0;
