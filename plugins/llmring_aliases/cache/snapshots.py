"""Aliases in memory: a snapshot a project and profile, dropped when a change is heard of."""

import asyncio
from collections import OrderedDict

from llmring_aliases.change_notices import News
from llmring_aliases.etags import etag
from llmring_aliases.models import Alias, Kept, Resolved, ResolveQuery
from llmring_aliases.tables.reader import AliasStore
from llmring_server.database import Notifications
from llmring_server.http import codec

WEIGHT = 10  # of a snapshot by itself, in aliases
ALIAS_BYTES = 1_024  # of an answer, that weigh as much as an alias
MAX_NOTED = 10_000
LONGEST_NOTED = 256  # characters
Key = tuple[str, str | None]


class Snapshot:
    """The aliases of a profile (or of a project) at one version, with the answers about them encoded.

    `weight` is what it counts against the limit, in aliases.
    """

    __slots__ = ("answers", "body", "etag", "kept", "version", "weight")

    def __init__(self, project: str, profile: str | None, version: int, edition: int, aliases: list[Kept]) -> None:
        self.version = version
        self.etag = etag(edition, project, profile)
        self.body = codec.encode([kept.alias for kept in aliases])
        self.weight = WEIGHT + max(len(aliases), len(self.body) // ALIAS_BYTES)
        self.kept = {} if profile is None else {kept.alias.alias: kept for kept in aliases}
        self.answers = {name: resolved(kept.alias) for name, kept in self.kept.items()}


class _Load:
    """A load under way: `floor` is the newest version that was heard of meanwhile."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.floor = 0
        self.task: asyncio.Task[Snapshot]


class Snapshots:
    """What this process remembers: at most `limit` aliases, least recently used first out.

    Only while the channel is live; otherwise every read is a read of the database. Answers to /resolve are kept by the
    query as well, until the next snapshot is dropped; to give one of those is no use of its snapshot.
    """

    def __init__(self, store: AliasStore, channel: Notifications, limit: int) -> None:
        self._store = store
        self._channel = channel
        self._limit = limit
        self._held: OrderedDict[Key, Snapshot] = OrderedDict()
        self._given: dict[tuple[str, str], bytes] = {}
        self._weight = 0
        self._loads: dict[Key, _Load] = {}
        self._epoch = 0

    def peek(self, project: str, profile: str | None) -> Snapshot | None:
        """Return what is in memory and surely current, without waiting; None means `get` must."""
        key = (project, profile)
        found = self._held.get(key)
        if found is None or not self._channel.live:
            return None
        self._held.move_to_end(key)
        return found

    async def get(self, project: str, profile: str | None) -> Snapshot:
        """Return a current snapshot, from memory or from the database; loads of one key are shared."""
        if not self._channel.live:
            return await self._load(project, profile)
        found = self.peek(project, profile)
        if found is not None:
            return found
        load = self._loads.get((project, profile))
        if load is None or load.floor:  # an overtaken load is only good for those who asked before
            load = self._begin((project, profile))
        return await asyncio.shield(load.task)

    def ready(self, project: str, asked: str) -> bytes | None:
        """Return the answer that the same query of /resolve had, if it surely holds still; None means `answer` must."""
        return self._given.get((project, asked)) if self._channel.live else None

    async def answer(self, project: str, query: ResolveQuery, asked: str) -> bytes | None:
        """Return the answer to /resolve, encoded, or None for an alias that is not bound.

        `asked` is the query as it was sent, under which the answer is kept `ready` for as long as its snapshot is.
        """
        if not self._channel.live:
            found = await self._store.get(project, query.profile, query.alias)
            return resolved(found.alias) if found else None
        snapshot = await self.get(project, query.profile)
        answer = snapshot.answers.get(query.alias)
        if answer is not None and self._held.get((project, query.profile)) is snapshot:
            self._note(project, asked, answer)
        return answer

    async def find(self, project: str, profile: str, alias: str) -> Kept | None:
        """Return one alias, or None when it is not bound."""
        if self._channel.live:
            return (self.peek(project, profile) or await self.get(project, profile)).kept.get(alias)
        return await self._store.get(project, profile, alias)

    def heard(self, news: News) -> None:
        """Drop what a change made old, and mark the loads that it overtook."""
        profiles = set(news.profiles)
        for key, load in self._loads.items():
            if _concerns(key, news.project, profiles):
                load.floor = max(load.floor, news.version)
        named: list[Key] = [(news.project, profile) for profile in (None, *profiles)]
        for key in named if profiles else [key for key in self._held if key[0] == news.project]:
            found = self._held.get(key)
            if found is not None and found.version < news.version:
                self._drop(key)

    def reset(self) -> None:
        """Drop everything: changes may have been missed."""
        self._epoch += 1
        self._held.clear()
        self._given.clear()
        self._weight = 0

    def _begin(self, key: Key) -> "_Load":
        load = _Load(self._epoch)
        load.task = asyncio.create_task(self._remember(key, load), name="llmring aliases load")
        load.task.add_done_callback(_retrieve)
        self._loads[key] = load
        return load

    async def _remember(self, key: Key, load: "_Load") -> Snapshot:
        """Load, and keep what nothing has overtaken."""
        try:
            snapshot = await self._load(*key)
            if self._loads.get(key) is load and snapshot.version >= load.floor and self._epoch == load.epoch:
                self._keep(key, snapshot)
            return snapshot
        finally:
            if self._loads.get(key) is load:
                del self._loads[key]

    async def _load(self, project: str, profile: str | None) -> Snapshot:
        found = await self._store.load(project, profile)
        return Snapshot(project, profile, found.version, found.edition, found.aliases)

    def _keep(self, key: Key, snapshot: Snapshot) -> None:
        self._drop(key)
        self._held[key] = snapshot
        self._weight += snapshot.weight
        while self._weight > self._limit and len(self._held) > 1:
            self._drop(next(iter(self._held)))

    def _drop(self, key: Key) -> None:
        found = self._held.pop(key, None)
        if found is not None:
            self._given.clear()
            self._weight -= found.weight

    def _note(self, project: str, asked: str, answer: bytes) -> None:
        if len(asked) <= LONGEST_NOTED:
            if len(self._given) >= MAX_NOTED:
                self._given.clear()
            self._given[project, asked] = answer


def resolved(alias: Alias) -> bytes:
    """Return the answer to /resolve about an alias, encoded."""
    return codec.encode(Resolved(alias.alias, alias.model, alias.profile))


def _retrieve(task: asyncio.Task[Snapshot]) -> None:
    """Take note of a failure, which those who wait for the task are told anyway."""
    if not task.cancelled():
        task.exception()


def _concerns(key: Key, project: str, profiles: set[str]) -> bool:
    return key[0] == project and (not profiles or key[1] is None or key[1] in profiles)
