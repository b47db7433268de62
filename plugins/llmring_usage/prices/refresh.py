"""Newer data for the bundled prices, from `LLMRING_PRICES_REFRESH_URL`, once per hour."""

import logging
from contextlib import AbstractAsyncContextManager, nullcontext

from llmring_server.runtime.background import upkeep
from llmring_usage.prices.book import PriceBook

log = logging.getLogger(__name__)


class PriceRefresh:
    """Fetches data for the bundled prices; without a `url`, nothing is ever fetched."""

    def __init__(self, book: PriceBook, url: str | None) -> None:
        self._book = book
        self._url = url

    def running(self) -> AbstractAsyncContextManager[None]:
        """Fetch at the start of the block, and then every hour; when that fails, the current prices stay."""
        return upkeep(self._fetch, "bundled prices") if self._url else nullcontext()

    async def _fetch(self) -> None:
        try:
            changed = await self._book.bundled.fetch(self._url or "")
        except Exception as error:  # the data is of another's server, and read by the package
            log.warning("LLMRING_PRICES_REFRESH_URL: %s; the current prices stay", type(error).__name__)
            return
        if changed:
            log.info("bundled prices: %s", self._book.bundled.version)
            self._book.sources_changed()
