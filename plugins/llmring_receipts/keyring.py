"""The keys of this server: the one it signs with, and every public key that receipts may name."""

import asyncio
import logging
import os
import stat
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from llmring_receipts import keys
from llmring_receipts.key_store import KeyStore
from llmring_receipts.keys import KeyFault, PublicKey
from llmring_receipts.settings import ReceiptSettings
from llmring_server.errors import StartupError

log = logging.getLogger(__name__)

FRESH_SECONDS = 1.0
UNKNOWN_FRESH_SECONDS = 0.1
GRACE = timedelta(seconds=2 * FRESH_SECONDS)
PREFIX = "LLMRING_RECEIPTS_"
MAX_FILE_BYTES = 16384


class OwnKey(msgspec.Struct, frozen=True):
    """The configured key: its id, its public half, and the private half where there is one."""

    key_id: str
    public_key: bytes
    private_key: Ed25519PrivateKey | None


class NoSigningKey(Exception):
    """There is no key to sign with; the message says why and what to do."""


class Keyring:
    """The table of keys, read again when it is older than a second, and this server's own key.

    A key that another replica retires takes `GRACE` to be so: until then every replica has heard of it, and none
    signs with a key that is retired already.
    """

    def __init__(self, settings: ReceiptSettings, store: KeyStore) -> None:
        self._settings = settings
        self._store = store
        self._own: OwnKey | None = None
        self._known: dict[str, PublicKey] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Read the configured key and register it; with a private one, other active keys are retired.

        Raises:
            StartupError: the configured key cannot be used, or its id belongs to another key.
        """
        self._own = await asyncio.to_thread(read_own_key, self._settings)
        if self._own is None:
            await self._store.note()
        else:
            await self._register(self._own)
        await self._refresh(0)
        yield

    async def signing_key(self) -> tuple[str, Ed25519PrivateKey]:
        """Return the id and the private key to sign with.

        Raises:
            NoSigningKey: none is configured, or the configured one is no longer active.
        """
        own = self._own
        if own is None or own.private_key is None:
            raise NoSigningKey(
                f"no signing key is configured; make one with `llmring-server receipts keygen` and set "
                f"{PREFIX}PRIVATE_KEY_B64 or {PREFIX}PRIVATE_KEY_FILE"
            )
        await self._refresh(FRESH_SECONDS)
        known = self._known.get(own.key_id)
        if known is None or known.status != "active":
            raise NoSigningKey(
                f"the configured key {own.key_id!r} is {known.status if known else 'not registered'} and signs no "
                "more; configure another and restart"
            )
        return own.key_id, own.private_key

    async def find(self, key_id: object) -> PublicKey | None:
        """Return the public key of an id, or None when this deployment has never had it."""
        if not isinstance(key_id, str):
            return None
        await self._refresh(FRESH_SECONDS)
        if key_id not in self._known:
            await self._refresh(UNKNOWN_FRESH_SECONDS)
        return self._known.get(key_id)

    async def current(self) -> PublicKey | None:
        """Return the key in use: this server's own while it is active, else the newest active one, or None."""
        active = [key for key in await self.every() if key.status == "active"]
        own = [key for key in active if self._own and self._own.private_key and key.key_id == self._own.key_id]
        return next(iter(own or reversed(active)), None)

    async def every(self) -> list[PublicKey]:
        """Return every key, oldest first."""
        await self._refresh(FRESH_SECONDS)
        return list(self._known.values())

    async def _register(self, own: OwnKey) -> None:
        await self._store.register(own.key_id, own.public_key, retire_after=GRACE if own.private_key else None)
        known = {key.key_id: key for key in await self._store.keys()}[own.key_id]
        if known.public_key != own.public_key:
            raise StartupError(
                f"plugin 'receipts': the key id {own.key_id!r} belongs to another key already; give the new key a "
                f"name of its own in {PREFIX}KEY_ID, or leave that out"
            )
        if known.status != "active":
            log.warning("receipt key %s is %s; this server verifies but does not sign", own.key_id, known.status)

    async def _refresh(self, seconds: float) -> None:
        """Read the table again when what is known is older than `seconds`; one reader at a time."""
        if time.monotonic() - self._read_at < seconds:
            return
        async with self._reading:
            now = time.monotonic()
            if now - self._read_at >= seconds:
                self._known = {key.key_id: key for key in await self._store.keys()}
                self._read_at = now


def read_own_key(settings: ReceiptSettings) -> OwnKey | None:
    """Return the configured key, or None when none is. Reads the key file.

    Raises:
        StartupError: a value is no key, two sources are given, the public half does not match, or others can read
            the file; the setting is named, its value never shown.
    """
    private = _private_key(settings)
    derived = keys.public_of(private) if private else None
    given = _public_key(settings)
    if derived and given and derived != given:
        raise StartupError(
            f"{PREFIX}PUBLIC_KEY_B64 is not the public half of the private key; correct it or leave it out"
        )
    public = derived or given
    if public is None:
        return None
    if settings.key_id and not keys.KEY_ID.fullmatch(settings.key_id):
        raise StartupError(f"{PREFIX}KEY_ID must be 1 to 128 of A–Z a–z 0–9 . _ : -")
    return OwnKey(settings.key_id or keys.thumbprint(public), public, private)


def _private_key(settings: ReceiptSettings) -> Ed25519PrivateKey | None:
    text, file = settings.private_key_b64, settings.private_key_file
    if text and file:
        raise StartupError(f"{PREFIX}PRIVATE_KEY_B64 and {PREFIX}PRIVATE_KEY_FILE are both set; keep one")
    try:
        if text:
            return keys.private_from_text(text.get_secret_value().strip())
        return keys.private_from_file(_read_private(file)) if file else None
    except KeyFault as error:
        name = "PRIVATE_KEY_B64" if text else "PRIVATE_KEY_FILE"
        raise StartupError(f"{PREFIX}{name}: {error}; `llmring-server receipts keygen` makes one") from error


def _public_key(settings: ReceiptSettings) -> bytes | None:
    if not settings.public_key_b64:
        return None
    try:
        return keys.decode(settings.public_key_b64.strip(), keys.KEY_BYTES)
    except KeyFault as error:
        raise StartupError(f"{PREFIX}PUBLIC_KEY_B64: {error}") from error


def _read_private(path: Path) -> bytes:
    """Return a key file's content; its group may read it only where root owns it, as with mounted secrets."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            barred = stat.S_IRWXO if found.st_uid == 0 else stat.S_IRWXO | stat.S_IRWXG
            if found.st_mode & (barred | stat.S_IWGRP):
                raise StartupError(f"{PREFIX}PRIVATE_KEY_FILE: others can read {path}; run `chmod 600 {path}`")
            return file.read(MAX_FILE_BYTES)
    except OSError as error:
        raise StartupError(f"{PREFIX}PRIVATE_KEY_FILE: {path}: {error.strerror or error}") from error
