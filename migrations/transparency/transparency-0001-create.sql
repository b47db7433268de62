-- What waits for the log: written in the transaction that stores a receipt, moved to its leaf when that is numbered.
CREATE TABLE IF NOT EXISTS transparency_queue (
    project_id text NOT NULL,
    queue_id bigint GENERATED ALWAYS AS IDENTITY,
    kind smallint NOT NULL,
    reference text COLLATE "C" NOT NULL,
    content bytea NOT NULL,
    queued_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, queue_id)
);
CREATE INDEX IF NOT EXISTS transparency_queue_in_order ON transparency_queue (queue_id);
CREATE INDEX IF NOT EXISTS transparency_queue_by_reference ON transparency_queue (project_id, kind, reference);

-- What each leaf stands for. `seq` and `salt` are of receipts, whose content lies elsewhere; a salt that is gone was destroyed.
CREATE TABLE IF NOT EXISTS transparency_leaves (
    project_id text NOT NULL,
    leaf_index bigint NOT NULL,
    kind smallint NOT NULL,
    reference text COLLATE "C" NOT NULL,
    seq bigint,
    salt bytea,
    content bytea,
    logged_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, leaf_index)
);
CREATE INDEX IF NOT EXISTS transparency_leaves_by_reference ON transparency_leaves (project_id, kind, reference);

-- How many receipts of each project are in the log: the last `seq`.
CREATE TABLE IF NOT EXISTS transparency_counts (
    project_id text PRIMARY KEY,
    receipts bigint NOT NULL
);

-- The tree, a growing row a tile; level -1 has the entries themselves.
CREATE TABLE IF NOT EXISTS transparency_tiles (
    level smallint NOT NULL,
    number bigint NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (level, number)
);
ALTER TABLE transparency_tiles ALTER COLUMN content SET STORAGE EXTERNAL;

-- The log itself, one row: how far it is, its newest checkpoint, and the newest that witnesses have cosigned.
CREATE TABLE IF NOT EXISTS transparency_log (
    only_row boolean PRIMARY KEY CHECK (only_row),
    origin text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    checkpoint bytea,
    cosigned_size bigint NOT NULL,
    cosigned bytea,
    key_events bigint NOT NULL,
    alarm text
);

-- Keys that have signed checkpoints of this log.
CREATE TABLE IF NOT EXISTS transparency_keys (
    vkey text COLLATE "C" PRIMARY KEY,
    since timestamptz NOT NULL
);
