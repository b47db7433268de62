"""The statement of a breakdown: the sums of filtered calls by one or two dimensions."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, LiteralString

from llmring_server.contracts.usage_filters import CallFilter
from llmring_server.http.errors import Problem
from llmring_usage.statistics.filtered_calls import ADDED, FilteredCalls
from llmring_usage.statistics.periods import Split
from llmring_usage.tables.combinations import ALL_SUMS
from llmring_usage.tables.rollups import NAMES

TAG = "tag."
# The name of a call in each dimension; '' for a call without one.
DIMENSIONS: Mapping[str, LiteralString] = {
    "provider": "provider",
    "model": "model",
    **NAMES,
    "status": "status",
    "key": "coalesce(key_id, '')",
}
# Of calls of all projects, also the project.
OPERATOR_DIMENSIONS: Mapping[str, LiteralString] = {"project": "project_id", **DIMENSIONS}
TAG_NAMES: tuple[LiteralString, ...] = ("by_tag_0", "by_tag_1")
COLUMNS: tuple[LiteralString, ...] = ("first_name", "second_name")
SHOWN_NAMES: LiteralString = ", ".join("CASE WHEN shown THEN " + name + " END AS " + name for name in COLUMNS)
LINE: LiteralString = (
    "json_build_array(shown, CASE WHEN shown THEN first_name END, CASE WHEN shown THEN second_name END, "
    + ", ".join(("sum(" + name + ")" if name != "latencies" else "sum(latencies)::text") for name in ALL_SUMS)
    + ")"
)


def validate_dimensions(by: Sequence[str], known: Collection[str]) -> None:
    """Check the dimensions of a breakdown.

    Raises:
        Problem: 422 for one that is not `known`, or is given twice.
    """
    for index, name in enumerate(by):
        if name not in known and not (name.startswith(TAG) and name != TAG):
            msg = f"There is no such dimension. There are {', '.join(known)} and tag.<name>."
            raise Problem.validation("query", "by", index, msg=msg)
        if name in by[:index]:
            raise Problem.validation("query", "by", index, msg="This dimension is given twice. Name another one.")


def names_sql(by: Sequence[str], params: dict[str, Any]) -> dict[LiteralString, LiteralString]:
    """Return the expression for the name in each dimension, by its column."""
    found: dict[LiteralString, LiteralString] = {}
    for column, parameter, dimension in zip(COLUMNS, TAG_NAMES, by, strict=False):
        if dimension.startswith(TAG):
            params[parameter] = dimension.removeprefix(TAG)
            found[column] = "coalesce(tags->>%(" + parameter + ")s, '')"
        else:
            found[column] = OPERATOR_DIMENSIONS[dimension]
    return found


def breakdown_statement(
    params: dict[str, Any], split: Split, chosen: CallFilter, by: Sequence[str], top: int
) -> LiteralString:
    """Return the statement of `lines` and `limited`: the `top` costliest names, then one line for all others.

    Empty if the range is. A line is: whether it has names, both names, and the sums. Calls without their names are
    always among the others.
    """
    calls = FilteredCalls(params, split, chosen, names_sql(by, params))
    if not calls.parts:
        return ""
    params["top"] = top
    second: LiteralString = "second_name" if len(by) > 1 else "NULL::text AS second_name"
    order: LiteralString = 'cost DESC, requests DESC, first_name COLLATE "C", second_name COLLATE "C"'
    return (
        "WITH " + calls.tables + "grouped AS MATERIALIZED (SELECT limited, first_name, " + second + ", " + ADDED
        + " FROM (" + calls.parts + ") AS parts GROUP BY 1, 2, 3 HAVING sum(requests) <> 0), ranked AS (SELECT *,"
        " NOT limited AND row_number() OVER (ORDER BY limited, " + order + ") <= %(top)s AS shown FROM grouped)"
        " SELECT (SELECT coalesce(json_agg(line ORDER BY shown DESC, " + order + "), '[]') FROM (SELECT shown, "
        + SHOWN_NAMES + ", sum(cost) AS cost, sum(requests) AS requests, " + LINE
        + " AS line FROM ranked GROUP BY 1, 2, 3) AS ordered) AS lines, " + calls.limited_requests + " AS limited"
    )  # fmt: skip
