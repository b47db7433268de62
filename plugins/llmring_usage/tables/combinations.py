"""The sums by combination: per day, of the calls that agree in everything that calls have in common.

They answer every filter and every breakdown. Their rows are bounded per project and day: when a day is full, it has the
combination `OTHER`, and a call whose combination has no row yet is counted there.
"""

from collections.abc import Mapping
from typing import LiteralString

from llmring_usage.tables.rollups import DAILY, DAY, LATENCIES, LATENCIES_SUM, NUMBERS, QUARTERS, SUMS, Rollup

ALL_SUMS: Mapping[LiteralString, LiteralString] = {**SUMS, **LATENCIES_SUM}

PLAIN_DIMENSIONS: tuple[LiteralString, ...] = (
    "provider", "model", "alias", "profile", "origin", "status", "key_id", "service_tier", "cost_status",
)  # fmt: skip
DIMENSIONS: tuple[LiteralString, ...] = (*PLAIN_DIMENSIONS, "tags")
OTHER: LiteralString = "'00000000-0000-0000-0000-000000000000'::uuid"
OTHER_NAME: LiteralString = "'other'"
COMBINATION: LiteralString = "md5(ROW(" + ", ".join(DIMENSIONS) + ")::text)::uuid"


def tags_sql(names: LiteralString) -> LiteralString:
    """Return the expression for the tags of a row that have sums; `names` is an array of text."""
    return (
        "CASE WHEN tags IS NOT NULL THEN"
        " (SELECT jsonb_object_agg(key, value) FROM json_each_text(tags) WHERE key = ANY(" + names + "::text[])) END"
    )  # fmt: skip


# A combination has its own sums unless its day is full and it has no row there.
OWN: LiteralString = (
    "CASE WHEN full_days.day IS NULL THEN true ELSE EXISTS (SELECT FROM usage_combinations AS known WHERE"
    " known.project_id = keyed.project_id AND known.day = keyed.day AND known.combination = keyed.combination) END"
)
FULL_DAYS: LiteralString = (
    " LEFT JOIN (SELECT project_id, day FROM (SELECT DISTINCT project_id, day FROM combined) AS days WHERE EXISTS ("
    "SELECT FROM usage_combinations AS known WHERE known.project_id = days.project_id AND known.day = days.day"
    " AND known.combination = " + OTHER + ")) AS full_days USING (project_id, day)"
)
# The same as joins, for rows that are read from a distributed table: Citus has no subquery that refers to such rows.
JOINED_OWN: LiteralString = "full_days.day IS NULL OR known.combination IS NOT NULL"
JOINED: LiteralString = (
    " LEFT JOIN (SELECT DISTINCT project_id, day FROM usage_combinations JOIN (SELECT DISTINCT project_id, day"
    " FROM combined) AS days USING (project_id, day) WHERE combination = " + OTHER
    + ") AS full_days USING (project_id, day)"
    " LEFT JOIN (SELECT DISTINCT project_id, day, combination FROM usage_combinations JOIN (SELECT project_id, day, "
    + COMBINATION + " AS combination FROM combined) AS calls USING (project_id, day, combination)"
    ") AS known USING (project_id, day, combination)"
)  # fmt: skip
# The same for a day that is counted again: those with the most requests have their own sums.
MOST_USED: LiteralString = (
    "row_number() OVER (PARTITION BY project_id, day ORDER BY requests DESC, combination) <= %(names_per_day)s"
)
FOLDED: LiteralString = ", ".join(
    "CASE WHEN own THEN " + name + (" END" if name == "tags" else " ELSE " + OTHER_NAME + " END") + " AS " + name
    for name in DIMENSIONS
)


def fold_sql(rollup: Rollup, own: LiteralString = OWN, joins: LiteralString = FULL_DAYS) -> LiteralString:
    """Return the SELECT of the rollup's columns over a table `combined` that lacks the combination.

    Combinations that are not `own`, a condition on `combined` with its `joins`, are folded into `OTHER`. OFFSET 0 keeps
    PostgreSQL from planning and computing the digest and the test once per column.
    """
    sums: LiteralString = ", ".join("sum(" + name + ") AS " + name for name in rollup.sums)
    return (
        "SELECT project_id, day, CASE WHEN own THEN combination ELSE " + OTHER + " END AS combination, " + FOLDED
        + ", " + sums + " FROM (SELECT keyed.*, " + own + " AS own FROM (SELECT *, " + COMBINATION
        + " AS combination FROM combined OFFSET 0) AS keyed" + joins
        + " OFFSET 0) AS owned GROUP BY " + ", ".join(NUMBERS[: len(DIMENSIONS) + 3])
    )  # fmt: skip


class CombinationRollup(Rollup, frozen=True):
    """The rollup by combination; the parameter `tags` is the array of the tags that have sums."""

    def select_rows(
        self, source: LiteralString, sums: Mapping[LiteralString, LiteralString] = ALL_SUMS
    ) -> LiteralString:
        """Return the SELECT of `columns` over raw rows; calls of full days as they are folded when they are stored."""
        return self._combined(source, sums) + fold_sql(self, JOINED_OWN, JOINED)

    def select_most_used(self, source: LiteralString) -> LiteralString:
        """Return the SELECT of `columns` over all raw rows of days; the parameter `names_per_day` limits each day."""
        return self._combined(source, ALL_SUMS) + fold_sql(self, MOST_USED, "")

    def _combined(self, source: LiteralString, sums: Mapping[LiteralString, LiteralString]) -> LiteralString:
        named = {"project_id": "project_id", self.bucket: self.at, **dict(zip(DIMENSIONS, DIMENSIONS, strict=True))}
        columns = {**named, "tags": tags_sql("%(tags)s"), **{name: sums.get(name, "0") for name in self.sums}}
        return (
            "WITH combined AS MATERIALIZED (SELECT "
            + ", ".join(value + " AS " + name for name, value in columns.items()) + " FROM " + source
            + " GROUP BY " + ", ".join(NUMBERS[: len(named)]) + ") "
        )  # fmt: skip


COMBINATIONS = CombinationRollup(
    "usage_combinations", "day", DAY, {"combination": COMBINATION}, tuple(ALL_SUMS), carried=DIMENSIONS
)
# In the order in which a batch that is being stored locks their rows.
ROLLUPS = (LATENCIES, COMBINATIONS, DAILY, QUARTERS)
