"""The alias cache: the models of a profile, and first pages of lists, dropped when a change notice arrives.

Metadata is in memory only as part of a page.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import TypeVar

from llmring_aliases.cache.lists import ListPage, is_first_page, read_page
from llmring_aliases.change_notices import ChangeNotice
from llmring_aliases.models import AliasListQuery, ResolvedAlias, ResolveQuery
from llmring_aliases.tables.reader import AliasReader
from llmring_server.database import Notifications
from llmring_server.http import codec

ALIAS_BYTES = 1_024  # of the cache limit per alias
MANY_ALIASES = 1_000  # are encoded in a thread, so that they block no request
RESPONSE_OVERHEAD = 200  # bytes of a cached response besides its content
MAX_RESPONSES = 10_000
MAX_QUERY_LENGTH = 256
Key = tuple[type, str, str | None]


class ProfileModels:
    """The encoded responses to /resolve for a profile at one version; None if it has too many aliases.

    `weight` is their size in bytes.
    """

    __slots__ = ("responses", "version", "weight")

    def __init__(self, version: int, profile: str, models: Sequence[tuple[str, str]] | None) -> None:
        self.version = version
        self.responses = (
            None if models is None else {alias: encode_resolved(alias, model, profile) for alias, model in models}
        )
        self.weight = RESPONSE_OVERHEAD + sum(
            RESPONSE_OVERHEAD + len(alias) + len(response) for alias, response in (self.responses or {}).items()
        )


Snapshot = ListPage | ProfileModels
S = TypeVar("S", ListPage, ProfileModels)


class _Load:
    """A load in progress; `min_version` is the newest version that a notice announced meanwhile."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.min_version = 0
        self.task: asyncio.Task[Snapshot]


class SnapshotCache:
    """The snapshots of this process: about 1 KiB for each of `limit` aliases, the least recently used go first.

    It is used only while notifications are live; otherwise every read queries the database, as do later pages of a list
    and profiles with too many aliases. Responses to /resolve are also cached by query string, until the next snapshot
    is dropped; serving one does not count as a use of its snapshot.
    """

    def __init__(self, reader: AliasReader, notifications: Notifications, limit: int) -> None:
        self._reader = reader
        self._notifications = notifications
        self._aliases = limit
        self._limit = limit * ALIAS_BYTES
        self._snapshots: OrderedDict[Key, Snapshot] = OrderedDict()
        self._responses: dict[tuple[str, str], bytes] = {}
        self._weight = 0
        self._loads: dict[Key, _Load] = {}
        self._epoch = 0

    def cached_list(self, project: str, query: AliasListQuery) -> ListPage | None:
        """Return the cached page of a list without waiting, or None when there is no current one: then use `list`."""
        return self._peek(ListPage, project, query.profile) if is_first_page(query) else None

    async def list(self, project: str, query: AliasListQuery) -> ListPage:
        """Return a current page of the list.

        Raises:
            Problem: 422 for an invalid cursor.
        """
        if is_first_page(query):
            return await self._get(ListPage, project, query.profile)
        return await read_page(self._reader, project, query)

    def cached_response(self, project: str, query_string: str) -> bytes | None:
        """Return the cached response to a /resolve query, or None when there is no current one: then use `resolve`."""
        return self._responses.get((project, query_string)) if self._notifications.live else None

    async def resolve(self, project: str, query: ResolveQuery, query_string: str) -> bytes | None:
        """Return the encoded response to /resolve, or None for an alias that is not bound.

        The response is cached under `query_string`, the query as it was sent.
        """
        models = await self._get(ProfileModels, project, query.profile) if self._notifications.live else None
        if models is None or models.responses is None:
            model = await self._reader.model(project, query.profile, query.alias)
            return None if model is None else encode_resolved(query.alias, model, query.profile)
        response = models.responses.get(query.alias)
        if response is not None and self._snapshots.get((ProfileModels, project, query.profile)) is models:
            self._add_response(project, query_string, response)
        return response

    def on_change(self, notice: ChangeNotice) -> None:
        """Drop the snapshots that a change made outdated, and mark the loads that it overtook."""
        profiles = set(notice.profiles)
        for key, load in self._loads.items():
            if _is_affected(key, notice.project, profiles):
                load.min_version = max(load.min_version, notice.version)
        kinds = (ListPage, ProfileModels)
        named: list[Key] = [(kind, notice.project, profile) for kind in kinds for profile in (None, *profiles)]
        for key in named if profiles else [key for key in self._snapshots if key[1] == notice.project]:
            found = self._snapshots.get(key)
            if found is not None and found.version < notice.version:
                self._drop(key)

    def reset(self) -> None:
        """Drop everything: changes may have been missed."""
        self._epoch += 1
        self._snapshots.clear()
        self._responses.clear()
        self._weight = 0

    def _peek(self, kind: type[S], project: str, profile: str | None) -> S | None:
        key = (kind, project, profile)
        found = self._snapshots.get(key)
        if not isinstance(found, kind) or not self._notifications.live:
            return None
        self._snapshots.move_to_end(key)
        return found

    async def _get(self, kind: type[S], project: str, profile: str | None) -> S:
        """Return a current snapshot, from the cache or the database; concurrent requests share one load."""
        key = (kind, project, profile)
        if not self._notifications.live:
            return _expect(kind, await self._load(key))
        found = self._peek(kind, project, profile)
        if found is not None:
            return found
        load = self._loads.get(key)
        if load is None or load.min_version:  # an outdated load is only current enough for requests before the change
            load = self._start_load(key)
        return _expect(kind, await asyncio.shield(load.task))

    def _start_load(self, key: Key) -> "_Load":
        load = _Load(self._epoch)
        load.task = asyncio.create_task(self._load_and_store(key, load), name="llmring aliases load")
        load.task.add_done_callback(_retrieve_exception)
        self._loads[key] = load
        return load

    async def _load_and_store(self, key: Key, load: "_Load") -> Snapshot:
        """Load a snapshot, and store it unless a change overtook the load."""
        try:
            snapshot = await self._load(key)
            if self._loads.get(key) is load and snapshot.version >= load.min_version and self._epoch == load.epoch:
                self._store(key, snapshot)
            return snapshot
        finally:
            if self._loads.get(key) is load:
                del self._loads[key]

    async def _load(self, key: Key) -> Snapshot:
        kind, project, profile = key
        if kind is ListPage:
            return await read_page(self._reader, project, AliasListQuery(profile))
        found = await self._reader.models(project, profile, self._aliases)
        if found.models is None or len(found.models) < MANY_ALIASES:
            return ProfileModels(found.version, profile or "", found.models)
        return await asyncio.to_thread(ProfileModels, found.version, profile or "", found.models)

    def _store(self, key: Key, snapshot: Snapshot) -> None:
        self._drop(key)
        self._snapshots[key] = snapshot
        self._weight += snapshot.weight
        while self._weight > self._limit:
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


def encode_resolved(alias: str, model: str, profile: str) -> bytes:
    """Return the encoded response to /resolve for an alias."""
    return codec.encode(ResolvedAlias(alias, model, profile))


def _expect(kind: type[S], snapshot: Snapshot) -> S:
    assert isinstance(snapshot, kind)  # noqa: S101 a key loads a snapshot of its kind
    return snapshot


def _retrieve_exception(task: asyncio.Task[Snapshot]) -> None:
    """Mark a failure as retrieved; every waiter of the task gets it anyway."""
    if not task.cancelled():
        task.exception()


def _is_affected(key: Key, project: str, profiles: set[str]) -> bool:
    return key[1] == project and (not profiles or key[2] is None or key[2] in profiles)
