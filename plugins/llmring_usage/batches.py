"""Batches of entries: reading them so that one bad entry spoils no other, and saying what came of each."""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from llmring_server import wire
from llmring_server.errors import Fault, Problem
from llmring_usage.models import Entry, Logged, Row

MAX_ENTRIES = 10_000

_whole = msgspec.json.Decoder(list[Entry])
_entry = msgspec.json.Decoder(Entry)
_scanner = json.JSONDecoder()
_LINE = re.compile(rb"[^\r\n]+")
_SPACE = re.compile(r"[ \t\r\n]*")


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of one entry: its id, or what is wrong with it; `duplicate` when it is the entry of an earlier call."""

    index: int
    log_id: str | None = None
    error: Fault | None = None
    duplicate: bool = False


class BatchAnswer(msgspec.Struct, frozen=True):
    """What came of a batch; `results` has every entry by its index."""

    accepted: int
    duplicates: int
    rejected: int
    results: list[Result]

    @classmethod
    def of(cls, rows: Sequence[Row | Fault], outcomes: Sequence[Logged | Problem]) -> "BatchAnswer":
        """Say of each entry, a row or what is wrong with it, what came of it; `outcomes` are those of the rows."""
        settled = iter(outcomes)
        results = [
            Result(index, error=row) if isinstance(row, Fault) else _result(index, row, next(settled))
            for index, row in enumerate(rows)
        ]
        rejected = sum(result.error is not None for result in results)
        duplicates = sum(result.duplicate for result in results)
        return cls(len(results) - rejected - duplicates, duplicates, rejected, results)


def _result(index: int, row: Row, outcome: Logged | Problem) -> Result:
    if isinstance(outcome, Problem):
        return Result(index, error=fault_of(outcome, index))
    return Result(index, outcome.log_id, duplicate=outcome.log_id != row.id)


def fault_of(problem: Problem, index: int) -> Fault:
    """Return what is wrong with the entry at `index`, its place in the batch put into that of a fault of its own."""
    fault = wire.fault_of(problem, "body", index)
    return fault if fault.loc[1:2] == (index,) else Fault(("body", index, *fault.loc[1:]), fault.msg)


def entries_of(body: bytes, media: str, depth: int) -> Iterator[Entry | Problem]:
    """Yield each entry of a batch, or the problem with it.

    Raises:
        Problem: 400, 413 or 422 when the batch as a whole is no array, or has more than 10,000 entries.
    """
    if media == wire.NDJSON:
        lines = (found[0] for found in _LINE.finditer(body))
        parts = list(islice((line for line in lines if not line.isspace()), MAX_ENTRIES + 1))
    else:
        entries = _at_once(body, depth)
        if entries is not None:
            _check_number(len(entries))
            return iter(entries)
        parts = list(islice(_apart(body), MAX_ENTRIES + 1))
    _check_number(len(parts))
    return (_decode(part, index, depth) for index, part in enumerate(parts))


def _at_once(body: bytes, depth: int) -> list[Entry] | None:
    """Return the entries of a batch without fault, or None: then each has to be looked at by itself."""
    if wire.text_fault(body, depth) is not None:
        return None
    try:
        return _whole.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _apart(body: bytes) -> Iterator[bytes]:
    """Yield the elements of a JSON array as they stand; slower than decoding them, and blind to what they say.

    Raises:
        Problem: 400 when the elements cannot be told apart, 422 for another thing than an array.
    """
    try:
        text = body.decode()
        at = _skip(text, 0)
        if text[at : at + 1] != "[":
            raise Problem(422, "a batch is a JSON array of entries, or NDJSON with one entry a line")
        while text[at] != "]":
            at = _skip(text, at + 1)
            _, end = _scanner.raw_decode(text, at)
            yield text[at:end].encode()
            at = _skip(text, end)
            if text[at] not in ",]":
                raise ValueError(f"an array goes on with , or ends with ] at character {at}")
        if _skip(text, at + 1) != len(text):
            raise ValueError(f"something follows the array at character {at + 1}")
    except (ValueError, IndexError, RecursionError) as error:
        raise Problem(400, f"the body is not JSON: {error}") from error


def _skip(text: str, at: int) -> int:
    """Return where the white space at `at` ends."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _decode(part: bytes, index: int, depth: int) -> Entry | Problem:
    try:
        wire.check_text(part, depth)
        return wire.decode(_entry, part, "body", index)
    except Problem as problem:
        return problem


def _check_number(entries: int) -> None:
    if entries > MAX_ENTRIES:
        raise Problem(413, f"a batch has at most {MAX_ENTRIES:,} entries; send several")
