-- What each project has spent: calls, and their cost in USD.
CREATE TABLE IF NOT EXISTS example_spending (
    project_id text PRIMARY KEY,
    calls bigint NOT NULL,
    cost numeric NOT NULL
);
