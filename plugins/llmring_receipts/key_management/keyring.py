"""The keys of this server: its signing key, and every public key that receipts may name."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from llmring_receipts.formats.keys import PublicKey
from llmring_receipts.key_management.key_config import PREFIX, ConfiguredKey, read_configured_key, read_trusted_keys
from llmring_receipts.key_management.key_store import ReceiptKeyStore
from llmring_receipts.settings import ReceiptSettings
from llmring_server.database.connections import Connection
from llmring_server.errors import StartupError
from llmring_server.runtime.request_batcher import RequestBatcher

log = logging.getLogger(__name__)

FRESH_SECONDS = 1.0
UNKNOWN_FRESH_SECONDS = 0.1
READ_SECONDS = 1.0
MAX_TOGETHER = 1_000
GRACE = timedelta(seconds=2 * FRESH_SECONDS)


class NoSigningKey(Exception):
    """There is no signing key; the message gives the reason and the remedy."""


class Keyring:
    """The table of keys, cached for a second, this server's own key, and trusted issuers' keys.

    A key that another replica retires stays active for `GRACE`, until every replica has read the change, so that none
    signs with a retired key.
    """

    def __init__(self, settings: ReceiptSettings, store: ReceiptKeyStore) -> None:
        self._settings = settings
        self._store = store
        self._configured: ConfiguredKey | None = None
        self._known: dict[str, PublicKey] = {}
        self._trusted: dict[str, PublicKey] = {}
        self._read_at = float("-inf")
        self._reads: RequestBatcher[None, None] = RequestBatcher(
            self._read, most=MAX_TOGETHER, name="llmring receipt keys"
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Read the configured keys and register this server's own; with a private key, retire other active keys.

        Raises:
            StartupError: a configured key cannot be used, was retired under another id, or has an id that belongs to
                another key.
        """
        self._configured = await asyncio.to_thread(read_configured_key, self._settings)
        await self.load_trusted_keys()
        for key in await self._store.keys():
            self._check_trusted(key.key_id, key.public_key)
        if self._settings.auto and (self._configured is None or self._configured.private_key is None):
            raise StartupError(f"{PREFIX}AUTO issues receipts, which needs a private key; set one, or unset AUTO")
        if self._configured is None:
            await self._store.record_events()
        else:
            self._check_trusted(self._configured.key_id, self._configured.public_key)
            await self._register(self._configured)
        await self._refresh(0)
        try:
            yield
        finally:
            await self._reads.close()

    async def load_trusted_keys(self) -> None:
        """Read the keys of trusted issuers, as `open` does; enough for a command that signs nothing.

        Raises:
            StartupError: their file cannot be used.
        """
        trusted = await asyncio.to_thread(read_trusted_keys, self._settings)
        self._trusted = {key.key_id: key for key in trusted}

    def trusted_key(self, key_id: str) -> PublicKey | None:
        """Return a trusted issuer's key, or None."""
        return self._trusted.get(key_id)

    async def signing_key(self, within: Connection | None = None) -> tuple[str, Ed25519PrivateKey]:
        """Return the id and the private key to sign with; the table is read on the caller's connection, if given.

        Raises:
            NoSigningKey: none is configured, or the configured one is no longer active.
            psycopg.OperationalError, psycopg_pool.PoolTimeout, TimeoutError: the database does not answer in time.
        """
        own = self._configured
        if own is None or own.private_key is None:
            raise NoSigningKey(
                f"No signing key is configured. Create one with `llmring-server receipts keygen` and set "
                f"{PREFIX}PRIVATE_KEY_B64 or {PREFIX}PRIVATE_KEY_FILE."
            )
        if within is None:
            await self._refresh(FRESH_SECONDS)
        elif not self._is_fresh(FRESH_SECONDS):
            self._set_known(await self._store.keys_within(within))
        known = self._known.get(own.key_id)
        if known is None or known.status != "active":
            raise NoSigningKey(
                f"The configured key {own.key_id!r} is {known.status if known else 'not registered'} and cannot sign. "
                "Configure another key and restart."
            )
        return own.key_id, own.private_key

    async def find(self, key_id: object) -> PublicKey | None:
        """Return the public key of an id, or None if neither this deployment nor a trusted issuer has had it."""
        if not isinstance(key_id, str):
            return None
        await self._refresh(FRESH_SECONDS)
        if key_id not in self._known and key_id not in self._trusted:
            await self._refresh(UNKNOWN_FRESH_SECONDS)
        return self._known.get(key_id) or self._trusted.get(key_id)

    def is_own(self, key: PublicKey) -> bool:
        """Return whether a key that `find` returned belongs to this deployment, not to a trusted issuer."""
        return key.key_id in self._known

    async def current_key(self) -> PublicKey | None:
        """Return the current key: this server's own while it is active, else the newest active key, or None."""
        active = [key for key in await self.all_keys() if key.status == "active"]
        own = [
            key
            for key in active
            if self._configured and self._configured.private_key and key.key_id == self._configured.key_id
        ]
        return next(iter(own or reversed(active)), None)

    async def all_keys(self) -> list[PublicKey]:
        """Return every key of this deployment, oldest first."""
        await self._refresh(FRESH_SECONDS)
        return list(self._known.values())

    async def _register(self, own: ConfiguredKey) -> None:
        await self._store.register(own.key_id, own.public_key, retire_after=GRACE if own.private_key else None)
        known = {key.key_id: key for key in await self._store.keys()}.get(own.key_id)
        if known is None:
            raise StartupError(
                f"plugin 'receipts': the configured key was retired under another id and cannot be used again, "
                f"also not as {own.key_id!r}; create a new one with `llmring-server receipts keygen`"
            )
        if known.public_key != own.public_key:
            raise StartupError(
                f"plugin 'receipts': the key id {own.key_id!r} already belongs to another key; give the new key "
                f"another id in {PREFIX}KEY_ID, or unset it"
            )
        if known.status != "active":
            log.warning("receipt key %s is %s; this server verifies but does not sign", own.key_id, known.status)

    def _check_trusted(self, key_id: str, public_key: bytes) -> None:
        """Reject a trusted issuer's key with the id of another key of this deployment."""
        trusted = self._trusted.get(key_id)
        if trusted is not None and trusted.public_key != public_key:
            raise StartupError(
                f"{PREFIX}TRUSTED_JWKS: the key id {key_id!r} belongs to another key of this deployment; remove that "
                "key from the file, or have its issuer use thumbprints as ids"
            )

    async def _refresh(self, seconds: float) -> None:
        """Read the table again if the cache is older than `seconds`; concurrent callers share one read."""
        if not self._is_fresh(seconds):
            await self._reads.execute(None)

    async def _read(self, requests: Sequence[None]) -> Sequence[None]:
        self._set_known(await self._store.keys(READ_SECONDS))
        return requests

    def _set_known(self, known: Sequence[PublicKey]) -> None:
        self._known = {key.key_id: key for key in known}
        self._read_at = time.monotonic()

    def _is_fresh(self, seconds: float) -> bool:
        return time.monotonic() - self._read_at < seconds
