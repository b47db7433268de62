"""The statements of repricing: the rows to price again, and one per table that corrects rows and rollups."""

from typing import LiteralString

from llmring_usage.tables.alias_hours import hour_sql
from llmring_usage.tables.combinations import COMBINATIONS
from llmring_usage.tables.log_columns import COLUMNS, COUNTED, TOKENS
from llmring_usage.tables.rollups import DAILY, QUARTERS

SELECTED: LiteralString = (
    """
    FROM usage_logs
    WHERE """
    + COUNTED
    + """ AND cost_source IS DISTINCT FROM 'client' AND cost_status <> 'usage_missing'
        AND (%(only)s::text IS NULL OR project_id = %(only)s)
        AND (%(since)s::timestamptz IS NULL OR occurred_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR occurred_at < %(until)s)
        AND (%(model)s::text IS NULL OR model = %(model)s OR provider || ':' || model = %(model)s)
"""
)
# A condition of its own, so that the partial index on these rows is used.
NOT_PRICED: LiteralString = " AND cost_status <> 'priced'"
ROW: LiteralString = (
    "SELECT project_id, occurred_at, id, provider, model, service_tier, processing, speed, rare_counts, cost_status, "
    "coalesce(price_source, 'registry') AS price_source, " + TOKENS + ", cost"
)
NEXT: LiteralString = (
    " AND (project_id, occurred_at, id) > (%(project)s, %(time)s, %(id)s)"
    " ORDER BY project_id, occurred_at, id LIMIT %(limit)s"
)
DELTAS: dict[LiteralString, LiteralString] = {
    "cost": "sum(coalesce(cost, 0) - coalesce(old_cost, 0))",
    "unpriced_requests": "sum((cost IS NULL)::int - (old_cost IS NULL)::int)",
    "estimated_requests": "sum((cost_status = 'estimated')::int - (old_status = 'estimated')::int)",
    "unpriced_tokens": "sum(((cost IS NULL)::int - (old_cost IS NULL)::int) * (input_tokens::numeric + output_tokens))",
}
GIVEN: LiteralString = """
    json_to_recordset(%(rows)s::json) AS given(
        project_id text, occurred_at timestamptz, id uuid, cost numeric, list_cost numeric, discount numeric,
        cost_source text, cost_status text, price_notes json, old_cost numeric, old_status text, priced_as text,
        price_source text, price_version text, registry_version text, matched text, price json
    )
"""
# `projects` are those of the given rows: a Citus cluster finds the shards of a statement by it.
IS_GIVEN: LiteralString = """
    kept.project_id = ANY(%(projects)s) AND kept.project_id = given.project_id
    AND kept.occurred_at = given.occurred_at AND kept.id = given.id
"""
CHANGE: LiteralString = (
    """
    UPDATE usage_logs AS kept SET
        cost = given.cost,
        computed_cost = given.cost,
        list_cost = given.list_cost,
        discount = given.discount,
        cost_source = given.cost_source,
        cost_status = given.cost_status,
        price_notes = given.price_notes,
        priced_as = given.priced_as,
        price_source = given.price_source,
        price_version = given.price_version,
        registry_version = given.registry_version,
        matched = given.matched,
        price = given.price
    FROM """
    + GIVEN
    + "WHERE"
    + IS_GIVEN
    + """
        AND kept.cost IS NOT DISTINCT FROM given.old_cost AND kept.cost_status = given.old_status
        AND kept.cost_source IS DISTINCT FROM 'client' AND kept."""
    + COUNTED
    + " RETURNING kept.project_id, kept.id::text"
)
CHANGED: LiteralString = (
    "(SELECT kept.*, given.old_cost, given.old_status FROM usage_logs AS kept JOIN " + GIVEN + " ON " + IS_GIVEN + ")"
)
# The changed rows as they were: the status of the cost is a part of their combination.
BEFORE: dict[str, LiteralString] = {"cost": "old_cost AS cost", "cost_status": "old_status AS cost_status"}
FORMERLY: LiteralString = (
    "(SELECT "
    + ", ".join(BEFORE.get(column.name, column.name) for column in COLUMNS)
    + " FROM "
    + CHANGED
    + " AS changed) AS formerly"
)
# In the order in which a batch that is being stored locks their rows.
ADD: tuple[LiteralString, ...] = (
    COMBINATIONS.exchange(FORMERLY, CHANGED + " AS changed"),
    *(rollup.upsert(rollup.select_rows(CHANGED + " AS changed", DELTAS), "0") for rollup in (DAILY, QUARTERS)),
)
DELETE_HOURS: LiteralString = (
    "DELETE FROM usage_alias_hours WHERE project_id = ANY(%(projects)s) AND (project_id, hour) IN"
    " (SELECT given.project_id, " + hour_sql("given.occurred_at") + " FROM " + GIVEN + ")"
)
