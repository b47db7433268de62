"""Names that occur twice in one JSON object: RFC 8259 §4 leaves their meaning open, and decoders take the last."""

import json
from typing import Any

from llmring_server.http.errors import Problem


class _DuplicateName(Exception):
    """An object has this name twice."""


def find_duplicate_name(body: bytes) -> str | None:
    """Return the first name that an object of valid JSON, at any level, has twice; None without one."""
    try:
        _decoder.raw_decode(body.decode().lstrip())
    except _DuplicateName as found:
        return str(found)
    return None


def duplicate_name_problem(name: str, *loc: str | int) -> Problem:
    """Return the 422 problem of a name that occurs twice in the object at `loc`."""
    return Problem.validation(*loc, msg=f"The name {name[:40]!a} occurs twice. Send it once.")


def _check_names(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) == len(pairs):
        return
    known = set()
    for name, _ in pairs:
        if name in known:
            raise _DuplicateName(name)
        known.add(name)


_decoder = json.JSONDecoder(object_pairs_hook=_check_names, parse_int=len, parse_float=len)
