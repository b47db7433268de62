"""From a key's text to who it is: the provider of the contracts `Authenticator` and `KeyStatus`."""

import asyncio
import hmac
import logging
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import psycopg

from llmring_keys.models import KeptKey, hash_of
from llmring_keys.store import TOPIC, KeyStore
from llmring_server.contracts import Identity
from llmring_server.database import Notifications
from llmring_server.runtime.background import beside
from llmring_server.runtime.request_batcher import RequestBatcher

log = logging.getLogger(__name__)

MAX_KNOWN = 10_000
MAX_UNKNOWN = 10_000
MAX_TOGETHER = 1_000
UPKEEP_SECONDS = 60.0


class Record(msgspec.Struct, frozen=True):
    """What is remembered of a hash; `ends` is in seconds since 1970, 0 for a key that does not work."""

    hash: bytes
    identity: Identity
    ends: float


NOBODY = Record(bytes(32), Identity("", "", frozenset()), 0.0)


class ManagedKeys:
    """Knows keys by their hash; the table is asked once, and again whenever a key changes anywhere.

    While the notification channel is not live, every request asks the table. A wrong key takes the same steps as a
    right one: hash, look-up, comparison. All keys that wait for the table at one time share one statement, and there is
    one at a time: a flood of keys that nobody knows holds one connection, and good ones are not kept waiting behind it.
    """

    def __init__(self, store: KeyStore, channel: Notifications, pepper: bytes) -> None:
        self._store = store
        self._channel = channel
        self._pepper = pepper
        self._known: dict[bytes, Record] = {}
        self._unknown: dict[bytes, Record] = {}
        self._news = 0
        self._lookups = RequestBatcher(store.find, most=MAX_TOGETHER, name="llmring keys' look-ups")
        self._used: dict[tuple[str, str], float] = {}
        channel.listen(TOPIC, self._heard, self._forget)

    async def identify(self, key: str) -> Identity | None:
        """Return who sends `key`, or None for a key that is unknown, expired or revoked."""
        digest = hash_of(key, self._pepper)
        known, unknown = self._known.get(digest), self._unknown.get(digest)
        record = (known or unknown) if self._channel.live else None
        if record is None:
            record = await self._look_up(digest)
        now = time.time()
        same = hmac.compare_digest(record.hash, digest)
        if now >= record.ends or not same:
            return None
        identity = record.identity
        self._used[identity.project_id, identity.key_id] = now
        return identity

    async def current_identity(self, project_id: str, key_id: str) -> Identity | None:
        """Return who a key of this project is, or None when it is unknown, expired or revoked; the table is asked."""
        key, now = await self._store.get(project_id, key_id), datetime.now(UTC)
        if key is None or key.revoked_at or (key.ends_at and key.ends_at <= now):
            return None
        self._used[project_id, key_id] = now.timestamp()
        return Identity(project_id, key_id, frozenset(key.scopes))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Note once a minute, and at the end, which keys were used."""
        try:
            async with beside(self._upkeep(), "llmring keys' upkeep"):
                yield
        finally:
            await self._lookups.close()
            await self._note()

    async def _look_up(self, digest: bytes) -> Record:
        before = self._news
        kept = await self._lookups.execute(digest)
        record = NOBODY if kept is None else _record(kept)
        if self._channel.live and self._news == before:
            place, most = (self._unknown, MAX_UNKNOWN) if kept is None else (self._known, MAX_KNOWN)
            if len(place) >= most:
                place.pop(next(iter(place)), None)
            place[digest] = record
        return record

    def _heard(self, text: str) -> None:
        """Forget a hash whose key has changed, and let no look-up that is under way remember what it finds."""
        self._news += 1
        digest = bytes.fromhex(text)
        self._known.pop(digest, None)
        self._unknown.pop(digest, None)

    def _forget(self) -> None:
        self._news += 1
        self._known.clear()
        self._unknown.clear()

    async def _upkeep(self) -> None:
        while True:
            await asyncio.sleep(UPKEEP_SECONDS)
            self._unknown.clear()  # a row that was put into the table by hand is told of by nobody
            await self._note()

    async def _note(self) -> None:
        """Write the last uses; those that cannot be written now wait for the next time."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._store.used({key: datetime.fromtimestamp(at, UTC) for key, at in used.items()})
        except (psycopg.Error, TimeoutError) as error:
            self._used = used | self._used
            log.warning("the last use of %d keys is not noted yet (%s)", len(used), type(error).__name__)


def _record(kept: KeptKey) -> Record:
    identity = Identity(kept.project_id, kept.key_id, frozenset(kept.scopes))
    ends = kept.ends_at.timestamp() if kept.ends_at else math.inf
    return Record(kept.hash, identity, 0.0 if kept.revoked_at else ends)
