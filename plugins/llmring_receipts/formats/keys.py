"""Ed25519 keys: base64url, PEM and thumbprints. Pure, as `canonical`."""

import base64
import hashlib
import re
from datetime import datetime
from typing import Literal

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

_TEXT = re.compile(r"[A-Za-z0-9_-]+")
_PEM = b"-----BEGIN"
_RAW = serialization.Encoding.Raw

Status = Literal["active", "retired", "compromised"]


class InvalidKey(ValueError):
    """Text or a file without a usable key; the message never repeats the input."""


class PublicKey(msgspec.Struct, frozen=True):
    """A public key: 32 bytes under an id, with its times (UTC) and status.

    `created_at` is when this deployment first had the key, None if unknown. A retired key is not valid for receipts
    dated after `retired_at`.
    """

    key_id: str
    public_key: bytes
    created_at: datetime | None
    retired_at: datetime | None
    status: Status


def generate_key() -> Ed25519PrivateKey:
    """Return a new private key from the system's random source."""
    return Ed25519PrivateKey.generate()


def seed_bytes(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of a private key."""
    return key.private_bytes(_RAW, serialization.PrivateFormat.Raw, serialization.NoEncryption())


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of the public key of a private key."""
    return key.public_key().public_bytes(_RAW, serialization.PublicFormat.Raw)


def encode(value: bytes) -> str:
    """Return base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decode(text: str, size: int) -> bytes:
    """Return the `size` bytes of a base64url text; only the canonical encoding is accepted.

    Raises:
        InvalidKey: padding, other characters, another size, or unused bits that are not zero.
    """
    length = -(-size * 4 // 3)
    if len(text) == length and _TEXT.fullmatch(text):
        found = base64.urlsafe_b64decode(text + "=" * (-length % 4))
        if encode(found) == text:
            return found
    raise InvalidKey(f"not {size} bytes in base64url: {length} characters of A–Z a–z 0–9 - _, without padding")


def load_seed(text: str) -> Ed25519PrivateKey:
    """Return the private key of a seed in base64url.

    Raises:
        InvalidKey: the text is not a seed.
    """
    return Ed25519PrivateKey.from_private_bytes(decode(text, KEY_BYTES))


def load_private_key(content: bytes) -> Ed25519PrivateKey:
    """Return the private key of a file's content: PKCS8 PEM, a seed in base64url, or its 32 bytes.

    Raises:
        InvalidKey: none of these, encrypted, or a key of another type.
    """
    if len(content) == KEY_BYTES:
        return Ed25519PrivateKey.from_private_bytes(content)
    if not content.lstrip().startswith(_PEM):
        return load_seed(content.decode("ascii", "replace").strip())
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidKey("not a PKCS8 PEM private key without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidKey("the PEM file contains a key of another type; receipts are signed with Ed25519")
    return key


def private_pem(key: Ed25519PrivateKey) -> bytes:
    """Return a private key as PKCS8 PEM (RFC 8410 §7), not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(public: bytes) -> str:
    """Return a public key as SPKI PEM (RFC 8410 §4)."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def thumbprint(public: bytes) -> str:
    """Return a public key's JWK thumbprint, SHA-256 in base64url (RFC 7638 §3, RFC 8037 A.3)."""
    required = f'{{"crv":"Ed25519","kty":"OKP","x":"{encode(public)}"}}'
    return encode(hashlib.sha256(required.encode()).digest())
