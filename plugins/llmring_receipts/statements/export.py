"""A statement's lines as CSV, streamed in constant memory."""

import asyncio
from collections.abc import AsyncIterator

from llmring_receipts.statements.formats import lines
from llmring_receipts.statements.store import LineRecord, StatementRecord, StatementStore


async def csv_chunks(store: StatementStore, statement: StatementRecord) -> AsyncIterator[bytes]:
    """Yield the lines of a statement as the CSV that `lines.from_csv` reads."""
    yield lines.to_csv([], header=True)
    async for chunk in store.lines(statement):
        yield await asyncio.to_thread(_render, chunk)


def _render(chunk: list[LineRecord]) -> bytes:
    return lines.to_csv([lines.parse(stated.content) for stated in chunk], header=False)
