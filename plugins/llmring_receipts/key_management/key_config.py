"""Keys from the settings: this server's own, and those of trusted issuers."""

import os
import stat
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from llmring_receipts.formats import jwks, keys
from llmring_receipts.formats.keys import InvalidKey, PublicKey
from llmring_receipts.settings import ReceiptSettings
from llmring_server.errors import StartupError

PREFIX = "LLMRING_RECEIPTS_"
MAX_FILE_BYTES = 16384
MAX_SET_BYTES = 1024 * 1024


class ConfiguredKey(msgspec.Struct, frozen=True):
    """The configured key: its id, its public key, and its private key if set."""

    key_id: str
    public_key: bytes
    private_key: Ed25519PrivateKey | None


def read_configured_key(settings: ReceiptSettings) -> ConfiguredKey | None:
    """Return the configured key, or None. Reads the key file.

    Raises:
        StartupError: a value is not a key, two sources are set, the public key does not match, or others can read
            the file; the message names the setting, never its value.
    """
    private = _load_private_key(settings)
    derived = keys.public_bytes(private) if private else None
    given = _load_public_key(settings)
    if derived and given and derived != given:
        raise StartupError(f"{PREFIX}PUBLIC_KEY_B64 is not the public key of the private key; correct or unset it")
    public = derived or given
    if public is None:
        return None
    if settings.key_id and not keys.KEY_ID.fullmatch(settings.key_id):
        raise StartupError(f"{PREFIX}KEY_ID must be 1 to 128 characters of A–Z a–z 0–9 . _ : -")
    return ConfiguredKey(settings.key_id or keys.thumbprint(public), public, private)


def read_trusted_keys(settings: ReceiptSettings) -> list[PublicKey]:
    """Return the keys of trusted issuers, none without a file. Reads the file.

    Raises:
        StartupError: the file cannot be read, or is not a JWK set.
    """
    path, name = settings.trusted_jwks, f"{PREFIX}TRUSTED_JWKS"
    if path is None:
        return []
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SET_BYTES + 1)
        if len(content) > MAX_SET_BYTES:
            raise StartupError(f"{name}: {path} is larger than {MAX_SET_BYTES} bytes")
        return jwks.parse(content)
    except OSError as error:
        raise StartupError(f"{name}: {path}: {error.strerror or error}") from error
    except InvalidKey as error:
        raise StartupError(f"{name}: {path}: {error}; an issuer publishes it at /receipts/public-keys.json") from error


def _load_private_key(settings: ReceiptSettings) -> Ed25519PrivateKey | None:
    text, file = settings.private_key_b64, settings.private_key_file
    if text and file:
        raise StartupError(f"{PREFIX}PRIVATE_KEY_B64 and {PREFIX}PRIVATE_KEY_FILE are both set; unset one")
    try:
        if text:
            return keys.load_seed(text.get_secret_value().strip())
        return keys.load_private_key(_read_key_file(file)) if file else None
    except InvalidKey as error:
        name = "PRIVATE_KEY_B64" if text else "PRIVATE_KEY_FILE"
        raise StartupError(f"{PREFIX}{name}: {error}; `llmring-server receipts keygen` creates one") from error


def _load_public_key(settings: ReceiptSettings) -> bytes | None:
    if not settings.public_key_b64:
        return None
    try:
        return keys.decode(settings.public_key_b64.strip(), keys.KEY_BYTES)
    except InvalidKey as error:
        raise StartupError(f"{PREFIX}PUBLIC_KEY_B64: {error}") from error


def _read_key_file(path: Path) -> bytes:
    """Return a key file's content; its group may read it only if root owns it, as with mounted secrets."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            forbidden = stat.S_IRWXO if found.st_uid == 0 else stat.S_IRWXO | stat.S_IRWXG
            if found.st_mode & (forbidden | stat.S_IWGRP):
                raise StartupError(f"{PREFIX}PRIVATE_KEY_FILE: others can read {path}; run `chmod 600 {path}`")
            return file.read(MAX_FILE_BYTES)
    except OSError as error:
        raise StartupError(f"{PREFIX}PRIVATE_KEY_FILE: {path}: {error.strerror or error}") from error
