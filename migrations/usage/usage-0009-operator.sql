-- The operator's routes read the days of all projects. No index has a column that logging a call updates.
CREATE INDEX IF NOT EXISTS usage_daily_projects ON usage_daily (day, project_id) WHERE kind = 'profile';
CREATE INDEX IF NOT EXISTS usage_quarters_projects ON usage_quarters USING brin (quarter);
CREATE INDEX IF NOT EXISTS usage_combinations_projects ON usage_combinations USING brin (day);
