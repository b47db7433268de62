"""An entry's JSON, decoded strictly: no name occurs twice, and a cost that is sent as text has ASCII digits."""

import re

import msgspec

from llmring_server.http import codec
from llmring_server.http.duplicate_names import find_duplicate_name
from llmring_server.http.errors import Problem
from llmring_usage.models.entries import UsageEntry

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class _CostAsSent(msgspec.Struct):
    cost: msgspec.Raw = codec.NULL


_entry = msgspec.json.Decoder(UsageEntry)
_entries = msgspec.json.Decoder(list[UsageEntry])
_cost = msgspec.json.Decoder(_CostAsSent)
_text = msgspec.json.Decoder(str)
_costs = msgspec.json.Decoder(list[_CostAsSent])


def decode_entry(body: bytes, *loc: str | int) -> UsageEntry:
    """Return the entry in a body, or in the part of a body at `loc`.

    Raises:
        Problem: 400 for invalid JSON, 422 for an invalid entry.
    """
    loc = loc or ("body",)
    entry = codec.decode(_entry, body, *loc)
    name = find_duplicate_name(body)
    if name is not None:
        place = (*loc, name) if name in UsageEntry.__struct_fields__ else loc
        raise Problem.validation(*place, msg=f"The name {name[:40]!a} occurs twice. Send it once.")
    if entry.cost is not None and not _is_number(_cost.decode(body)):
        raise Problem.validation(*loc, "cost", msg="Must be a number with ASCII digits, such as 0.00045.")
    return entry


def decode_entries(body: bytes) -> list[UsageEntry] | None:
    """Return the entries of an array; None means that `decode_entry` rejects one of them."""
    try:
        entries = _entries.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return None
    if find_duplicate_name(body) is not None or not all(map(_is_number, _costs.decode(body))):
        return None
    return entries


def _is_number(sent: _CostAsSent) -> bool:
    cost = bytes(sent.cost)
    return not cost.startswith(b'"') or NUMBER.fullmatch(_text.decode(cost)) is not None
