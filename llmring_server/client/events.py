"""Reading server-sent events (WHATWG HTML §9.2.6) from the bytes of a stream."""

import codecs
import io
from collections.abc import AsyncIterable, AsyncIterator

import msgspec


class ServerEvent(msgspec.Struct, frozen=True):
    """One event: its name, its data, and the id to resume behind."""

    name: str
    data: str
    id: str


async def events(lines: AsyncIterable[str]) -> AsyncIterator[ServerEvent]:
    """Yield the events of a stream; comments and events without data are left out."""
    name, data, last = "message", list[str](), ""
    async for line in lines:
        if not line:
            if data:
                yield ServerEvent(name, "\n".join(data), last)
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id":
            last = value


async def lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[str]:
    """Yield the lines of a stream; they end with CR, LF or both, and not at what else Python takes for a line's end."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), translate=True)
    left = ""
    async for chunk in chunks:
        *whole, left = (left + decoder.decode(chunk)).split("\n")
        for line in whole:
            yield line
