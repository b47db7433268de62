-- Names that point at models, by project and profile. Metadata is JSON text as it was sent.
CREATE TABLE IF NOT EXISTS aliases (
    project_id text NOT NULL,
    profile text NOT NULL,
    alias text NOT NULL,
    model text NOT NULL,
    metadata json,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, profile, alias)
);
