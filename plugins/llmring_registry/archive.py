"""Immutable data: archived upstream files, fetched once and stored permanently, and composed versions."""

import asyncio
import logging
import time
from collections import OrderedDict

from llmring_registry.composed.snapshot import VERSION, Page, compose
from llmring_registry.models import NUMBER, File, archived_path, is_provider
from llmring_registry.registry import Registry
from llmring_registry.storage.last_valid import OUTAGES
from llmring_registry.storage.store import RegistryStore
from llmring_registry.upstream.client import Upstream, UpstreamFileNotFound

log = logging.getLogger("llmring_server.registry")

# Anyone may request any number: their requests to upstream must not take the turns of the refresh.
ARCHIVE_CONCURRENT = 2
NOT_FOUND_SECONDS = 60.0
MAX_NOT_FOUND = 1000
MAX_PAGES = 8


class Archive:
    """Archived files by provider and number, and composed registries by version."""

    def __init__(self, registry: Registry, store: RegistryStore, upstream: Upstream, seconds: float) -> None:
        self._registry = registry
        self._store = store
        self._upstream = upstream
        self._seconds = seconds
        self._fetches: dict[str, asyncio.Task[File | None]] = {}
        self._not_found: OrderedDict[str, float] = OrderedDict()
        self._pages: OrderedDict[str, Page] = OrderedDict()

    async def file(self, provider: str, number: str) -> File | None:
        """Return an archived file, or None if upstream has none; concurrent callers share one request.

        Raises:
            UpstreamError: it is not stored, and cannot be fetched.
        """
        if not (is_provider(provider) and NUMBER.fullmatch(number)):
            return None
        path = archived_path(provider, number)
        if self._not_found.get(path, 0.0) > time.monotonic():
            return None
        fetch = self._fetches.get(path)
        if fetch is None:
            fetch = self._fetches[path] = asyncio.create_task(
                self._load_or_fetch(path), name=f"llmring registry {path}"
            )
            fetch.add_done_callback(lambda task: self._finish(path, task))
        return await asyncio.shield(fetch)

    async def version(self, version: str) -> Page | None:
        """Return a composed registry, byte for byte, or None if the version is unknown."""
        snapshot = self._registry.current()
        if snapshot and snapshot.version == version:
            return snapshot.page
        page = self._pages.get(version)
        if page is None and VERSION.fullmatch(version):
            parts = await self._store.parts(version)
            page = compose(parts).page if parts else None
        if page is not None:
            self._pages[version] = page
            self._pages.move_to_end(version)
            while len(self._pages) > MAX_PAGES:
                self._pages.popitem(last=False)
        return page

    async def _load_or_fetch(self, path: str) -> File | None:
        stored = await self._store.archived(path)
        if stored is not None:
            return stored
        try:
            file = await self._upstream.fetch(path, self._seconds)
        except UpstreamFileNotFound:
            self._remember_not_found(path)
            return None
        try:
            await self._store.save_archived(file)
        except OUTAGES as error:
            log.warning("registry: %s cannot be stored (%s)", path, type(error).__name__)
        return file

    def _remember_not_found(self, path: str) -> None:
        self._not_found[path] = time.monotonic() + NOT_FOUND_SECONDS
        self._not_found.move_to_end(path)
        while len(self._not_found) > MAX_NOT_FOUND:
            self._not_found.popitem(last=False)

    def _finish(self, path: str, task: "asyncio.Task[File | None]") -> None:
        """Remove a finished fetch, and retrieve its exception even if no caller waits for it."""
        self._fetches.pop(path, None)
        if not task.cancelled():
            task.exception()
