"""The last valid copy in PostgreSQL, and in the cache in case the database is down."""

import logging
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import psycopg

from llmring_registry.models import MANIFEST, Copy, File, Malformed, check, current_path, digest, read_manifest
from llmring_registry.snapshot import Snapshot
from llmring_registry.store import RegistryStore, StoredFile
from llmring_server.cache import Cache

log = logging.getLogger("llmring_server.registry")

CACHE_SECONDS = 30 * 24 * 3600.0
AWAY = (psycopg.Error, TimeoutError)
BORROWED = "not fetched from this base URL yet"

_cached = msgspec.msgpack.Decoder(list[StoredFile])


class LastGood:
    """Stores the last valid copy across restarts and shares it between workers and replicas."""

    def __init__(self, store: RegistryStore, cache: Cache, configured: Sequence[str]) -> None:
        self._store = store
        self._cache = cache
        self._configured = tuple(configured)
        self._key = f"registry:{digest(store.source.encode())[:16]}"

    async def load(self) -> Copy:
        """Return the stored copy, empty if there is none; does not raise during an outage of database or cache."""
        try:
            files: Iterable[StoredFile] = await self._store.current()
        except AWAY as error:
            log.warning("registry: the stored copy cannot be read (%s)", type(error).__name__)
            files = []
        files = [file for file in files or await self._from_cache() if _usable(file)]
        ordered: dict[str, File] = in_order({file.path: file for file in files}, self._configured)
        borrowed = any(file.source != self._store.source for file in files)
        return Copy(files=ordered, borrowed=borrowed, failed=dict.fromkeys(ordered, BORROWED) if borrowed else {})

    async def newer(self, copy: Copy) -> Copy | None:
        """Return the stored copy if another process has fetched a newer one, or None."""
        try:
            newest = await self._store.newest()
        except AWAY:
            return None
        known = max((file.fetched_at for file in copy.files.values()), default=None)
        if newest is None or (known is not None and not copy.borrowed and newest <= known):
            return None
        stored = await self.load()
        return None if stored.borrowed else merged(copy, stored, self._configured)

    async def keep(self, copy: Copy, snapshot: Snapshot) -> None:
        """Store a copy and the parts of its composed version; an outage of the database is logged."""
        rows = [StoredFile(**msgspec.structs.asdict(file) | {"source": self._store.source}) for file in _own(copy)]
        await self._cache.set(self._key, msgspec.msgpack.encode(rows), ttl=CACHE_SECONDS)
        try:
            await self._store.keep(_own(copy), snapshot.version, copy.providers)
        except AWAY as error:
            log.warning("registry: the copy cannot be stored (%s) and stays in memory only", type(error).__name__)

    async def _from_cache(self) -> list[StoredFile]:
        kept = await self._cache.get(self._key)
        try:
            return _cached.decode(kept) if kept else []
        except msgspec.MsgspecError:
            return []


def in_order(files: Mapping[str, File], configured: Sequence[str]) -> dict[str, File]:
    """Return the files in the order of composition: the manifest's providers, the configured ones, then any others."""
    manifest = files.get(MANIFEST)
    listed = read_manifest(manifest.body) if manifest else ()
    names = [*listed, *configured]
    paths = dict.fromkeys([MANIFEST, *map(current_path, names), *sorted(files)])
    return {path: files[path] for path in paths if path in files}


def merged(copy: Copy, stored: Copy, configured: Sequence[str]) -> Copy:
    """Return `copy` with every file that is newer in `stored`."""
    own = {} if copy.borrowed else dict(copy.files)
    newer = {p: f for p, f in stored.files.items() if p not in own or f.fetched_at > own[p].fetched_at}
    return Copy(
        files=in_order(own | newer, configured),
        failed={path: why for path, why in copy.failed.items() if path not in newer},
        missing=tuple(name for name in copy.missing if current_path(name) not in newer),
    )


def _own(copy: Copy) -> list[File]:
    return list(copy.files.values())


def _usable(file: File) -> bool:
    """Whether a stored file is valid; one written by another release may not be."""
    try:
        check(file.path, file.body)
    except Malformed as error:
        log.warning("registry: the stored %s is ignored: %s", file.path, error)
        return False
    return True
