"""The SQL conditions of a filter for calls, on raw rows and on sums by combination, which share their column names."""

from collections.abc import Mapping
from typing import Any, LiteralString

from llmring_server.contracts.usage_filters import CallFilter
from llmring_server.http.errors import Problem

# The filters of columns that calls have in common, which sums by combination also have.
SHARED: tuple[LiteralString, ...] = (
    "provider", "model", "alias", "profile", "origin", "status", "service_tier", "key_id",
)  # fmt: skip
# The filters of columns that differ from call to call.
PER_CALL: tuple[LiteralString, ...] = ("id_at_origin", "operation_id")
LEAST: Mapping[LiteralString, LiteralString] = {"min_cost": "cost", "min_latency_ms": "latency_ms"}
UNPRICED = "unpriced"
COST_STATUS: LiteralString = " AND cost_status = ANY(%(cost_status)s)"
COST_STATUS_OR_UNPRICED: LiteralString = (
    " AND (cost_status = ANY(%(cost_status)s) OR cost_status NOT IN ('priced', 'estimated'))"
)
TAGS: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("tag_0", "tag_values_0"), ("tag_1", "tag_values_1"), ("tag_2", "tag_values_2"), ("tag_3", "tag_values_3"),
    ("tag_4", "tag_values_4"), ("tag_5", "tag_values_5"), ("tag_6", "tag_values_6"), ("tag_7", "tag_values_7"),
    ("tag_8", "tag_values_8"), ("tag_9", "tag_values_9"),
)  # fmt: skip


def filter_sql(chosen: CallFilter) -> tuple[LiteralString, dict[str, Any]]:
    """Return the conditions of a filter, each after an AND, and their parameters; without the range of time.

    Raises:
        Problem: 422 for a minimum that is not a finite number.
    """
    conditions: LiteralString = ""
    params: dict[str, Any] = {}
    for column in (*SHARED, *PER_CALL):
        if values := getattr(chosen, column):
            conditions += " AND " + column + " = ANY(%(" + column + ")s)"
            params[column] = list(values)
    if chosen.cost_status:
        conditions += COST_STATUS_OR_UNPRICED if UNPRICED in chosen.cost_status else COST_STATUS
        params["cost_status"] = list(chosen.cost_status)
    for name, column in LEAST.items():
        if (least := getattr(chosen, name)) is not None:
            conditions += " AND " + column + " >= %(" + name + ")s"
            if not least.is_finite():
                raise Problem.validation("query", name, msg="Must be a finite number.")
            params[name] = least
    for (tag, accepted), (name, values) in zip(TAGS, chosen.tags.items(), strict=False):
        conditions += " AND tags->>%(" + tag + ")s = ANY(%(" + accepted + ")s)"
        params |= {tag: name, accepted: list(values)}
    return conditions, params


def is_per_call(chosen: CallFilter) -> bool:
    """Whether a filter has conditions on columns that differ from call to call, which sums do not have."""
    return any(getattr(chosen, name) for name in PER_CALL) or any(getattr(chosen, name) is not None for name in LEAST)


def is_unfiltered(chosen: CallFilter) -> bool:
    """Whether a filter has no condition besides its range of time."""
    return not filter_sql(chosen)[0]
