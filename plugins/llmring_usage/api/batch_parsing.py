"""Parse batches of entries, so that an invalid entry does not affect the others."""

import codecs
import re
from collections.abc import Iterator
from itertools import islice

import msgspec

from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_usage.counts.entry_parsing import decode_entry, is_small
from llmring_usage.models.entries import PlainEntry
from llmring_usage.models.entry_json import is_array_of_entry_json

MAX_ENTRIES = 10_000
MAX_TOKENS = 2_000_000
MAX_COMMAS = 500_000  # the memory of as many elements is small, even if each is a digit
SPACE = b" \t\r\n"

_array = msgspec.json.Decoder(list[PlainEntry])
_elements = msgspec.json.Decoder(list[msgspec.Raw])
_LINE = re.compile(rb"[^\r\n]+")
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[{]+|[\]}]+|[,"]', re.DOTALL)


def parse_batch(body: bytes, media: str, limits: codec.Limits) -> list[PlainEntry | Problem]:
    """Return each entry of a batch, or the problem with it.

    Raises:
        Problem: 400, 413 or 422 when the batch as a whole is not an array, or has more than 10,000 entries.
    """
    if media in codec.NDJSON_TYPES:
        lines = (found[0] for found in _LINE.finditer(body.removeprefix(codecs.BOM_UTF8)))
        parts = list(islice((line for line in lines if not line.isspace()), MAX_ENTRIES + 1))
    else:
        entries = _decode_array(body, limits)
        if entries is not None:
            _check_size(len(entries))
            return entries
        parts = list(islice(_split_array(body), MAX_ENTRIES + 1))
    _check_size(len(parts))
    return [_decode(part, index, limits) for index, part in enumerate(parts)]


def _decode_array(body: bytes, limits: codec.Limits) -> list[PlainEntry | Problem] | None:
    """Return the entries of a JSON array; None means that it must be split without a JSON decoder.

    A large array is decoded entry by entry, since other threads wait for the checks of each.
    """
    if codec.text_problem(body, limits.depth) is not None:
        return None
    try:
        if body.count(b'"provider"') > MAX_ENTRIES:
            _check_size(sum(1 for _ in islice(_split_array(body), MAX_ENTRIES + 1)))
        if len(body) > codec.LARGE:
            return _decode_elements(body, limits)
        entries = _array.decode(body)
        valid = is_array_of_entry_json(body) and all(is_small(entry, limits) for entry in entries)
        return [*entries] if valid else _decode_elements(body, limits)
    except msgspec.ValidationError:
        return _decode_elements(body, limits)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _decode_elements(body: bytes, limits: codec.Limits) -> list[PlainEntry | Problem] | None:
    """Return the entries of an array, each decoded alone; None as above."""
    if body.count(b",") > MAX_COMMAS:
        return None
    try:
        elements = _elements.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return None
    _check_size(len(elements))
    return [_decode_checked(bytes(element), index, limits) for index, element in enumerate(elements)]


def _split_array(body: bytes) -> Iterator[bytes]:
    """Yield the elements of a JSON array unparsed, split by their brackets alone, however deeply nested.

    Raises:
        Problem: 400 when the elements cannot be separated, 413 when that would take long, 422 for no array.
    """
    if not body.lstrip(SPACE).startswith(b"["):
        raise Problem(422, "A batch must be a JSON array of entries, or NDJSON with one entry per line.")
    if sum(map(body.count, (b"[", b"{", b","))) > MAX_TOKENS:
        raise Problem(413, "The batch has an invalid entry and is too complex to locate it. Send fewer entries.")
    start = first = body.index(b"[") + 1
    level = values = 0
    for token in _TOKEN.finditer(body, first):
        kind = token[0][:1]
        if token[0] == b'"' or (level == 0 and kind in b'"[{' and values):
            raise _invalid_json(token.start())
        values = values or (level == 0 and kind in b'"[{')
        level += (kind in b"[{") * len(token[0]) - (kind in b"]}") * len(token[0])
        if level == 0 and kind == b",":
            yield _element(body, start, token.start())
            start, values = token.end(), False
        elif level < 0:
            yield from _last_element(body, first, start, token.end() + level)
            return
    raise _invalid_json(len(body))


def _last_element(body: bytes, first: int, start: int, end: int) -> Iterator[bytes]:
    """Yield the last element of an array that ends at `end`; nothing if the array is empty."""
    if body[end : end + 1] != b"]" or body[end + 1 :].strip(SPACE):
        raise _invalid_json(end)
    if start != first or body[start:end].strip(SPACE):
        yield _element(body, start, end)


def _element(body: bytes, start: int, end: int) -> bytes:
    found = body[start:end].strip(SPACE)
    if not found:
        raise _invalid_json(end)
    return found


def _invalid_json(at: int) -> Problem:
    return Problem(400, f"The body is not valid JSON: the array is malformed at byte {at}.")


def _decode(part: bytes, index: int, limits: codec.Limits) -> PlainEntry | Problem:
    try:
        codec.check_text(part, limits.depth)
    except Problem as problem:
        return problem
    return _decode_checked(part, index, limits)


def _decode_checked(part: bytes, index: int, limits: codec.Limits) -> PlainEntry | Problem:
    try:
        return decode_entry(part, limits, "body", index)
    except Problem as problem:
        return problem


def _check_size(entries: int) -> None:
    if entries > MAX_ENTRIES:
        raise Problem(413, f"A batch has at most {MAX_ENTRIES:,} entries. Send several batches.")
