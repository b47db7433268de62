"""Parse the JSON of an entry: most have only the fields of `PlainEntry` and are decoded once.

The fields of a provider's usage object may also be fields of the entry: they are gathered into its `usage`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_usage.counts.shapes import WRAPPERS, Shape, recognise, refuse_mixed
from llmring_usage.counts.usage_object import InvalidUsage
from llmring_usage.models.entries import ABSENT, ABSENT_COUNTS, PlainEntry, UsageEntry
from llmring_usage.models.entry_json import check_entry_json, without_leap_second

_plain = msgspec.json.Decoder(PlainEntry)
_full = msgspec.json.Decoder(UsageEntry)
_fields = msgspec.json.Decoder(dict[str, Any])
PLAIN_FIELDS = PlainEntry.__struct_fields__
EXTRA_FIELDS = tuple(name for name in UsageEntry.__struct_fields__ if name not in PLAIN_FIELDS)
MAX_ITEMS = 4  # of the maximum size in one entry: metadata, usage, and fields that are ignored
NOT_SPREAD = frozenset({*UsageEntry.__struct_fields__, "response", "result"})


def parse_entry(body: bytes, limits: codec.Limits) -> PlainEntry:
    """Return the entry in a body.

    Raises:
        Problem: 400 for invalid JSON or too many levels; 422 for an invalid entry, text that cannot be stored, or
            metadata or a usage object that is too large.
    """
    codec.check_text(body, limits.depth)
    return decode_entry(body, limits)


def decode_entry(body: bytes, limits: codec.Limits, *loc: str | int) -> PlainEntry:
    """Return the entry in checked JSON at `loc`.

    Raises:
        Problem: 400 for invalid JSON, 422 for an invalid entry, or metadata or a usage object that is too large.
    """
    loc = loc or ("body",)
    if len(body) > MAX_ITEMS * limits.item_bytes:
        raise codec.item_too_large(len(body), MAX_ITEMS * limits.item_bytes, *loc)
    try:
        plain = _plain.decode(body)
    except msgspec.MsgspecError:
        return _decode_full(body, limits, *loc)
    _check_sizes(plain, limits, *loc)
    check_entry_json(body, *loc)
    return plain


def is_small(entry: PlainEntry, limits: codec.Limits) -> bool:
    """Whether the metadata of an entry is within its limit."""
    return len(entry.metadata) <= limits.item_bytes


def _decode_full(body: bytes, limits: codec.Limits, *loc: str | int) -> PlainEntry:
    try:
        entry = codec.decode(_full, body, *loc)
    except Problem:
        moved = without_leap_second(body, *loc)
        if moved is None:
            raise
        return decode_entry(moved, limits, *loc)
    _check_sizes(entry, limits, *loc)
    check_entry_json(body, *loc)
    fields = _fields.decode(body)
    try:
        gathered = _gather(entry, {name: value for name, value in fields.items() if name not in NOT_SPREAD}, fields)
    except InvalidUsage as error:
        raise Problem.validation(*loc, *error.loc, msg=error.msg) from error
    return gathered or _as_plain(entry)


def _check_sizes(entry: PlainEntry, limits: codec.Limits, *loc: str | int) -> None:
    if not is_small(entry, limits):
        raise codec.item_too_large(len(entry.metadata), limits.item_bytes, *loc, "metadata")
    usage = entry.usage if isinstance(entry, UsageEntry) else msgspec.UNSET
    if usage is not msgspec.UNSET and len(usage) > limits.item_bytes:
        raise codec.item_too_large(len(usage), limits.item_bytes, *loc, "usage")


def _gather(entry: UsageEntry, unknown: Mapping[str, Any], fields: Mapping[str, Any]) -> UsageEntry | None:
    """Return the entry with the usage that its unknown fields are, or None if none of them is one."""
    shape = recognise(name for name, value in unknown.items() if value is not None)
    if shape is not None:
        refuse_mixed(unknown, shape)
        usage = {name: value for name, value in fields.items() if name in shape.fields}
        return _with_usage(entry, usage, shape)
    wrapped = next((unknown[name] for name in WRAPPERS if isinstance(unknown.get(name), dict)), None)
    return None if wrapped is None else _with_usage(entry, wrapped, None)


def _with_usage(entry: UsageEntry, usage: Mapping[str, Any], shape: Shape | None) -> UsageEntry:
    if entry.usage is not msgspec.UNSET and entry.usage != codec.NULL:
        raise InvalidUsage("Send either usage or counts, not both.", "usage")
    taken = shape.fields.intersection(UsageEntry.__struct_fields__) if shape else ()
    cleared = {name: ABSENT if name in ABSENT_COUNTS else None for name in taken}
    return msgspec.structs.replace(entry, usage=msgspec.Raw(codec.encode(usage)), **cleared)


def _as_plain(entry: UsageEntry) -> PlainEntry:
    """Return an entry without any of the fields that only `UsageEntry` has as a `PlainEntry`."""
    if any(getattr(entry, name) not in (None, msgspec.UNSET) for name in EXTRA_FIELDS):
        return entry
    return PlainEntry(**{name: getattr(entry, name) for name in PLAIN_FIELDS})
