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

_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_decoder = json.JSONDecoder(parse_int=Decimal, parse_float=Decimal)


def fingerprint(entry: PlainEntry) -> str:
    """Return the fingerprint of an entry's content."""
    usage = entry.usage if isinstance(entry, UsageEntry) else msgspec.UNSET
    changes: dict[str, Any] = {} if usage is msgspec.UNSET else {"usage": _decode(usage)}
    if entry.metadata != codec.NULL:
        changes["metadata"] = _decode(entry.metadata)
    return _digest(_encoder.encode(_content(entry, latency_ms=None, **changes)))


def former_fingerprint(entry: PlainEntry) -> str:
    """Return the fingerprint that earlier versions stored: it depends on the order of members and on the latency."""
    return _digest(codec.encode(_content(entry)))


def _content(entry: PlainEntry, **changes: Any) -> PlainEntry:
    absent = {name: 0 for name in ABSENT_COUNTS if getattr(entry, name) is ABSENT}
    return msgspec.structs.replace(entry, idempotency_key=None, **absent, **changes)


def _decode(raw: msgspec.Raw) -> Any:
    return _decoder.decode(bytes(raw).decode())


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
