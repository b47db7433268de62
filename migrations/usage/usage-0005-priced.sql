-- What a call was priced with. All of these are NULL for a plain call: text tokens, standard processing, the registry's
-- price of the exact model, no discount. `rare_counts` are counts that few calls have; `matched` is how the source knows
-- the model, `list_cost` the USD before `discount`, `price_notes` the substitutions of an estimated cost.
ALTER TABLE usage_logs ADD COLUMN IF NOT EXISTS rare_counts json;
ALTER TABLE usage_logs ADD COLUMN IF NOT EXISTS processing text;
ALTER TABLE usage_logs ADD COLUMN IF NOT EXISTS speed text;
ALTER TABLE usage_logs ADD COLUMN IF NOT EXISTS price_source text;
ALTER TABLE usage_logs ADD COLUMN IF NOT EXISTS price_version text;
ALTER TABLE usage_logs ADD COLUMN IF NOT EXISTS matched text;
ALTER TABLE usage_logs ADD COLUMN IF NOT EXISTS list_cost numeric;
ALTER TABLE usage_logs ADD COLUMN IF NOT EXISTS discount numeric;
ALTER TABLE usage_logs ADD COLUMN IF NOT EXISTS price_notes json;

-- Calls that are unpriced or estimated: few, listed by /logs and priced again when a source learns their price.
CREATE INDEX IF NOT EXISTS usage_logs_not_priced ON usage_logs (project_id, occurred_at, id) WHERE cost_status <> 'priced';

ALTER TABLE usage_keys ADD COLUMN IF NOT EXISTS price_notes json;

-- Own prices of a project, or of the deployment (project ''). A change closes the current row of an id and adds another,
-- so that the history stays. Rates are USD per million tokens by kind, units USD per piece, both as strings. The period is
-- half-open; NULL is unbounded. `created_by` and `closed_by` are key ids, NULL for the command line.
CREATE TABLE IF NOT EXISTS price_overrides (
    project_id text NOT NULL,
    id text NOT NULL,
    revision integer NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    match text NOT NULL,
    service_tier text,
    processing text,
    speed text,
    effective_from timestamptz,
    effective_to timestamptz,
    rates json,
    per_unit json,
    priced_as text,
    discount numeric,
    note text,
    created_at timestamptz NOT NULL,
    created_by text,
    closed_at timestamptz,
    closed_by text,
    PRIMARY KEY (project_id, id, revision)
);
CREATE UNIQUE INDEX IF NOT EXISTS price_overrides_current ON price_overrides (project_id, id) WHERE closed_at IS NULL;
