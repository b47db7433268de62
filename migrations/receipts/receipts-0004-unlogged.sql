-- Receipts and statements that a server without the transparency log stored although the deployment has one; `kind` is
-- receipt or statement. A server with the log queues them and removes the rows.
CREATE TABLE IF NOT EXISTS receipts_unlogged (
    project_id text NOT NULL,
    kind text NOT NULL,
    reference text COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, kind, reference)
);
