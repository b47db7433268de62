"""Checks of an entry's JSON besides its types: no name occurs twice, and a cost sent as text has ASCII digits."""

import re

import msgspec

from llmring_server.http import codec
from llmring_server.http.duplicate_names import find_duplicate_name
from llmring_server.http.errors import Problem
from llmring_usage.models.entries import UsageEntry

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class _CostAsSent(msgspec.Struct):
    cost: msgspec.Raw = codec.NULL


_cost = msgspec.json.Decoder(_CostAsSent)
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
        raise Problem.validation(*place, msg=f"The name {name[:40]!a} occurs twice. Send it once.")
    if _may_have_cost(body) and not _is_number(_cost.decode(body)):
        raise Problem.validation(*loc, "cost", msg="Must be a number with ASCII digits, such as 0.00045.")


def is_array_of_entry_json(body: bytes) -> bool:
    """Whether every entry of an array that is decoded passes `check_entry_json`."""
    return find_duplicate_name(body) is None and (not _may_have_cost(body) or all(map(_is_number, _costs.decode(body))))


def _may_have_cost(body: bytes) -> bool:
    """Whether the name may be in a text; it may also be written with escapes."""
    return b'"cost"' in body or b"\\u" in body


def _is_number(sent: _CostAsSent) -> bool:
    cost = bytes(sent.cost)
    return not cost.startswith(b'"') or NUMBER.fullmatch(_text.decode(cost)) is not None
