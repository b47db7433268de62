"""Sign and verify: Ed25519 over the canonical JSON of all fields except `signature`. Pure, as `canonical`."""

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
    """Return the canonical bytes of a receipt with its signature; Ed25519 is deterministic."""
    before, after = _split_at_signature(receipt)
    value = signature(_join_fields(before, after), key)
    return _join_fields(before, f'"{SIGNATURE}":"{value}"'.encode(), after)


def signature(text: bytes, key: Ed25519PrivateKey) -> str:
    """Return the signature of canonical bytes in the format of the field `signature`."""
    return f"ed25519:{keys.encode(key.sign(text))}"


class SignatureCheck(msgspec.Struct, frozen=True):
    """One step of a verification; `fault` is why it failed, None if it passed."""

    about: CheckName
    fault: str | None


def key_id_of(receipt: dict[str, Any]) -> str | None:
    """Return the id of the key that a receipt names, or None."""
    found = receipt.get("key_id")
    return found if isinstance(found, str) else None


def verify(receipt: dict[str, Any], key: keys.PublicKey | None) -> list[SignatureCheck]:
    """Verify a receipt by the key it names (None: unknown); return the steps up to the first that failed.

    The signature is valid if the last step passed.
    """
    steps = []
    for check in _checks(receipt, key):
        steps.append(check)
        if check.fault is not None:
            break
    return steps


def find_fault(receipt: dict[str, Any], key: keys.PublicKey) -> str | None:
    """Return why a receipt's signature by `key` is not valid, or None if it is."""
    return verify(receipt, key)[-1].fault


def timestamp_of(receipt: dict[str, Any]) -> datetime | None:
    """Return a receipt's timestamp in UTC, also if it has no offset; None if it has no valid timestamp."""
    try:
        found = msgspec.convert(receipt.get("timestamp"), datetime)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        return None


def _checks(receipt: dict[str, Any], key: keys.PublicKey | None) -> Iterator[SignatureCheck]:
    """Yield the steps in order; the caller stops at the first that fails."""
    yield SignatureCheck("key_known", None if key is not None else _describe_unknown_key(key_id_of(receipt)))
    assert key is not None  # noqa: S101 the caller stops at a failed step
    value = receipt.get(SIGNATURE)
    yield SignatureCheck("signature_present", "The receipt has no signature." if value is None else None)
    decoded = _decode_signature(value)
    spelling = "The signature is not `ed25519:` and 86 characters of base64url." if decoded is None else None
    yield SignatureCheck("signature_spelling", spelling)
    yield SignatureCheck("signature_match", _find_mismatch(receipt, key, decoded or b""))
    yield SignatureCheck("key_trusted", _find_trust_fault(receipt, key))


def _describe_unknown_key(key_id: str | None) -> str:
    return "The receipt names no key_id." if key_id is None else f"The key {key_id[:128]!r} is unknown here."


def _find_mismatch(receipt: dict[str, Any], key: keys.PublicKey, signature: bytes) -> str | None:
    """Return why a signature is not the key's over this content, or None if it is."""
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(
            signature, _join_fields(*_split_at_signature(receipt))
        )
    except (InvalidSignature, ValueError):
        return f"The signature is not by key {key.key_id!r} over this content: one of the two was changed."
    return None


def _find_trust_fault(receipt: dict[str, Any], key: keys.PublicKey) -> str | None:
    """Return why a key is not trusted for this receipt, or None if it is."""
    if key.status == "compromised":
        return f"Key {key.key_id!r} is compromised: others may have it, so its signatures prove nothing."
    if key.retired_at is None:
        return None
    when = timestamp_of(receipt)
    if when is None:
        return f"Key {key.key_id!r} is retired, and without a timestamp this cannot be shown to be older."
    if when >= key.retired_at:
        return f"The timestamp {when.isoformat()} is after key {key.key_id!r} was retired."
    return None


def _decode_signature(text: object) -> bytes | None:
    match = _SIGNATURE.fullmatch(text) if isinstance(text, str) else None
    try:
        return keys.decode(match[1], SIGNATURE_BYTES) if match else None
    except keys.InvalidKey:
        return None


def _split_at_signature(receipt: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return the canonical fields before and after the signature; its name is ASCII, where all orders agree."""
    before = canonical.canonicalize({name: value for name, value in receipt.items() if name < SIGNATURE})
    after = canonical.canonicalize({name: value for name, value in receipt.items() if name > SIGNATURE})
    return before[1:-1], after[1:-1]


def _join_fields(*parts: bytes) -> bytes:
    return b"{" + b",".join(part for part in parts if part) + b"}"
