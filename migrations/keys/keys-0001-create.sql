-- Projects, and the keys that open them. A key itself is nowhere: `hash` is HMAC-SHA256 of it with the pepper.
CREATE TABLE IF NOT EXISTS projects (
    project_id text PRIMARY KEY,
    name text,
    created_at timestamptz NOT NULL
);

-- `grace_until` is set on a key that was rotated: until then it works beside its successor, whose `rotated_from` it is.
CREATE TABLE IF NOT EXISTS project_keys (
    project_id text NOT NULL REFERENCES projects (project_id),
    key_id text NOT NULL,
    hash bytea NOT NULL,
    name text,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    rotated_from text,
    grace_until timestamptz,
    PRIMARY KEY (project_id, key_id)
);

-- Not unique, as every unique constraint begins with the project; adopting holds a lock on the hash instead.
CREATE INDEX IF NOT EXISTS project_keys_by_hash ON project_keys (hash);
