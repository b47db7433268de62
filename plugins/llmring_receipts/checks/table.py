"""Whether a CSV holds exactly the lines of a statement; if not, which were taken out, changed, moved or added."""

from collections import Counter
from pathlib import Path

from llmring_receipts.formats import keys
from llmring_receipts.statements.formats import lines
from llmring_receipts.statements.formats.document import Statement, StatementTotal
from llmring_receipts.statements.formats.lines import InvalidLines, StatementLine
from llmring_receipts.statements.formats.totals import Totals
from llmring_server.tlog.blocks import BlockTree
from llmring_server.verifying.verdict import Findings, Unreadable


class SequenceCheck:
    """Follows the numbers of lines, and tells which are missing, moved, or there twice."""

    def __init__(self, findings: Findings, first: int) -> None:
        self._findings = findings
        self._next = first
        self._gaps: list[range] = []

    def add(self, row: int, seq: int) -> None:
        """Take the number of the next line in the file."""
        if seq >= self._next:
            if seq > self._next:
                self._gaps.append(range(self._next, seq))
            self._next = seq + 1
            return
        place = next((place for place, gap in enumerate(self._gaps) if seq in gap), None)
        if place is None:
            self._findings.add_fault("twice", f"row {row}: line {seq} is there twice, or is none of this statement")
            return
        gap = self._gaps.pop(place)
        self._gaps[place:place] = [part for part in (range(gap.start, seq), range(seq + 1, gap.stop)) if part]
        self._findings.add_fault("moved", f"row {row}: line {seq} was moved; it stands behind line {self._next - 1}")

    def finish(self, last: int) -> None:
        """Note what is missing up to the last number, and what is there beyond it."""
        if self._next <= last:
            self._gaps.append(range(self._next, last + 1))
        for gap in self._gaps:
            named = f"line {gap.start} is" if gap.stop - gap.start == 1 else f"lines {gap.start} to {gap.stop - 1} are"
            self._findings.add_fault("missing", f"{named} missing")
        if self._next > last + 1:
            self._findings.add_fault(
                "added", f"the file goes on to line {self._next - 1}, the statement ends with {last}"
            )


class TableReader:
    """The lines of a file while they are read: the tree they make, the tree their hashes say, and their sums."""

    def __init__(self, findings: Findings) -> None:
        self.tree, self.said = BlockTree(), BlockTree()
        self.totals = Totals()
        self._findings = findings

    def add(self, row: int, line: StatementLine, said: bytes) -> None:
        """Take a line with the hash that stands beside it."""
        found = line.hash
        if found != said:
            self._findings.add_fault(
                "changed", f"row {row}: line {line.seq} (call {line.id}) was changed: it is not what its hash is of"
            )
        self.tree.add(found)
        self.said.add(said)
        self.totals.add(line)


def check_table(findings: Findings, statement: Statement, path: Path) -> None:
    """Note whether a CSV holds the lines of a statement, all of them and no other, and name those that are not right.

    Raises:
        Unreadable: it is no CSV of lines; the row is named.
    """
    first = statement.lines.first or 1
    order, reading = SequenceCheck(findings, first), TableReader(findings)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row, line, said in lines.from_csv(file):
                order.add(row, int(line.seq))
                reading.add(row, line, said)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from error
    except InvalidLines as error:
        raise Unreadable(f"{path}: {error}") from error
    order.finish(first + statement.lines.count - 1)
    _compare(findings, statement, reading)


def _compare(findings: Findings, statement: Statement, reading: TableReader) -> None:
    """Hold the tree and the sums of what was read against what was signed."""
    stated, found = Counter(statement.totals), Counter(StatementTotal(**total) for total in reading.totals.said())
    for model in sorted({total.model for total in (stated - found) | (found - stated)}):
        findings.add_fault("totals", f"the lines of {model} do not add up to what the statement says")
    if keys.encode(reading.tree.root()) == statement.lines.root:
        _add_proven(findings, statement)
        return
    if keys.encode(reading.said.root()) == statement.lines.root:
        findings.add_proven(
            "hashes",
            "the column of hashes is the one that was stated: lines that differ from theirs were changed, the others "
            "were not",
        )
    findings.add_fault(
        "root", "the lines do not lead to the root that was signed: they are not the lines that were stated"
    )


def _add_proven(findings: Findings, statement: Statement) -> None:
    count, first, last = statement.lines.count, statement.lines.first, statement.lines.last
    if findings.has_faults:
        return
    if not count:
        findings.add_proven("lines", "the statement has no lines, and neither has the file")
        return
    findings.add_proven(
        "lines",
        f"these are the {count} lines of the statement, numbers {first} to {last}: none is missing, changed, moved or "
        "added",
    )
    findings.add_proven("totals", f"they add up exactly to what the statement says of {len(statement.totals)} models")
