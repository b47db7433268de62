"""The limit of combinations of names per project and day: a full day gets the combination `OTHER`.

A call adds at most one combination. So the number in the database is looked up again only after as many calls as an
eighth of what is left; near the limit, several processes exceed it by little. The memory of a process is bounded too.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import LiteralString

from llmring_usage.models.rows import UsageRow
from llmring_usage.tables.combinations import COMBINATIONS, DIMENSIONS, OTHER, OTHER_NAME

MAX_DAYS = 10_000
PARTS = 8
LEAST_SHARE = 80
# The days of the reporting zone to which calls of a day in UTC belong. `$1` project, `$2` day, `$3` limit.
MARK_FULL_DAYS: LiteralString = (
    "WITH counted AS (SELECT day, count(*) AS combinations FROM usage_combinations"
    " WHERE project_id = $1 AND day >= $2::date - 1 AND day <= $2::date + 1 GROUP BY day), marked AS ("
    "INSERT INTO usage_combinations (project_id, day, combination, slot, " + ", ".join(DIMENSIONS) + ", "
    + ", ".join(COMBINATIONS.sums) + ") SELECT $1, day, " + OTHER + ", 0, "
    + ", ".join("NULL" if name == "tags" else OTHER_NAME for name in DIMENSIONS) + ", "
    + ", ".join("0" for _ in COMBINATIONS.sums)
    + " FROM counted WHERE combinations >= $3 ON CONFLICT DO NOTHING RETURNING day)"
    " SELECT (SELECT coalesce(max(combinations), 0) FROM counted), (SELECT count(*) FROM marked)"
)  # fmt: skip


class NamesLimit:
    """Decides when the combinations of a project's day are counted; `marked_days` are those that were found full."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.marked_days = 0
        self._left: dict[tuple[str, date], int] = {}

    def due(self, rows: Sequence[UsageRow]) -> Iterator[tuple[str, date]]:
        """Count rows, and yield the projects' days (UTC) whose combinations are to be looked up."""
        for key, calls in Counter((row.series.project_id, row.occurred_at.date()) for row in rows).items():
            left = self._left.get(key, self.limit // PARTS) - calls
            if left > 0:
                self._store(key, left)
            else:
                yield key

    def found(self, key: tuple[str, date], combinations: int, marked: int) -> None:
        """Note the number of combinations of a day, and the number of days that were marked as full."""
        self.marked_days += marked
        left = (self.limit - combinations) // PARTS if combinations < self.limit else self.limit
        self._store(key, max(left, self.limit // LEAST_SHARE, 1))

    def _store(self, key: tuple[str, date], left: int) -> None:
        if len(self._left) >= MAX_DAYS and key not in self._left:
            self._left.clear()
        self._left[key] = left
