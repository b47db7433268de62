"""Read server-sent events (WHATWG HTML §9.2.6) from the bytes of a stream."""

import codecs
import io
from collections.abc import AsyncIterable, AsyncIterator

import msgspec


class ServerEvent(msgspec.Struct, frozen=True):
    """One event: its name, its data, and the id to resume after."""

    name: str
    data: str
    id: str


async def read_events(lines: AsyncIterable[str]) -> AsyncIterator[ServerEvent]:
    """Yield the events of a stream; comments and events without data are skipped."""
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


async def read_lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[str]:
    """Yield the lines of a stream; only CR, LF or both end a line, not the other separators of `str.splitlines`."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), translate=True)
    rest = ""
    async for chunk in chunks:
        *complete, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in complete:
            yield line
