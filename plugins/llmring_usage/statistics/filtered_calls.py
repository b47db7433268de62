"""The parts of a statement that read filtered calls: sums by combination for whole days, raw rows for the rest.

Raw rows are read once, and summed by the requested names before anything else happens to them.
"""

from collections.abc import Mapping
from typing import Any, LiteralString

from llmring_server.contracts.usage_filters import CallFilter
from llmring_usage.queries.filter_sql import filter_sql
from llmring_usage.statistics.periods import Split
from llmring_usage.statistics.range_sql import RangeUnion
from llmring_usage.tables.combinations import ALL_SUMS, OTHER
from llmring_usage.tables.log_columns import COUNTED
from llmring_usage.tables.rollups import DAY, NUMBERS

SUM_COLUMNS: LiteralString = ", ".join(ALL_SUMS)
ADDED: LiteralString = ", ".join("sum(" + name + ") AS " + name for name in ALL_SUMS)
RAW_SUMS: LiteralString = ", ".join(value + " AS " + name for name, value in ALL_SUMS.items())
LIMITED: LiteralString = "combination = " + OTHER
NO_LIMITED: LiteralString = "0::bigint"


class FilteredCalls:
    """The calls of a split range that match a filter, as sums by names: expressions over columns of a call.

    The statement's parameters are added to `params`, which has `zone` and `project`, None for all projects.
    """

    def __init__(
        self, params: dict[str, Any], split: Split, chosen: CallFilter, names: Mapping[LiteralString, LiteralString]
    ) -> None:
        conditions, values = filter_sql(chosen)
        params.update(values)
        owned: LiteralString = " WHERE true" if params["project"] is None else " WHERE project_id = %(project)s"
        matching = owned + conditions
        self._names = names
        self._days, self._limited = RangeUnion(params, "f"), RangeUnion(params, "o")
        edges = RangeUnion(params, "e")
        if split.first is not None:
            named: LiteralString = "".join(value + " AS " + name + ", " for name, value in names.items())
            self._days.add_between(
                "SELECT day, combination, " + named + SUM_COLUMNS + " FROM usage_combinations" + matching,
                "day", split.first, split.last,
            )  # fmt: skip
            self._limited.add_between(
                "SELECT requests FROM usage_combinations" + owned + " AND " + LIMITED,
                "day", split.first, split.last,
            )  # fmt: skip
        for edge in split.edges:
            raw: LiteralString = "SELECT * FROM usage_logs" + matching + " AND " + COUNTED
            edges.add_between(raw, "occurred_at", edge.start, edge.end)
        self._edges = edges.sql

    @property
    def tables(self) -> LiteralString:
        """The common table expression that `parts` reads, followed by a comma; nothing if no raw rows are read."""
        if not self._edges:
            return ""
        named: LiteralString = "".join(value + " AS " + name + ", " for name, value in self._names.items())
        return (
            "raw AS MATERIALIZED (SELECT " + DAY + " AS day, " + named + RAW_SUMS
            + " FROM (" + self._edges + ") AS logs GROUP BY " + ", ".join(NUMBERS[: len(self._names) + 1]) + "), "
        )  # fmt: skip

    @property
    def parts(self) -> LiteralString:
        """The SELECT of the day, whether names are limited, the names, and the sums; a name may be in several rows."""
        columns: LiteralString = "".join(name + ", " for name in self._names) + SUM_COLUMNS
        parts: list[LiteralString] = []
        if self._days.parts:
            limited: LiteralString = LIMITED + " AS limited, "
            parts.append("SELECT day, " + limited + columns + " FROM (" + self._days.sql + ") AS days")
        if self._edges:
            parts.append("SELECT day, false AS limited, " + columns + " FROM raw")
        return " UNION ALL ".join(parts)

    @property
    def limited_requests(self) -> LiteralString:
        """The expression for the number of calls of the range that are summed without their names."""
        if not self._limited.parts:
            return NO_LIMITED
        return "(SELECT coalesce(sum(requests), 0)::bigint FROM (" + self._limited.sql + ") AS limited)"
