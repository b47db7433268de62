"""The growth rate of the transparency log: one sequencer, a queue of receipts, batches of 1,000."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.database import drop
from benchmarks.singles import Single
from llmring_server.contracts.transparency import StoredReceipt
from llmring_server.plugins.manager import load
from llmring_server.server import Server
from llmring_server.settings import Settings
from llmring_server.tlog.hashing import EMPTY_ROOT
from llmring_server.tlog.signers import Signer
from llmring_transparency.sequencing.queue import LogQueue
from llmring_transparency.sequencing.sequencer import BATCH, Sequencer
from llmring_transparency.storage.guard import RestoreGuard
from llmring_transparency.storage.store import LogStore

SCHEMA = "tree"
PROJECTS = 10
RECEIPT_BYTES = 450
WARM_BATCHES = 5


def measure_sequencing(url: str, data: Path, leaves: int) -> Single:
    """Measure the leaves per second that a warm sequencer numbers, hashes, signs and commits."""
    note = data / "bench.checkpoint"
    note.unlink(missing_ok=True)
    with _schema(url) as settings:
        rate = asyncio.run(_rate(settings, note, leaves))
    return Single(
        f"leaves of the transparency log, {leaves:,} in batches of {BATCH:,}", f"{rate:,.0f}/s", goal="≥ 20,000/s"
    )


@contextmanager
def _schema(url: str) -> Iterator[Settings]:
    drop(url, SCHEMA)
    try:
        yield Settings(
            plugins=("transparency",), tables={}, database_url=url, database_schema=SCHEMA, log_level="warning"
        )
    finally:
        drop(url, SCHEMA)


async def _rate(settings: Settings, note: Path, leaves: int) -> float:
    server = Server(settings, load(settings.plugins))
    await server.open(lifespans=False)
    try:
        store, signer = LogStore(server.database), Signer.generate("log.example/bench")
        sequencer = Sequencer(server.database, store, signer, RestoreGuard(note))
        async with server.database.transaction() as connection:
            await store.create(connection, signer.verifier.name, EMPTY_ROOT)
        await _fill(server, LogQueue(store), leaves + WARM_BATCHES * BATCH)
        for _ in range(WARM_BATCHES):
            await sequencer.turn()
        started = time.perf_counter()
        while (await sequencer.turn()).taken:
            continue
        return leaves / (time.perf_counter() - started)
    finally:
        await server.close()


async def _fill(server: Server, queue: LogQueue, rows: int) -> None:
    for place in range(0, rows, BATCH):
        made = [_receipt(number) for number in range(place, min(rows, place + BATCH))]
        async with server.database.transaction() as connection:
            await queue.write(connection, made)
    await server.database.execute("ANALYZE transparency_queue")


def _receipt(number: int) -> StoredReceipt:
    content = f'{{"id":"receipt-{number}"}}'.ljust(RECEIPT_BYTES).encode()
    return StoredReceipt(f"prj_{number % PROJECTS:026d}", f"receipt-{number}", content)
