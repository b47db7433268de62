"""Group commit: receipts that wait at the same time are stored by one statement."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from llmring_receipts.receipts.models import ReceiptRecord
from llmring_receipts.receipts.store import WRITE_SECONDS, ReceiptStore, StoreOutcome
from llmring_server.http.errors import Unavailable
from llmring_server.runtime.histogram import Histogram
from llmring_server.runtime.request_batcher import RequestBatcher

MAX_BATCH = 256
MAX_WAITING = 1_000
START_SECONDS = 0.7  # in which a receipt's batch has to start
MIN_SECONDS = 0.5
Pending = tuple[ReceiptRecord, float]
RECEIPTS = (1, 2, 5, 10, 20, 50, 100, 200)


class ReceiptWriter:
    """A bounded queue in front of the store; one batch is written at a time, without a timer.

    `waiting` counts the receipts that wait or are being written, `sizes` the receipts per batch.
    """

    def __init__(self, store: ReceiptStore) -> None:
        self._store = store
        self._batches: RequestBatcher[Pending, StoreOutcome] = RequestBatcher(
            self._write, most=MAX_BATCH, room=MAX_WAITING, name="llmring receipts writer"
        )
        self.waiting = 0
        self.sizes = Histogram(RECEIPTS)

    async def put(self, receipt: ReceiptRecord, arrived: float | None = None) -> StoreOutcome:
        """Store a receipt and return the outcome after the commit; see `ReceiptStore.put`.

        Its time limit, `WRITE_SECONDS`, counts from `arrived` (the loop's time), by default from now.

        Raises:
            Unavailable: too many receipts wait.
            psycopg.OperationalError, psycopg_pool.PoolTimeout, TimeoutError: the database does not answer in time.
        """
        now = asyncio.get_running_loop().time()
        arrived = now if arrived is None else arrived
        self.waiting += 1
        try:
            return await self._batches.execute((receipt, arrived), arrived + START_SECONDS - now)
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

    async def _write(self, pending: Sequence[Pending]) -> Sequence[StoreOutcome]:
        """Store a batch within the time that its oldest receipt has left."""
        elapsed = asyncio.get_running_loop().time() - min(arrived for _, arrived in pending)
        receipts = [receipt for receipt, _ in pending]
        outcomes = await self._store.put(receipts, max(WRITE_SECONDS - elapsed, MIN_SECONDS))
        self.sizes.observe(len(receipts))
        return outcomes
