-- What sessions are signed with, together with the deployment's pepper, where no secret of its own is configured.
CREATE TABLE IF NOT EXISTS dashboard_secrets (
    name text PRIMARY KEY,
    value text NOT NULL
);
