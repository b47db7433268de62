"""The alias cache: one snapshot per project and profile, dropped when a change notice arrives."""

import asyncio
from collections import OrderedDict

from llmring_aliases.change_notices import ChangeNotice
from llmring_aliases.etags import make_etag
from llmring_aliases.models import Alias, ResolvedAlias, ResolveQuery, StoredAlias
from llmring_aliases.tables.reader import AliasReader
from llmring_server.database import Notifications
from llmring_server.http import codec

BASE_WEIGHT = 10  # of an empty snapshot, in aliases
ALIAS_BYTES = 1_024  # of a list response, which weigh as much as one alias
MAX_RESPONSES = 10_000
MAX_QUERY_LENGTH = 256
Key = tuple[str, str | None]


class Snapshot:
    """The aliases of a profile (or of a project) at one version, with their responses encoded.

    `weight` is its share of the cache limit, in aliases.
    """

    __slots__ = ("aliases", "body", "etag", "responses", "version", "weight")

    def __init__(
        self, project: str, profile: str | None, version: int, edition: int, aliases: list[StoredAlias]
    ) -> None:
        self.version = version
        self.etag = make_etag(edition, project, profile)
        self.body = codec.encode([stored.alias for stored in aliases])
        self.weight = BASE_WEIGHT + max(len(aliases), len(self.body) // ALIAS_BYTES)
        self.aliases = {} if profile is None else {stored.alias.alias: stored for stored in aliases}
        self.responses = {name: encode_resolved(stored.alias) for name, stored in self.aliases.items()}


class _Load:
    """A load in progress; `min_version` is the newest version that a notice announced meanwhile."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.min_version = 0
        self.task: asyncio.Task[Snapshot]


class SnapshotCache:
    """The snapshots of this process: at most `limit` aliases, the least recently used are evicted first.

    It is used only while notifications are live; otherwise every read queries the database. Responses to /resolve are
    also cached by query string, until the next snapshot is dropped; serving one does not count as a use of its
    snapshot.
    """

    def __init__(self, reader: AliasReader, notifications: Notifications, limit: int) -> None:
        self._reader = reader
        self._notifications = notifications
        self._limit = limit
        self._snapshots: OrderedDict[Key, Snapshot] = OrderedDict()
        self._responses: dict[tuple[str, str], bytes] = {}
        self._weight = 0
        self._loads: dict[Key, _Load] = {}
        self._epoch = 0

    def peek(self, project: str, profile: str | None) -> Snapshot | None:
        """Return the cached snapshot without waiting, or None when it is missing or may be outdated: then use `get`."""
        key = (project, profile)
        found = self._snapshots.get(key)
        if found is None or not self._notifications.live:
            return None
        self._snapshots.move_to_end(key)
        return found

    async def get(self, project: str, profile: str | None) -> Snapshot:
        """Return a current snapshot, from the cache or the database; concurrent requests share one load."""
        if not self._notifications.live:
            return await self._load(project, profile)
        found = self.peek(project, profile)
        if found is not None:
            return found
        load = self._loads.get((project, profile))
        if load is None or load.min_version:  # an outdated load is only current enough for requests before the change
            load = self._start_load((project, profile))
        return await asyncio.shield(load.task)

    def cached_response(self, project: str, query_string: str) -> bytes | None:
        """Return the cached response to a /resolve query, or None when there is no current one: then use `resolve`."""
        return self._responses.get((project, query_string)) if self._notifications.live else None

    async def resolve(self, project: str, query: ResolveQuery, query_string: str) -> bytes | None:
        """Return the encoded response to /resolve, or None for an alias that is not bound.

        The response is cached under `query_string`, the query as it was sent.
        """
        if not self._notifications.live:
            found = await self._reader.get(project, query.profile, query.alias)
            return encode_resolved(found.alias) if found else None
        snapshot = await self.get(project, query.profile)
        response = snapshot.responses.get(query.alias)
        if response is not None and self._snapshots.get((project, query.profile)) is snapshot:
            self._add_response(project, query_string, response)
        return response

    async def find(self, project: str, profile: str, alias: str) -> StoredAlias | None:
        """Return one alias, or None when it is not bound."""
        if self._notifications.live:
            return (self.peek(project, profile) or await self.get(project, profile)).aliases.get(alias)
        return await self._reader.get(project, profile, alias)

    def on_change(self, notice: ChangeNotice) -> None:
        """Drop the snapshots that a change made outdated, and mark the loads that it overtook."""
        profiles = set(notice.profiles)
        for key, load in self._loads.items():
            if _is_affected(key, notice.project, profiles):
                load.min_version = max(load.min_version, notice.version)
        named: list[Key] = [(notice.project, profile) for profile in (None, *profiles)]
        for key in named if profiles else [key for key in self._snapshots if key[0] == notice.project]:
            found = self._snapshots.get(key)
            if found is not None and found.version < notice.version:
                self._drop(key)

    def reset(self) -> None:
        """Drop everything: changes may have been missed."""
        self._epoch += 1
        self._snapshots.clear()
        self._responses.clear()
        self._weight = 0

    def _start_load(self, key: Key) -> "_Load":
        load = _Load(self._epoch)
        load.task = asyncio.create_task(self._load_and_store(key, load), name="llmring aliases load")
        load.task.add_done_callback(_retrieve_exception)
        self._loads[key] = load
        return load

    async def _load_and_store(self, key: Key, load: "_Load") -> Snapshot:
        """Load a snapshot, and store it unless a change overtook the load."""
        try:
            snapshot = await self._load(*key)
            if self._loads.get(key) is load and snapshot.version >= load.min_version and self._epoch == load.epoch:
                self._store(key, snapshot)
            return snapshot
        finally:
            if self._loads.get(key) is load:
                del self._loads[key]

    async def _load(self, project: str, profile: str | None) -> Snapshot:
        found = await self._reader.load(project, profile)
        return Snapshot(project, profile, found.version, found.edition, found.aliases)

    def _store(self, key: Key, snapshot: Snapshot) -> None:
        self._drop(key)
        self._snapshots[key] = snapshot
        self._weight += snapshot.weight
        while self._weight > self._limit and len(self._snapshots) > 1:
            self._drop(next(iter(self._snapshots)))

    def _drop(self, key: Key) -> None:
        found = self._snapshots.pop(key, None)
        if found is not None:
            self._responses.clear()
            self._weight -= found.weight

    def _add_response(self, project: str, query_string: str, response: bytes) -> None:
        if len(query_string) <= MAX_QUERY_LENGTH:
            if len(self._responses) >= MAX_RESPONSES:
                self._responses.clear()
            self._responses[project, query_string] = response


def encode_resolved(alias: Alias) -> bytes:
    """Return the encoded response to /resolve for an alias."""
    return codec.encode(ResolvedAlias(alias.alias, alias.model, alias.profile))


def _retrieve_exception(task: asyncio.Task[Snapshot]) -> None:
    """Mark a failure as retrieved; every waiter of the task gets it anyway."""
    if not task.cancelled():
        task.exception()


def _is_affected(key: Key, project: str, profiles: set[str]) -> bool:
    return key[0] == project and (not profiles or key[1] is None or key[1] in profiles)
