"""The signed statement: its fields, and how one statement follows another. Pure."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from llmring_receipts.formats import keys

# The format by the type of a statement; new statements have the newest. Format 2 adds the basis of each cost to the
# lines, and estimated calls to the totals.
StatementType = Literal["llmring-statement/1", "llmring-statement/2"]
VERSIONS: dict[StatementType, int] = {"llmring-statement/1": 1, "llmring-statement/2": 2}
TYPE: StatementType = "llmring-statement/2"
_COUNT = re.compile("[0-9]{1,30}")


class StatementLineRange(msgspec.Struct, frozen=True):
    """The lines of a statement: their count, the numbers of the first and the last, and their Merkle root (base64url).

    Without lines `first` and `last` are null, and `root` is that of an empty tree.
    """

    count: int
    first: int | None
    last: int | None
    root: str


class StatementTotal(msgspec.Struct, frozen=True):
    """The totals of one model in one currency; every number is a decimal string.

    `unpriced` is the number of calls that had no cost yet when they were stated, `estimated` the number of those with
    an estimated cost; the latter is missing from format 1.
    """

    model: str
    currency: str
    amount: str
    calls: str
    corrections: str
    unpriced: str
    input_tokens: str
    output_tokens: str
    cached_input_tokens: str
    estimated: str | msgspec.UnsetType = msgspec.UNSET


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A signed statement; like a receipt it is stored and served byte for byte.

    It covers all calls before `end` (UTC) that are not in an earlier statement. `start` is the end of the previous
    statement, null in the first; `previous` is the SHA-256 of its canonical bytes in base64url.
    """

    type: StatementType
    project: str
    number: int
    start: datetime | None
    end: datetime
    timestamp: datetime
    lines: StatementLineRange
    totals: list[StatementTotal]
    previous: str | None
    key_id: str
    signature: str

    @property
    def version(self) -> int:
        """Its format."""
        return VERSIONS[self.type]


class _TypedDocument(msgspec.Struct, frozen=True):
    """The type of a statement."""

    type: StatementType


def read_version(content: bytes) -> int:
    """Return the format of a stored statement; the newest where that cannot be parsed."""
    try:
        return VERSIONS[msgspec.json.decode(content, type=_TypedDocument).type]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return VERSIONS[TYPE]


def digest(content: bytes) -> str:
    """Return the digest of a statement's canonical bytes, which the next statement contains."""
    return keys.encode(hashlib.sha256(content).digest())


def format_time(moment: datetime) -> str:
    """Return a time as `YYYY-MM-DDTHH:MM:SS.ffffffZ`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def month_start(moment: datetime) -> datetime:
    """Return the start of a time's month in UTC.

    Months are in UTC and not in the reporting time zone: a statement is read by two parties, years later, without this
    deployment's settings, and the raw rows of its calls are dropped by UTC month.
    """
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_end(moment: datetime) -> datetime:
    """Return the end of a time's month in UTC."""
    return month_start(month_start(moment) + timedelta(days=32))


def follows(statement: Statement, before: Statement, content: bytes) -> bool:
    """Return whether a statement is the next one after another, whose canonical bytes are `content`."""
    return (
        statement.project == before.project
        and statement.number == before.number + 1
        and statement.start == before.end
        and statement.previous == digest(content)
    )


def find_contradiction(statement: Statement) -> str | None:
    """Return how a statement contradicts itself, or None: the holder of the key can sign anything."""
    span = statement.lines
    numbered = 0 if span.first is None or span.last is None else span.last - span.first + 1
    first = statement.number == 1
    if numbered != span.count:
        return f"It has {span.count} lines, and numbers for {numbered}."
    fault = _find_total_fault(statement.totals, span.count) or _find_estimate_fault(statement)
    if fault:
        return fault
    if first != (statement.previous is None) or first != (statement.start is None):
        return "Exactly the first statement must have no previous one and no start."
    if first and span.count and span.first != 1:
        return f"The project's lines begin with number {span.first}."
    return None


def _find_total_fault(totals: Sequence[StatementTotal], lines: int) -> str | None:
    """Return why totals cannot belong to this number of lines, or None."""
    counts = [(total.calls, total.corrections) for total in totals]
    if not all(_COUNT.fullmatch(count) for pair in counts for count in pair):
        return f"Its totals do not match {lines} lines."
    sums = [int(calls) + int(corrections) for calls, corrections in counts]
    if sum(sums) != lines:
        return f"Its totals do not match {lines} lines."
    if 0 in sums:
        return f"The total of {totals[sums.index(0)].model} has no line."
    named = Counter((total.model, total.currency) for total in totals)
    duplicate = next(((model, currency) for (model, currency), times in named.items() if times > 1), None)
    return f"{duplicate[0]} has two totals in {duplicate[1]}." if duplicate else None


def _find_estimate_fault(statement: Statement) -> str | None:
    """Return why the numbers of calls that are not priced cannot belong to a statement of its format, or None."""
    for total in statement.totals:
        counted = not isinstance(total.estimated, msgspec.UnsetType)
        if counted != (statement.version > 1):
            return f"Its totals are not those of a {statement.type}."
        if counted and not _has_fewer(total):
            return f"The total of {total.model} has more calls without an exact cost than calls."
    return None


def _has_fewer(total: StatementTotal) -> bool:
    counts = (total.unpriced, str(total.estimated))
    return all(map(_COUNT.fullmatch, counts)) and sum(map(int, counts)) <= int(total.calls)


def find_gap(chain: Sequence[Statement]) -> str | None:
    """Return where line numbers are missing in consecutive statements, the oldest first, or None."""
    last = 0 if chain[0].number == 1 else None
    for statement in chain:
        if statement.lines.first is None:
            continue
        if last is not None and statement.lines.first != last + 1:
            return f"Line {statement.lines.first} of statement {statement.number} comes after line {last}."
        last = statement.lines.last
    return None


def compose(
    *, project: str, number: int, start: datetime | None, end: datetime, created_at: datetime,
    lines: StatementLineRange, totals: list[dict[str, Any]], previous: bytes | None, key_id: str,
) -> dict[str, Any]:  # fmt: skip
    """Return an unsigned statement; `previous` are the bytes of the previous one."""
    return {
        "type": TYPE,
        "project": project,
        "number": number,
        "start": format_time(start) if start else None,
        "end": format_time(end),
        "timestamp": format_time(created_at),
        "lines": msgspec.to_builtins(lines),
        "totals": totals,
        "previous": digest(previous) if previous is not None else None,
        "key_id": key_id,
    }
