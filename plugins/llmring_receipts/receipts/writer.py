"""Group commit: receipts that wait at the same time are stored by one statement."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from llmring_receipts.receipts.models import ReceiptRecord
from llmring_receipts.receipts.store import ReceiptStore, StoreOutcome
from llmring_server.http.errors import Unavailable
from llmring_server.runtime.histogram import Histogram
from llmring_server.runtime.request_batcher import RequestBatcher

MAX_BATCH = 256
MAX_WAITING = 1_000
RECEIPTS = (1, 2, 5, 10, 20, 50, 100, 200)


class ReceiptWriter:
    """A bounded queue in front of the store; one batch is written at a time, without a timer.

    `waiting` counts the receipts that wait or are being written, `sizes` the receipts per batch.
    """

    def __init__(self, store: ReceiptStore) -> None:
        self._store = store
        self._batches = RequestBatcher(self._write, most=MAX_BATCH, room=MAX_WAITING, name="llmring receipts writer")
        self.waiting = 0
        self.sizes = Histogram(RECEIPTS)

    async def put(self, receipt: ReceiptRecord) -> StoreOutcome:
        """Store a receipt and return the outcome after the commit; see `ReceiptStore.put`.

        Raises:
            Unavailable: too many receipts wait.
            psycopg.OperationalError, psycopg_pool.PoolTimeout, TimeoutError: the database does not answer in time.
        """
        self.waiting += 1
        try:
            return await self._batches.execute(receipt)
        except asyncio.QueueFull as error:
            raise Unavailable("Too many receipts wait for the database; try again shortly.") from error
        finally:
            self.waiting -= 1

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write while the block runs; receipts that still wait at its end are cancelled."""
        try:
            yield
        finally:
            await self._batches.close()

    async def _write(self, receipts: Sequence[ReceiptRecord]) -> Sequence[StoreOutcome]:
        outcomes = await self._store.put(receipts)
        self.sizes.observe(len(receipts))
        return outcomes
