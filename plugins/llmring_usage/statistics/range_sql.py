"""Parts of a statement that cover a range: days, quarter hours at its edges, and raw rows at theirs."""

from typing import Any, LiteralString

from llmring_usage.statistics.periods import Split, split_quarters

NUMBERS: tuple[LiteralString, ...] = ("0", "1", "2", "3", "4", "5", "6", "7")


class RangeUnion:
    """A UNION ALL of parts, each between two bounds that are added to the statement's parameters."""

    def __init__(self, params: dict[str, Any], prefix: LiteralString) -> None:
        self.parts: list[LiteralString] = []
        self._params = params
        self._prefix = prefix

    @property
    def sql(self) -> LiteralString:
        """The parts as one SELECT."""
        return " UNION ALL ".join(self.parts)

    def add_between(self, select: LiteralString, column: LiteralString, first: Any, last: Any) -> None:
        """Add a SELECT whose `column` is in `[first, last)`; None leaves a side open.

        Days are hidden from the planner in a subquery: for a long range of a large project, it would read the sums of
        all projects with several workers, instead of those by the key. It still has to expect many rows, and sum them
        by hashing rather than by sorting names: so the end is not written as one of a pair of bounds.
        """
        name: LiteralString = self._prefix + NUMBERS[len(self.parts)]
        if first is not None:
            self._params[name + "from"] = first
            select += " AND " + _from(column, "%(" + name + "from)s")
        if last is not None:
            self._params[name + "to"] = last
            select += " AND " + _before(column, "%(" + name + "to)s")
        self.parts.append(select)

    def add_range(self, split: Split, days: LiteralString, quarters: LiteralString, raw: LiteralString) -> None:
        """Add a split range: days, then quarters at its edges, then raw rows at theirs."""
        if split.first is not None:
            self.add_between(days, "day", split.first, split.last)
        for edge in split.edges:
            finer = split_quarters(edge)
            if finer.first is not None:
                self.add_between(quarters, "quarter", finer.first, finer.last)
            for edge_rows in finer.edges:
                self.add_between(raw, "occurred_at", edge_rows.start, edge_rows.end)


def _from(column: LiteralString, bound: LiteralString) -> LiteralString:
    return "day >= (SELECT " + bound + "::date)" if column == "day" else column + " >= " + bound


def _before(column: LiteralString, bound: LiteralString) -> LiteralString:
    return "(day, project_id) < ((SELECT " + bound + "::date), '')" if column == "day" else column + " < " + bound
