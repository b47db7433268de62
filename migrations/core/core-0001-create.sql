-- Facts of this deployment that every start must agree with.
CREATE TABLE IF NOT EXISTS deployment (
    name text PRIMARY KEY,
    value text NOT NULL
);
