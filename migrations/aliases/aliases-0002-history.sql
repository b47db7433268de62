-- The version of a project's aliases is the number of their latest change; to change them, its row is locked first.
CREATE TABLE IF NOT EXISTS alias_versions (
    project_id text NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (project_id)
);

-- The number of the change that made an alias what it is: its ETag, which a deletion does not start anew.
ALTER TABLE aliases ADD COLUMN IF NOT EXISTS seq bigint NOT NULL DEFAULT 0;

-- Every change, numbered without gaps in the order of commits.
CREATE TABLE IF NOT EXISTS alias_history (
    project_id text NOT NULL,
    seq bigint NOT NULL,
    profile text NOT NULL,
    alias text NOT NULL,
    action text NOT NULL CHECK (action IN ('bind', 'unbind')),
    model text,
    previous_model text,
    metadata json,
    key_id text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, seq)
);
CREATE INDEX IF NOT EXISTS alias_history_profile ON alias_history (project_id, profile, seq);
CREATE INDEX IF NOT EXISTS alias_history_alias ON alias_history (project_id, alias, seq);
