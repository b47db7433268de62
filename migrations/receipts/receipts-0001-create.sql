-- Signed receipts. `content` is the receipt, canonical and byte for byte as signed; the other columns only find it.
CREATE TABLE IF NOT EXISTS receipts (
    project_id text NOT NULL,
    receipt_id text COLLATE "C" NOT NULL,
    issued_at timestamptz NOT NULL,
    key_id text NOT NULL,
    content bytea NOT NULL,
    digest bytea NOT NULL,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, receipt_id)
);
CREATE INDEX IF NOT EXISTS receipts_by_time ON receipts (project_id, issued_at DESC, receipt_id DESC);

-- A second validly signed receipt under an id that was taken: two signatures over one id are evidence.
CREATE TABLE IF NOT EXISTS receipt_conflicts (
    project_id text NOT NULL,
    receipt_id text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    kept_digest bytea NOT NULL,
    key_id text NOT NULL,
    noted_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, receipt_id, digest)
);

-- Public keys of the deployment; never private ones.
CREATE TABLE IF NOT EXISTS receipt_keys (
    key_id text COLLATE "C" PRIMARY KEY,
    public_key bytea NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz,
    status text NOT NULL CHECK (status IN ('active', 'retired', 'compromised'))
);
