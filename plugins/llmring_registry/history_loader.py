"""Loading earlier versions of the providers' files: those that were stored here, and those of upstream's archive."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec

from llmring_registry.archive import Archive
from llmring_registry.history import MAX_EDITIONS, PriceHistory
from llmring_registry.models import InvalidFile, read_provider
from llmring_registry.storage.last_valid import OUTAGES
from llmring_registry.storage.store import RegistryStore
from llmring_registry.upstream.client import UpstreamError
from llmring_server.runtime.background import beside

log = logging.getLogger("llmring_server.registry")

PAUSE_SECONDS = 5.0


class HistoryLoader:
    """Loads wanted versions in the background, each provider's back to the time that was asked for."""

    def __init__(self, history: PriceHistory, archive: Archive, store: RegistryStore) -> None:
        self._history = history
        history.load = self.load
        self._archive = archive
        self._store = store

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load while the block runs."""
        async with beside(self._run(), "llmring registry history"):
            yield

    async def _run(self) -> None:
        while True:
            await self._history.wake.wait()
            self._history.wake.clear()
            wanted, self._history.wanted = self._history.wanted, {}
            for provider, at in wanted.items():
                await self.load(provider, at)
            await asyncio.sleep(PAUSE_SECONDS)

    async def load(self, provider: str, at: datetime) -> None:
        """Load a provider's versions back to a time, as far as they are known."""
        try:
            for file in await self._store.editions(provider, MAX_EDITIONS):
                self._history.add(read_provider(provider, file.body), file.fetched_at)
            await self._load_archived(provider, at)
            self._history.exhaust(provider, at)
        except (*OUTAGES, UpstreamError, InvalidFile) as error:
            log.warning("registry: earlier versions of %s are not loaded (%s)", provider, error)

    async def _load_archived(self, provider: str, at: datetime) -> None:
        editions = self._history.editions(provider)
        while editions and editions[0].since > at and len(editions) < MAX_EDITIONS:
            number = min(edition.version for edition in editions) - 1
            file = await self._archive.file(provider, str(number)) if number > 0 else None
            if file is None:
                return
            found = read_provider(provider, file.body)
            self._history.add(msgspec.structs.replace(found, version=number), file.fetched_at)
            editions = self._history.editions(provider)
