"""Calls as files: CSV and NDJSON, rendered chunk by chunk."""

import asyncio
import codecs
import csv
import io
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, Literal

import msgspec

from llmring_server.contracts.usage import LogEntry
from llmring_server.http import codec
from llmring_server.http.printable import escape_formulas, escape_json_formulas
from llmring_usage.queries.usage_logs import size_of

Format = Literal["csv", "ndjson", "jsonl"]
CSV = "text/csv"
MEDIA = {"csv": f"{CSV}; charset=utf-8", **dict(zip(("ndjson", "jsonl"), codec.NDJSON_TYPES, strict=True))}


async def render_file(
    first: list[LogEntry], chunks: AsyncIterator[list[LogEntry]], form: Format, *, bom: bool = False
) -> AsyncIterator[bytes]:
    """Yield the file of a first chunk and the following ones, after a byte order mark with `bom`."""
    if bom:
        yield codecs.BOM_UTF8
    render: Callable[..., bytes] = _csv if form == "csv" else _ndjson
    yield await _render(partial(render, first, header=True), first)
    async for chunk in chunks:
        yield await _render(partial(render, chunk, header=False), chunk)


async def _render(render: Callable[[], bytes], chunk: list[LogEntry]) -> bytes:
    """Render a chunk; one with large metadata in a thread, so that it blocks no request."""
    return await asyncio.to_thread(render) if sum(map(size_of, chunk)) > codec.LARGE else render()


def _ndjson(entries: list[LogEntry], *, header: bool) -> bytes:
    return b"".join(codec.encode(entry) + b"\n" for entry in entries)


def _csv(entries: list[LogEntry], *, header: bool) -> bytes:
    """Render CSV (RFC 4180); text that a spreadsheet would run as a formula gets an apostrophe before it."""
    text = io.StringIO()
    writer = csv.writer(text)
    if header:
        writer.writerow(LogEntry.__struct_fields__)
    for entry in entries:
        writer.writerow([_cell(value) for value in msgspec.structs.astuple(entry)])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, msgspec.Raw):
        return escape_json_formulas(bytes(value).decode())
    if isinstance(value, str):
        return escape_formulas(value)
    if hasattr(value, "isoformat"):
        return msgspec.to_builtins(value)
    return format(value, "f") if hasattr(value, "is_finite") else value
