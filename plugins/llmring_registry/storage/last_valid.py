"""The last valid copy in PostgreSQL, and in the cache in case the database is down."""

import logging
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import psycopg

from llmring_registry.composed.snapshot import Snapshot
from llmring_registry.models import (
    MANIFEST,
    Copy,
    File,
    InvalidFile,
    current_path,
    digest,
    read_manifest,
    validate_file,
)
from llmring_registry.storage.store import RegistryStore, StoredFile
from llmring_server.runtime.cache import Cache

log = logging.getLogger("llmring_server.registry")

CACHE_SECONDS = 30 * 24 * 3600.0
OUTAGES = (psycopg.Error, TimeoutError)
BORROWED = "not fetched from this base URL yet"

_cached = msgspec.msgpack.Decoder(list[StoredFile])


class LastValidCopy:
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
        except OUTAGES as error:
            log.warning("registry: the stored copy cannot be read (%s)", type(error).__name__)
            files = []
        files = [file for file in files or await self._from_cache() if _is_valid(file)]
        ordered: dict[str, File] = sort_files({file.path: file for file in files}, self._configured)
        borrowed = any(file.source != self._store.source for file in files)
        return Copy(files=ordered, borrowed=borrowed, failed=dict.fromkeys(ordered, BORROWED) if borrowed else {})

    async def load_newer(self, copy: Copy) -> Copy | None:
        """Return the stored copy if another process has fetched a newer one, or None."""
        try:
            newest = await self._store.newest()
        except OUTAGES:
            return None
        known = max((file.fetched_at for file in copy.files.values()), default=None)
        if newest is None or (known is not None and not copy.borrowed and newest <= known):
            return None
        stored = await self.load()
        return None if stored.borrowed else merge_copies(copy, stored, self._configured)

    async def save(self, copy: Copy, snapshot: Snapshot) -> None:
        """Store a copy and the parts of its composed version; an outage of the database is logged."""
        rows = [StoredFile(**msgspec.structs.asdict(file) | {"source": self._store.source}) for file in _files_of(copy)]
        await self._cache.set(self._key, msgspec.msgpack.encode(rows), ttl=CACHE_SECONDS)
        try:
            await self._store.save(_files_of(copy), snapshot.version, copy.providers)
        except OUTAGES as error:
            log.warning("registry: the copy cannot be stored (%s) and stays in memory only", type(error).__name__)

    async def _from_cache(self) -> list[StoredFile]:
        cached = await self._cache.get(self._key)
        try:
            return _cached.decode(cached) if cached else []
        except msgspec.MsgspecError:
            return []


def sort_files(files: Mapping[str, File], configured: Sequence[str]) -> dict[str, File]:
    """Return the files in the order of composition: the manifest's providers, the configured ones, then any others."""
    manifest = files.get(MANIFEST)
    listed = read_manifest(manifest.body) if manifest else ()
    names = [*listed, *configured]
    paths = dict.fromkeys([MANIFEST, *map(current_path, names), *sorted(files)])
    return {path: files[path] for path in paths if path in files}


def merge_copies(copy: Copy, stored: Copy, configured: Sequence[str]) -> Copy:
    """Return `copy` with every file that is newer in `stored`."""
    own = {} if copy.borrowed else dict(copy.files)
    newer = {p: f for p, f in stored.files.items() if p not in own or f.fetched_at > own[p].fetched_at}
    return Copy(
        files=sort_files(own | newer, configured),
        failed={path: reason for path, reason in copy.failed.items() if path not in newer},
        missing=tuple(name for name in copy.missing if current_path(name) not in newer),
    )


def _files_of(copy: Copy) -> list[File]:
    return list(copy.files.values())


def _is_valid(file: File) -> bool:
    """Whether a stored file is valid; one written by another release may not be."""
    try:
        validate_file(file.path, file.body)
    except InvalidFile as error:
        log.warning("registry: the stored %s is ignored: %s", file.path, error)
        return False
    return True
