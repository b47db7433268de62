"""Batches of entries: reading them so that one bad entry spoils no other, and saying what came of each."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from llmring_server.http import codec
from llmring_server.http.errors import FieldError, Problem
from llmring_usage.models.entries import Entry
from llmring_usage.models.responses import Logged
from llmring_usage.models.rows import Row

MAX_ENTRIES = 10_000
MAX_MARKS = 2_000_000
SPACE = b" \t\r\n"

_whole = msgspec.json.Decoder(list[Entry])
_entry = msgspec.json.Decoder(Entry)
_LINE = re.compile(rb"[^\r\n]+")
_MARK = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[{]+|[\]}]+|[,"]', re.DOTALL)


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of one entry: its id, or what is wrong with it; `duplicate` when it is the entry of an earlier call.

    `receipt` is there where calls get receipts, and this one has.
    """

    index: int
    log_id: str | None = None
    error: FieldError | None = None
    duplicate: bool = False
    receipt: msgspec.Raw | msgspec.UnsetType | None = None


class BatchAnswer(msgspec.Struct, frozen=True):
    """What came of a batch; `results` has every entry by its index."""

    accepted: int
    duplicates: int
    rejected: int
    results: list[Result]

    @classmethod
    def of(cls, rows: Sequence[Row | FieldError], outcomes: Sequence[Logged | Problem]) -> "BatchAnswer":
        """Say of each entry, a row or what is wrong with it, what came of it; `outcomes` are those of the rows."""
        settled = iter(outcomes)
        results = [
            Result(index, error=row) if isinstance(row, FieldError) else _result(index, row, next(settled))
            for index, row in enumerate(rows)
        ]
        rejected = sum(result.error is not None for result in results)
        duplicates = sum(result.duplicate for result in results)
        return cls(len(results) - rejected - duplicates, duplicates, rejected, results)


def _result(index: int, row: Row, outcome: Logged | Problem) -> Result:
    if isinstance(outcome, Problem):
        return Result(index, error=field_error(outcome, index))
    receipt = outcome.receipt or None
    return Result(index, outcome.log_id, duplicate=outcome.log_id != row.id, receipt=receipt)


def field_error(problem: Problem, index: int) -> FieldError:
    """Return what is wrong with the entry at `index`, its place in the batch put into that of a fault of its own."""
    fault = codec.field_error(problem, "body", index)
    return fault if fault.loc[1:2] == (index,) else FieldError(("body", index, *fault.loc[1:]), fault.msg)


def entries_of(body: bytes, media: str, depth: int) -> list[Entry | Problem]:
    """Return each entry of a batch, or the problem with it.

    Raises:
        Problem: 400, 413 or 422 when the batch as a whole is no array, or has more than 10,000 entries.
    """
    if media == codec.NDJSON:
        lines = (found[0] for found in _LINE.finditer(body))
        parts = list(islice((line for line in lines if not line.isspace()), MAX_ENTRIES + 1))
    else:
        entries = _at_once(body, depth)
        if entries is not None:
            _check_number(len(entries))
            return [*entries]
        parts = list(islice(_apart(body), MAX_ENTRIES + 1))
    _check_number(len(parts))
    return [_decode(part, index, depth) for index, part in enumerate(parts)]


def _at_once(body: bytes, depth: int) -> list[Entry] | None:
    """Return the entries of a batch without fault, or None: then each has to be looked at by itself."""
    if codec.text_fault(body, depth) is not None:
        return None
    try:
        if body.count(b'"provider"') > MAX_ENTRIES:
            _check_number(sum(1 for _ in islice(_apart(body), MAX_ENTRIES + 1)))
        return _whole.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _apart(body: bytes) -> Iterator[bytes]:
    """Yield the elements of a JSON array as they stand, told apart by their brackets alone, however deep they are.

    Raises:
        Problem: 400 when the elements cannot be told apart, 413 when that would take long, 422 for no array.
    """
    if not body.lstrip(SPACE).startswith(b"["):
        raise Problem(422, "a batch is a JSON array of entries, or NDJSON with one entry a line")
    if sum(map(body.count, (b"[", b"{", b","))) > MAX_MARKS:
        raise Problem(413, "the batch has a fault, and too many parts to tell where; send less at once")
    begun = first = body.index(b"[") + 1
    level = values = 0
    for mark in _MARK.finditer(body, first):
        kind = mark[0][:1]
        if mark[0] == b'"' or (level == 0 and kind in b'"[{' and values):
            raise _broken(mark.start())
        values = values or (level == 0 and kind in b'"[{')
        level += (kind in b"[{") * len(mark[0]) - (kind in b"]}") * len(mark[0])
        if level == 0 and kind == b",":
            yield _element(body, begun, mark.start())
            begun, values = mark.end(), False
        elif level < 0:
            yield from _last(body, first, begun, mark.end() + level)
            return
    raise _broken(len(body))


def _last(body: bytes, first: int, begun: int, end: int) -> Iterator[bytes]:
    """Yield the last element of an array that ends at `end`, or none where the array is empty."""
    if body[end : end + 1] != b"]" or body[end + 1 :].strip(SPACE):
        raise _broken(end)
    if begun != first or body[begun:end].strip(SPACE):
        yield _element(body, begun, end)


def _element(body: bytes, begun: int, end: int) -> bytes:
    found = body[begun:end].strip(SPACE)
    if not found:
        raise _broken(end)
    return found


def _broken(at: int) -> Problem:
    return Problem(400, f"the body is not JSON: no array goes on like this at byte {at}")


def _decode(part: bytes, index: int, depth: int) -> Entry | Problem:
    try:
        codec.check_text(part, depth)
        return codec.decode(_entry, part, "body", index)
    except Problem as problem:
        return problem


def _check_number(entries: int) -> None:
    if entries > MAX_ENTRIES:
        raise Problem(413, f"a batch has at most {MAX_ENTRIES:,} entries; send several")
