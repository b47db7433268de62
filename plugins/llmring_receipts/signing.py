"""Signing and checking: Ed25519 over the canonical JSON of everything but `signature`. Pure, as `canonical`."""

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from llmring_receipts import canonical, keys

SIGNATURE = "signature"
SIGNATURE_BYTES = 64

_SIGNATURE = re.compile(r"ed25519:([A-Za-z0-9_-]{86})")


def sign(receipt: dict[str, Any], key: Ed25519PrivateKey) -> bytes:
    """Return the canonical bytes of a receipt with its signature; an Ed25519 signature is always the same."""
    before, after = _around(receipt)
    made = signature(_object(before, after), key)
    return _object(before, f'"{SIGNATURE}":"{made}"'.encode(), after)


def signature(text: bytes, key: Ed25519PrivateKey) -> str:
    """Return the signature of canonical bytes as a receipt holds it."""
    return f"ed25519:{keys.encode(key.sign(text))}"


def fault(receipt: dict[str, Any], key: keys.PublicKey) -> str | None:
    """Say in plain words why a receipt's signature by `key` counts for nothing, or None when it is good."""
    given = receipt.get(SIGNATURE)
    if given is None:
        return "there is no signature"
    made = _signature(given)
    if made is None:
        return "the signature is not spelt ed25519: and 86 characters of base64url"
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(made, _object(*_around(receipt)))
    except (InvalidSignature, ValueError):
        return f"the signature is not that of key {key.key_id!r} over this content: one of the two was changed"
    return _time_fault(receipt, key)


def time_of(receipt: dict[str, Any]) -> datetime | None:
    """Return a receipt's timestamp, UTC (one without an offset counts as UTC), or None when it has none to read."""
    try:
        found = msgspec.convert(receipt.get("timestamp"), datetime)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        return None


def _time_fault(receipt: dict[str, Any], key: keys.PublicKey) -> str | None:
    """Say why a key's own state makes its good signature count for nothing, or None."""
    if key.status == "compromised":
        return f"key {key.key_id!r} is compromised: others may sign with it, so its signatures prove nothing"
    if key.retired_at is None:
        return None
    when = time_of(receipt)
    if when is None:
        return f"key {key.key_id!r} is retired, and there is no timestamp that shows this is older than that"
    if when >= key.retired_at:
        return f"this is dated {when.isoformat()}, after key {key.key_id!r} was retired"
    return None


def _signature(text: object) -> bytes | None:
    match = _SIGNATURE.fullmatch(text) if isinstance(text, str) else None
    try:
        return keys.decode(match[1], SIGNATURE_BYTES) if match else None
    except keys.KeyFault:
        return None


def _around(receipt: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return the canonical members before and behind the signature; its name is ASCII, where all orders agree."""
    before = canonical.canonicalize({name: value for name, value in receipt.items() if name < SIGNATURE})
    after = canonical.canonicalize({name: value for name, value in receipt.items() if name > SIGNATURE})
    return before[1:-1], after[1:-1]


def _object(*parts: bytes) -> bytes:
    return b"{" + b",".join(part for part in parts if part) + b"}"
