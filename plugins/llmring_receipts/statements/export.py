"""A statement's lines as CSV, streamed in constant memory."""

import asyncio
from collections.abc import AsyncIterator

from llmring_receipts.statements.formats import document, lines
from llmring_receipts.statements.store import LineRecord, StatementRecord, StatementStore


async def csv_chunks(store: StatementStore, statement: StatementRecord) -> AsyncIterator[bytes]:
    """Yield the lines of a statement as the CSV that `lines.from_csv` reads, with the columns of its format."""
    version = document.read_version(statement.content)
    yield lines.to_csv([], header=True, version=version)
    async for chunk in store.lines(statement):
        yield await asyncio.to_thread(_render, chunk, version)


def _render(chunk: list[LineRecord], version: int) -> bytes:
    return lines.to_csv([lines.parse(stated.content) for stated in chunk], header=False, version=version)
