"""Check whether a CSV has exactly the lines of a statement; if not, which were removed, changed, moved or added."""

from collections import Counter
from pathlib import Path

from llmring_receipts.checks.amounts import LineAmounts
from llmring_receipts.formats import keys
from llmring_receipts.statements.formats import lines
from llmring_receipts.statements.formats.document import Statement, StatementTotal
from llmring_receipts.statements.formats.lines import InvalidLines, StatementLine
from llmring_receipts.statements.formats.totals import Totals
from llmring_server.tlog.growing_trees import BlockTree
from llmring_server.verifying.verdict import Findings, Unreadable


class SequenceCheck:
    """Follows the line numbers and finds missing, moved and duplicate lines."""

    def __init__(self, findings: Findings, first: int) -> None:
        self._findings = findings
        self._next = first
        self._gaps: list[range] = []

    def add(self, row: int, seq: int) -> None:
        """Check the number of the next line in the file."""
        if seq >= self._next:
            if seq > self._next:
                self._gaps.append(range(self._next, seq))
            self._next = seq + 1
            return
        place = next((place for place, gap in enumerate(self._gaps) if seq in gap), None)
        if place is None:
            self._findings.add_fault("twice", f"Row {row}: line {seq} is a duplicate, or not a line of this statement.")
            return
        gap = self._gaps.pop(place)
        self._gaps[place:place] = [part for part in (range(gap.start, seq), range(seq + 1, gap.stop)) if part]
        self._findings.add_fault("moved", f"Row {row}: line {seq} was moved; it is after line {self._next - 1}.")

    def finish(self, last: int) -> None:
        """Report lines that are missing up to the last number, and lines beyond it."""
        if self._next <= last:
            self._gaps.append(range(self._next, last + 1))
        for gap in self._gaps:
            named = f"Line {gap.start} is" if gap.stop - gap.start == 1 else f"Lines {gap.start} to {gap.stop - 1} are"
            self._findings.add_fault("missing", f"{named} missing.")
        if self._next > last + 1:
            self._findings.add_fault(
                "added", f"The file continues to line {self._next - 1}; the statement ends with line {last}."
            )


class TableReader:
    """Collects the lines of a file: the tree of the lines, the tree of the hash column, and the totals.

    `amounts` recomputes their costs, if given.
    """

    def __init__(self, findings: Findings, amounts: LineAmounts | None) -> None:
        self._amounts = amounts
        self.tree, self.stated = BlockTree(), BlockTree()
        self.totals = Totals()
        self._findings = findings

    def add(self, row: int, line: StatementLine, stated: bytes) -> None:
        """Add a line with the hash from its row."""
        found = line.hash
        if found != stated:
            self._findings.add_fault(
                "changed", f"Row {row}: line {line.seq} (call {line.id}) was changed: it does not match its hash."
            )
        self.tree.add(found)
        self.stated.add(stated)
        self.totals.add(line)
        if self._amounts:
            self._amounts.add(line)


def check_table(findings: Findings, statement: Statement, path: Path, amounts: LineAmounts | None = None) -> None:
    """Check whether a CSV has all lines of a statement and no other, and name those that are wrong.

    With `amounts`, the cost of each line is recomputed.

    Raises:
        Unreadable: not a CSV of lines; the message names the row.
    """
    first = statement.lines.first or 1
    order, reading = SequenceCheck(findings, first), TableReader(findings, amounts)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row, line, stated in lines.from_csv(file):
                order.add(row, int(line.seq))
                reading.add(row, line, stated)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from error
    except InvalidLines as error:
        raise Unreadable(f"{path}: {error}") from error
    order.finish(first + statement.lines.count - 1)
    _compare(findings, statement, reading)


def _compare(findings: Findings, statement: Statement, reading: TableReader) -> None:
    """Compare the tree and the totals of the file with the signed ones."""
    stated = Counter(statement.totals)
    found = Counter(StatementTotal(**total) for total in reading.totals.to_fields(statement.version))
    for model in sorted({total.model for total in (stated - found) | (found - stated)}):
        findings.add_fault("totals", f"The lines of {model} do not add up to the totals in the statement.")
    if keys.encode(reading.tree.root()) == statement.lines.root:
        _add_proven(findings, statement)
        return
    if keys.encode(reading.stated.root()) == statement.lines.root:
        findings.add_proven(
            "hashes",
            "The hash column matches the statement: lines that differ from their hash were changed, others were not.",
        )
    findings.add_fault("root", "The lines do not match the signed root: they are not the lines of the statement.")


def _add_proven(findings: Findings, statement: Statement) -> None:
    count, first, last = statement.lines.count, statement.lines.first, statement.lines.last
    if findings.has_faults:
        return
    if not count:
        findings.add_proven("lines", "The statement has no lines, and neither has the file.")
        return
    findings.add_proven(
        "lines",
        f"These are the {count} lines of the statement, numbers {first} to {last}: none is missing, changed, moved or "
        "added.",
    )
    findings.add_proven("totals", f"They add up exactly to the statement's {len(statement.totals)} totals.")
