"""Signing and checking: Ed25519 over the canonical JSON of everything but `signature`. Pure, as `canonical`."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from llmring_receipts.formats import canonical, keys

SIGNATURE = "signature"
SIGNATURE_BYTES = 64

CheckName = Literal["key_known", "signature_present", "signature_spelling", "signature_match", "key_trusted"]

_SIGNATURE = re.compile(r"ed25519:([A-Za-z0-9_-]{86})")


def sign(receipt: dict[str, Any], key: Ed25519PrivateKey) -> bytes:
    """Return the canonical bytes of a receipt with its signature; an Ed25519 signature is always the same."""
    before, after = _split_at_signature(receipt)
    made = signature(_parse_object(before, after), key)
    return _parse_object(before, f'"{SIGNATURE}":"{made}"'.encode(), after)


def signature(text: bytes, key: Ed25519PrivateKey) -> str:
    """Return the signature of canonical bytes as a receipt holds it."""
    return f"ed25519:{keys.encode(key.sign(text))}"


class Check(msgspec.Struct, frozen=True):
    """One step of a verification, and in plain words why it failed; None when it held."""

    about: CheckName
    fault: str | None


def key_id_of(receipt: dict[str, Any]) -> str | None:
    """Return the id of the key that a receipt says it is signed with, or None."""
    found = receipt.get("key_id")
    return found if isinstance(found, str) else None


def verify(receipt: dict[str, Any], key: keys.PublicKey | None) -> list[Check]:
    """Return the steps of verifying a receipt by the key it names (None: not known here), up to one that failed.

    The signature is good when the last of them held.
    """
    taken = []
    for check in _checks(receipt, key):
        taken.append(check)
        if check.fault is not None:
            break
    return taken


def find_fault(receipt: dict[str, Any], key: keys.PublicKey) -> str | None:
    """Say in plain words why a receipt's signature by `key` counts for nothing, or None when it is good."""
    return verify(receipt, key)[-1].fault


def timestamp_of(receipt: dict[str, Any]) -> datetime | None:
    """Return a receipt's timestamp, UTC (one without an offset counts as UTC), or None when it has none to read."""
    try:
        found = msgspec.convert(receipt.get("timestamp"), datetime)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        return None


def _checks(receipt: dict[str, Any], key: keys.PublicKey | None) -> Iterator[Check]:
    """Yield the steps in order; whoever reads them stops at the first that fails."""
    yield Check("key_known", None if key is not None else _describe_unknown_key(key_id_of(receipt)))
    assert key is not None  # noqa: S101 nobody reads on behind a step that failed
    given = receipt.get(SIGNATURE)
    yield Check("signature_present", "the receipt has no signature" if given is None else None)
    made = _decode_signature(given)
    spelling = "the signature is not spelt ed25519: and 86 characters of base64url" if made is None else None
    yield Check("signature_spelling", spelling)
    yield Check("signature_match", _find_mismatch(receipt, key, made or b""))
    yield Check("key_trusted", _find_trust_fault(receipt, key))


def _describe_unknown_key(key_id: str | None) -> str:
    return "the receipt names no key_id" if key_id is None else f"no key {key_id[:128]!r} is known here"


def _find_mismatch(receipt: dict[str, Any], key: keys.PublicKey, signature: bytes) -> str | None:
    """Say that a signature is not the key's over this content, or None when it is."""
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(
            signature, _parse_object(*_split_at_signature(receipt))
        )
    except (InvalidSignature, ValueError):
        return f"the signature is not that of key {key.key_id!r} over this content: one of the two was changed"
    return None


def _find_trust_fault(receipt: dict[str, Any], key: keys.PublicKey) -> str | None:
    """Say why a key's own state makes its good signature count for nothing, or None."""
    if key.status == "compromised":
        return f"key {key.key_id!r} is compromised: others may sign with it, so its signatures prove nothing"
    if key.retired_at is None:
        return None
    when = timestamp_of(receipt)
    if when is None:
        return f"key {key.key_id!r} is retired, and there is no timestamp that shows this is older than that"
    if when >= key.retired_at:
        return f"this is dated {when.isoformat()}, after key {key.key_id!r} was retired"
    return None


def _decode_signature(text: object) -> bytes | None:
    match = _SIGNATURE.fullmatch(text) if isinstance(text, str) else None
    try:
        return keys.decode(match[1], SIGNATURE_BYTES) if match else None
    except keys.InvalidKey:
        return None


def _split_at_signature(receipt: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return the canonical members before and behind the signature; its name is ASCII, where all orders agree."""
    before = canonical.canonicalize({name: value for name, value in receipt.items() if name < SIGNATURE})
    after = canonical.canonicalize({name: value for name, value in receipt.items() if name > SIGNATURE})
    return before[1:-1], after[1:-1]


def _parse_object(*parts: bytes) -> bytes:
    return b"{" + b",".join(part for part in parts if part) + b"}"
