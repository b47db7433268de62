"""Fingerprints of entries: a retry under an idempotency key has the same one, another entry does not.

The order of JSON members, spaces between them and the latency are not part of it; an absent count is the same as 0.
"""

import hashlib
import json
from decimal import Decimal
from typing import Any

import msgspec

from llmring_server.http import codec
from llmring_usage.models.entries import ABSENT, ABSENT_COUNTS, PlainEntry, UsageEntry

# The fields of an entry when its fingerprint depended on their order.
FORMER_FIELDS = (
    *PlainEntry.__struct_fields__, "usage", "input_includes", "cache_write_30m_tokens", "cache_write_12h_tokens",
    "audio_input_tokens", "cached_audio_tokens", "image_input_tokens", "audio_output_tokens", "image_output_tokens",
    "units", "processing", "speed", "currency",
)  # fmt: skip

_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_decoder = json.JSONDecoder(parse_int=Decimal, parse_float=Decimal)


def key_fields(key: str, entry: PlainEntry) -> dict[str, Any]:
    """Return the fields of a row with an idempotency key."""
    return {
        "idempotency_key": key,
        "fingerprint": fingerprint(entry),
        "former_fingerprint": former_fingerprint(entry),
    }


def fingerprint(entry: PlainEntry) -> str:
    """Return the fingerprint of an entry's content; fields that are added to `UsageEntry` do not change it."""
    changes: dict[str, Any] = {} if entry.metadata == codec.NULL else {"metadata": _decode(entry.metadata)}
    content = _content(entry, latency_ms=None, **changes)
    if not isinstance(entry, UsageEntry):
        return _digest(_encoder.encode(content))
    fields = {name: value for name, value in msgspec.structs.asdict(content).items() if value is not None}
    if entry.usage is not msgspec.UNSET:
        fields["usage"] = _decode(entry.usage)
    return _digest(_encoder.encode(fields))


def former_fingerprint(entry: PlainEntry) -> str:
    """Return the fingerprint that earlier versions stored: it depends on the order of members and on the latency."""
    content = _content(entry)
    if not isinstance(entry, UsageEntry):
        return _digest(codec.encode(content))
    fields = {name: getattr(content, name) for name in FORMER_FIELDS}
    return _digest(codec.encode({name: value for name, value in fields.items() if value is not msgspec.UNSET}))


def _content(entry: PlainEntry, **changes: Any) -> PlainEntry:
    absent = {name: 0 for name in ABSENT_COUNTS if getattr(entry, name) is ABSENT}
    return msgspec.structs.replace(entry, idempotency_key=None, **absent, **changes)


def _decode(raw: msgspec.Raw) -> Any:
    return _decoder.decode(bytes(raw).decode())


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
