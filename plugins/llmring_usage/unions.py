"""Parts of a statement that cover a range: days, quarter hours at its edges, raw rows at theirs."""

from typing import Any, LiteralString

from llmring_usage.periods import Split, split_quarters

NUMBERS: tuple[LiteralString, ...] = ("0", "1", "2", "3", "4", "5", "6", "7")


class Union:
    """Parts of a UNION ALL, each between two bounds that are added to the statement's parameters."""

    def __init__(self, params: dict[str, Any], prefix: LiteralString) -> None:
        self.parts: list[LiteralString] = []
        self._params = params
        self._prefix = prefix

    @property
    def sql(self) -> LiteralString:
        """The parts as one SELECT."""
        return " UNION ALL ".join(self.parts)

    def add(self, select: LiteralString, column: LiteralString, first: Any, last: Any) -> None:
        """Add a SELECT whose `column` lies in `[first, last)`; None leaves a side open.

        Days are hidden from the planner in a subquery: seeing a long range of a large project, it would read the sums
        of all projects, by several workers, instead of those by the key.
        """
        name: LiteralString = self._prefix + NUMBERS[len(self.parts)]
        for bound, value, sign in (("from", first, ">="), ("to", last, "<")):
            if value is not None:
                given: LiteralString = "%(" + name + bound + ")s"
                at: LiteralString = "(SELECT " + given + "::date)" if column == "day" else given
                select += " AND " + column + " " + sign + " " + at
                self._params[name + bound] = value
        self.parts.append(select)

    def cover(self, split: Split, days: LiteralString, quarters: LiteralString, raw: LiteralString) -> None:
        """Cover a split range: with days, then quarters at its edges, then raw rows at theirs."""
        if split.first is not None:
            self.add(days, "day", split.first, split.last)
        for edge in split.edges:
            finer = split_quarters(edge)
            if finer.first is not None:
                self.add(quarters, "quarter", finer.first, finer.last)
            for rest in finer.edges:
                self.add(raw, "occurred_at", rest.start, rest.end)
