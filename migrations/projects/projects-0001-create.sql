-- The name of a project and its time zone, as an admin key of the project has set them.
CREATE TABLE IF NOT EXISTS project_details (
    project_id text PRIMARY KEY,
    name text NOT NULL,
    timezone text,
    updated_at timestamptz NOT NULL,
    updated_by text NOT NULL
);
