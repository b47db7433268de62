"""The statements of corrections: one per table, so that each can be sent alone.

Rows are given by `times` and `ids`, `new_ids` are those of rows that count instead. Sums change by one upsert per
rollup, in the order in which a batch that is being stored locks them.
"""

from typing import LiteralString

from llmring_usage.ingest.storage.insert_sql import SERIES
from llmring_usage.tables.alias_hours import hour_sql
from llmring_usage.tables.combinations import ROLLUPS
from llmring_usage.tables.entry_lookup import find_sql
from llmring_usage.tables.log_columns import COLUMNS, COUNTED, TOKENS

GIVEN: LiteralString = "unnest(%(times)s::timestamptz[], %(ids)s::uuid[]) AS given(occurred_at, id)"
THEIRS: LiteralString = "kept.project_id = %(project)s AND kept.occurred_at = given.occurred_at AND kept.id = given.id"
FIND: LiteralString = find_sql("SELECT occurred_at FROM usage_logs WHERE project_id = %(project)s")
LOCK_ENTRY: LiteralString = (
    """
    SELECT id, occurred_at, provider, model, alias, profile, origin, key_id, id_at_origin, input_tokens,
        cached_input_tokens, """ + TOKENS + """, rare_counts, cost, cost_source, cost_status,
        latency_ms::double precision AS latency_ms, status, service_tier, processing, speed, operation_id, attempt,
        tags, metadata, corrected_at
    FROM usage_logs
    WHERE project_id = %(project)s AND occurred_at = %(occurred_at)s AND id = %(id)s
    FOR UPDATE
    """
)  # fmt: skip
TAKE_BACK: LiteralString = (
    "UPDATE usage_logs AS kept SET corrected_at = %(now)s, replaced_by = %(replaced_by)s FROM " + GIVEN
    + " WHERE " + THEIRS + " AND kept." + COUNTED
    + " RETURNING kept.id, kept.occurred_at, kept.provider, kept.model, kept.cost"
)  # fmt: skip
RECORD: LiteralString = """
    INSERT INTO usage_corrections (
        project_id, log_id, occurred_at, kind, reason, fields, replaced_by, key_id, created_at
    )
    SELECT * FROM json_to_recordset(%(records)s::json) AS given(
        project_id text, log_id uuid, occurred_at timestamptz, kind text, reason text, fields json, replaced_by uuid,
        key_id text, corrected_at timestamptz
    )
"""
REPLACE: LiteralString = (
    "INSERT INTO usage_logs (" + ", ".join(column.name for column in COLUMNS) + ", replaces) SELECT "
    + ", ".join(column.stored or column.name for column in COLUMNS) + ", %(replaces)s FROM (SELECT "
    + ", ".join(
        column.value + " AS " + column.name if column.value else column.name
        for column in COLUMNS
    )
    + " FROM json_to_recordset(%(rows)s::json) AS entry("
    + ", ".join(column.name + " " + column.type for column in COLUMNS if not column.shared)
    + ") CROSS JOIN json_to_recordset(%(series)s::json) AS series("
    + ", ".join(column.name + " " + column.type for column in SERIES) + ")) AS given"
)  # fmt: skip

# Sums of hours and months that are computed later hold only while their totals agree, which a correction may leave as
# they are. They are deleted, and who computes them holds these locks.
LOCK_HOURS: LiteralString = """
    SELECT pg_advisory_xact_lock(hashtextextended('llmring alias hours ' || current_schema() || ' ' || %(project)s, 0))
"""
LOCK_MONTHS: LiteralString = "LOCK TABLE usage_latency_months IN SHARE ROW EXCLUSIVE MODE"
DELETE_HOURS: LiteralString = (
    "DELETE FROM usage_alias_hours WHERE project_id = %(project)s AND hour IN (SELECT "
    + hour_sql("at") + " FROM unnest(%(times)s::timestamptz[]) AS at)"
)  # fmt: skip
DELETE_MONTHS: LiteralString = (
    "DELETE FROM usage_latency_months WHERE project_id = %(project)s AND month IN (SELECT"
    " date_trunc('month', at AT TIME ZONE %(zone)s)::date FROM unnest(%(times)s::timestamptz[]) AS at)"
)


def _rows(ids: LiteralString) -> LiteralString:
    """Return the source of the given rows that have these ids."""
    return (
        "(SELECT kept.* FROM usage_logs AS kept JOIN " + GIVEN.replace("%(ids)s", "%(" + ids + ")s")
        + " ON " + THEIRS + ") AS logs"
    )  # fmt: skip


# Each takes the rows `ids` out of a rollup, and adds the rows `new_ids`.
CHANGE_SUMS: tuple[LiteralString, ...] = tuple(rollup.exchange(_rows("ids"), _rows("new_ids")) for rollup in ROLLUPS)
