"""The statement itself: what it says of its lines, and how one follows another. Pure."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from llmring_receipts.formats import keys

TYPE = "llmring-statement/1"
_COUNT = re.compile("[0-9]{1,30}")


class StatementLineRange(msgspec.Struct, frozen=True):
    """Which lines a statement has: how many, the numbers of the first and the last, and the root of their tree.

    Without lines `first` and `last` are null, and `root` is that of an empty tree. `root` is base64url.
    """

    count: int
    first: int | None
    last: int | None
    root: str


class StatementTotal(msgspec.Struct, frozen=True):
    """What one model's lines in one currency come to; every figure is a decimal string.

    `unpriced` is how many of the calls had no cost yet when they were stated.
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


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A signed statement; like a receipt it is kept and served byte for byte, never rebuilt from this.

    It covers what happened before `end` (UTC) and was in no statement before. `start` is the end of the one before,
    null in a project's first, and `previous` is SHA-256 of that one's canonical bytes in base64url.
    """

    type: str
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


def digest(content: bytes) -> str:
    """Return what the next statement says of a statement's canonical bytes."""
    return keys.encode(hashlib.sha256(content).digest())


def format_time(moment: datetime) -> str:
    """Return a time as `YYYY-MM-DDTHH:MM:SS.ffffffZ`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def month_start(moment: datetime) -> datetime:
    """Return when the month began that an instant lies in, in UTC.

    Months are those of UTC and not of the reporting zone: a statement is read by two parties, years later, away from
    this deployment's settings, and the raw rows that it is made from are kept and dropped by months of UTC.
    """
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_end(moment: datetime) -> datetime:
    """Return when the month ends that an instant lies in, in UTC."""
    return month_start(month_start(moment) + timedelta(days=32))


def follows(statement: Statement, before: Statement, content: bytes) -> bool:
    """Whether a statement is the next one after another, whose canonical bytes are `content`."""
    return (
        statement.project == before.project
        and statement.number == before.number + 1
        and statement.start == before.end
        and statement.previous == digest(content)
    )


def find_contradiction(statement: Statement) -> str | None:
    """Say in what a statement contradicts itself, or None: whoever has the key can sign anything."""
    span = statement.lines
    numbered = 0 if span.first is None or span.last is None else span.last - span.first + 1
    first = statement.number == 1
    if numbered != span.count:
        return f"it has {span.count} lines, and numbers for {numbered}"
    wrong = _wrong_totals(statement.totals, span.count)
    if wrong:
        return wrong
    if first != (statement.previous is None) or first != (statement.start is None):
        return "the first statement alone has none before it, and no start"
    if first and span.count and span.first != 1:
        return f"the project's lines begin with number {span.first}"
    return None


def _wrong_totals(totals: Sequence[StatementTotal], lines: int) -> str | None:
    """Say why totals cannot be those of so many lines, or None."""
    counts = [(total.calls, total.corrections) for total in totals]
    if not all(_COUNT.fullmatch(count) for pair in counts for count in pair):
        return f"its totals are not those of {lines} lines"
    sums = [int(calls) + int(corrections) for calls, corrections in counts]
    if sum(sums) != lines:
        return f"its totals are not those of {lines} lines"
    if 0 in sums:
        return f"the total of {totals[sums.index(0)].model} is that of no line"
    named = Counter((total.model, total.currency) for total in totals)
    twice = next(((model, currency) for (model, currency), times in named.items() if times > 1), None)
    return f"{twice[0]} has two totals in {twice[1]}" if twice else None


def find_gap(chain: Sequence[Statement]) -> str | None:
    """Say where numbers of lines are left out in statements that follow one another, the oldest first, or None."""
    last = 0 if chain[0].number == 1 else None
    for statement in chain:
        if statement.lines.first is None:
            continue
        if last is not None and statement.lines.first != last + 1:
            return f"line {statement.lines.first} of statement {statement.number} comes after line {last}"
        last = statement.lines.last
    return None


def compose(
    *, project: str, number: int, start: datetime | None, end: datetime, made: datetime, lines: StatementLineRange,
    totals: list[dict[str, Any]], previous: bytes | None, key_id: str,
) -> dict[str, Any]:  # fmt: skip
    """Return a statement, complete but for its signature; `previous` are the bytes of the one before."""
    return {
        "type": TYPE,
        "project": project,
        "number": number,
        "start": format_time(start) if start else None,
        "end": format_time(end),
        "timestamp": format_time(made),
        "lines": msgspec.to_builtins(lines),
        "totals": totals,
        "previous": digest(previous) if previous is not None else None,
        "key_id": key_id,
    }
