"""An entry's JSON besides its types: no name occurs twice, a cost as text has ASCII digits, leap seconds are moved."""

import re

import msgspec

from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_server.runtime.duplicate_names import duplicate_name_problem, find_duplicate_name
from llmring_usage.models.entries import UsageEntry
from llmring_usage.models.leap_seconds import move_leap_second

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class _CostAsSent(msgspec.Struct):
    cost: msgspec.Raw = codec.NULL


_cost = msgspec.json.Decoder(_CostAsSent)
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text = msgspec.json.Decoder(str)
_costs = msgspec.json.Decoder(list[_CostAsSent])


def check_entry_json(body: bytes, *loc: str | int) -> None:
    """Check the JSON of an entry that is decoded, at `loc`.

    Raises:
        Problem: 422 for a name that occurs twice in an object, or for a cost in other digits.
    """
    name = find_duplicate_name(body)
    if name is not None:
        place = (*loc, name) if name in UsageEntry.__struct_fields__ else loc
        raise duplicate_name_problem(name, *place)
    if _may_have_cost(body) and not _is_number(_cost.decode(body)):
        raise Problem.validation(*loc, "cost", msg="Must be a number with ASCII digits, such as 0.00045.")


def is_array_of_entry_json(body: bytes) -> bool:
    """Whether every entry of an array that is decoded passes `check_entry_json`."""
    return find_duplicate_name(body) is None and (not _may_have_cost(body) or all(map(_is_number, _costs.decode(body))))


def without_leap_second(body: bytes, *loc: str | int) -> bytes | None:
    """Return the JSON of an entry with its timestamp in a leap second moved to the second before; None without one.

    Raises:
        Problem: 422 as `check_entry_json` raises it, since the result has each name once.
    """
    try:
        fields = _fields.decode(body)
        moved = move_leap_second(_text.decode(fields.get("timestamp", codec.NULL)))
    except msgspec.MsgspecError:
        return None
    if moved is None:
        return None
    check_entry_json(body, *loc)
    return codec.encode({**fields, "timestamp": moved})


def _may_have_cost(body: bytes) -> bool:
    """Whether the name may be in a text; it may also be written with escapes."""
    return b'"cost"' in body or b"\\u" in body


def _is_number(sent: _CostAsSent) -> bool:
    cost = bytes(sent.cost)
    return not cost.startswith(b'"') or NUMBER.fullmatch(_text.decode(cost)) is not None
