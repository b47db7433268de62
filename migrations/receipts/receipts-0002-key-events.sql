-- What became of each key, in the order in which it was noted; one row for each change of a key.
CREATE TABLE IF NOT EXISTS receipt_key_events (
    number bigint GENERATED ALWAYS AS IDENTITY,
    key_id text COLLATE "C" NOT NULL,
    change text NOT NULL CHECK (change IN ('added', 'retired', 'compromised')),
    at timestamptz NOT NULL,
    PRIMARY KEY (key_id, change)
);
CREATE UNIQUE INDEX IF NOT EXISTS receipt_key_events_number ON receipt_key_events (number);
