"""Authenticate keys: the implementation of the contracts `Authenticator`, `KeyStatus` and `RecentKeys`."""

import asyncio
import hmac
import logging
import math
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import psycopg

from llmring_keys.models import StoredKey, hash_key
from llmring_keys.store import TOPIC, KeyStore
from llmring_server.contracts import Identity
from llmring_server.database import Notifications
from llmring_server.http.errors import DATABASE_UNAVAILABLE
from llmring_server.runtime.background import beside
from llmring_server.runtime.request_batcher import RequestBatcher

log = logging.getLogger(__name__)

MAX_KNOWN = 10_000
MAX_UNKNOWN = 10_000
MAX_BATCH = 1_000
MAINTENANCE_SECONDS = 60.0
RECENT_SECONDS = 3600.0
CONFIRM_SECONDS = 0.5  # that a request waits for the database if its key was valid recently
OUTAGE_SECONDS = 0.5  # between two such waits


class CachedKey(msgspec.Struct, frozen=True):
    """The cached result of a lookup; `ends` is in seconds since 1970, 0 for a key that is not valid."""

    hash: bytes
    identity: Identity
    ends: float


UNKNOWN_KEY = CachedKey(bytes(32), Identity("", "", frozenset()), 0.0)


class KeyAuthenticator:
    """Looks up keys by their hash, and caches the results until a key changes.

    While notifications are not live, every request queries the table. A wrong key takes the same steps as a valid one:
    hash, lookup, comparison. Concurrent lookups share one statement, and only one statement runs at a time: a flood of
    unknown keys uses a single connection and does not delay valid keys.
    """

    def __init__(self, store: KeyStore, notifications: Notifications, pepper: bytes) -> None:
        self._store = store
        self._notifications = notifications
        self._pepper = pepper
        self._known: dict[bytes, CachedKey] = {}
        self._unknown: dict[bytes, CachedKey] = {}
        self._recent: dict[bytes, tuple[CachedKey, float]] = {}
        self._down_until = 0.0
        self._generation = 0
        self._lookups = RequestBatcher(store.find, most=MAX_BATCH, name="llmring keys' look-ups")
        self._last_uses: dict[tuple[str, str], float] = {}
        notifications.listen(TOPIC, self._on_message, self._reset)

    async def identify(self, key: str) -> Identity | None:
        """Return the identity of a key, or None for one that is unknown, expired or revoked."""
        digest = hash_key(key, self._pepper)
        return self._to_identity(digest, self._find_cached(digest) or await self._look_up(digest))

    async def identify_recent(self, key: str) -> Identity | None:
        """Return the identity of a key; during an outage, an unconfirmed one if it was valid within the last hour."""
        digest, now = hash_key(key, self._pepper), time.monotonic()
        recent, confirmed_at = self._recent.get(digest, (None, 0.0))
        if recent is None or now - confirmed_at > RECENT_SECONDS:
            return await self.identify(key)
        found = self._find_cached(digest)
        if found is None and now >= self._down_until:
            if self._down_until:  # during an outage, one request at a time waits
                self._down_until = now + CONFIRM_SECONDS
            try:
                async with asyncio.timeout(CONFIRM_SECONDS):
                    found = await self._look_up(digest)
                self._down_until = 0.0
            except (*DATABASE_UNAVAILABLE, TimeoutError):
                self._down_until = time.monotonic() + OUTAGE_SECONDS
        if found is not None:
            return self._to_identity(digest, found)
        return msgspec.structs.replace(recent.identity, unconfirmed=True) if time.time() < recent.ends else None

    async def find_revoked(self, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those of the keys, by project and id, that are revoked or unknown."""
        return set(keys) - await self._store.find_unrevoked(keys)

    async def current_identity(self, project_id: str, key_id: str) -> Identity | None:
        """Return the identity of a project's key from the table, or None if it is unknown, expired or revoked."""
        key, now = await self._store.get(project_id, key_id), datetime.now(UTC)
        if key is None or key.revoked_at or (key.ends_at and key.ends_at <= now):
            return None
        self._last_uses[project_id, key_id] = now.timestamp()
        return Identity(project_id, key_id, frozenset(key.scopes))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Require managed keys of every replica, and record which were used, once per minute and at the end."""
        await self._store.require()
        try:
            async with beside(self._maintain(), "llmring keys' upkeep"):
                yield
        finally:
            await self._lookups.close()
            await self._write_last_uses()

    def _find_cached(self, digest: bytes) -> CachedKey | None:
        """Return the cached result of a lookup, if it is certain to be current."""
        return (self._known.get(digest) or self._unknown.get(digest)) if self._notifications.live else None

    def _to_identity(self, digest: bytes, found: CachedKey) -> Identity | None:
        """Return the identity if the key is valid now, and remember it."""
        now = time.time()
        same = hmac.compare_digest(found.hash, digest)
        self._recent.pop(digest, None)
        if now >= found.ends or not same:
            return None
        if len(self._recent) >= MAX_KNOWN:
            del self._recent[next(iter(self._recent))]
        self._recent[digest] = found, time.monotonic()
        identity = found.identity
        self._last_uses[identity.project_id, identity.key_id] = now
        return identity

    async def _look_up(self, digest: bytes) -> CachedKey:
        generation = self._generation
        stored = await self._lookups.execute(digest)
        found = UNKNOWN_KEY if stored is None else _to_cached(stored)
        if self._notifications.live and self._generation == generation:
            cache, limit = (self._unknown, MAX_UNKNOWN) if stored is None else (self._known, MAX_KNOWN)
            if len(cache) >= limit:
                cache.pop(next(iter(cache)), None)
            cache[digest] = found
        return found

    def _on_message(self, text: str) -> None:
        """Drop the hash of a changed key, and keep lookups in progress from caching their results."""
        self._generation += 1
        digest = bytes.fromhex(text)
        self._known.pop(digest, None)
        self._unknown.pop(digest, None)
        self._recent.pop(digest, None)

    def _reset(self) -> None:
        self._generation += 1
        self._known.clear()
        self._unknown.clear()

    async def _maintain(self) -> None:
        while True:
            await asyncio.sleep(MAINTENANCE_SECONDS)
            self._unknown.clear()  # a row that was inserted by hand sends no notification
            await self._write_last_uses()

    async def _write_last_uses(self) -> None:
        """Write the times of last use; after an error they are written next time."""
        uses, self._last_uses = self._last_uses, {}
        if not uses:
            return
        try:
            await self._store.record_uses({key: datetime.fromtimestamp(at, UTC) for key, at in uses.items()})
        except (psycopg.Error, TimeoutError) as error:
            self._last_uses = uses | self._last_uses
            log.warning("the last use of %d keys is not written yet (%s)", len(uses), type(error).__name__)


def _to_cached(stored: StoredKey) -> CachedKey:
    identity = Identity(stored.project_id, stored.key_id, frozenset(stored.scopes))
    ends = stored.ends_at.timestamp() if stored.ends_at else math.inf
    return CachedKey(stored.hash, identity, 0.0 if stored.revoked_at else ends)
