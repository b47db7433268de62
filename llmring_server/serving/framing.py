"""Message framing of HTTP/1.1 (RFC 9112 §6): the bytes of a connection, divided into heads, bodies and trailers.

uvicorn's parser takes the body of a request that offers another protocol for a new request, and trailers for headers.
Here the offer is removed, as RFC 9110 §7.8 allows, and trailers are dropped (§6.5.1), before the parser.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from llmring_server.http.errors import Problem
from llmring_server.http.middleware.limits import HEAD_TOO_LARGE, MAX_HEAD_BYTES

REQUEST_LINE = re.compile(rb"[A-Z-]+ \S+ HTTP/1\.[01]\r\n")
LINE_END = b"\r\n"
HEAD_END = b"\r\n\r\n"
UPGRADES, CHUNKED, LENGTH = b"\nupgrade:", b"\ntransfer-encoding:", b"\ncontent-length:"  # in lower case
UPGRADE = re.compile(rb"\nupgrade:[^\n]*", re.IGNORECASE)
CONTENT_LENGTH = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r")
PLAIN_LENGTH = re.compile(rb"\ncontent-length: ?([0-9]{1,9})(?:\r|$)")
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
PARTIAL_CHUNK_LINE = re.compile(rb"[0-9A-Fa-f]{1,15}[ \t]*(?:;[^\r\n]*)?\r?")

Step: TypeAlias = Callable[[bytes, int], tuple[int, bytes]]


class RequestFraming:
    """The framing of one connection's requests, from each read to the bytes for the parser.

    A step reads one head, chunk line or trailer, and returns its end, which is its start while it is incomplete, and
    what the parser receives of it.
    """

    def __init__(self) -> None:
        self._step: Step = self._read_head
        self._held = b""  # the incomplete part
        self._left = 0  # bytes of the body or chunk that are still to come

    def feed(self, data: bytes) -> bytes:
        """Return the bytes for the parser.

        Raises:
            Problem: 400 for malformed framing, 431 for a head that is too large.
        """
        if self._left >= len(data):
            self._left -= len(data)
            return data
        if not (self._left or self._held) and self._step == self._read_head and _is_one_plain_request(data):
            return data
        data, at = self._held + data, 0
        parts: list[bytes] = []
        while at < len(data):
            start = at
            if self._left:
                at = min(len(data), start + self._left)
                self._left -= at - start
                parts.append(data[start:at])
                continue
            at, part = self._step(data, start)
            if at == start:
                break
            parts.append(part)
        self._held = data[at:]
        if len(self._held) > MAX_HEAD_BYTES:
            raise Problem(431, HEAD_TOO_LARGE)
        return b"".join(parts)

    def _read_head(self, data: bytes, at: int) -> tuple[int, bytes]:
        if data.startswith(LINE_END, at):
            return at + 2, b""
        end = data.find(HEAD_END, at) + len(HEAD_END)
        if end < len(HEAD_END):
            return at, _check_start(data, at)
        head = data[at:end]
        lowered = head.lower()
        chunked = CHUNKED in lowered
        if chunked:
            self._step = self._read_chunk_line
        self._left = _content_length(lowered, chunked)
        return end, UPGRADE.sub(b"", head) if UPGRADES in lowered else head

    def _read_chunk_line(self, data: bytes, at: int) -> tuple[int, bytes]:
        line = CHUNK_LINE.match(data, at)
        if line is None:
            if PARTIAL_CHUNK_LINE.fullmatch(data, at):
                return at, b""
            raise Problem(400, "A chunk of the body begins without its size.")
        size = int(line[1], 16)
        if size:
            self._left = size + len(LINE_END)
        else:
            self._step = self._read_trailer
        return line.end(), line[1] + LINE_END

    def _read_trailer(self, data: bytes, at: int) -> tuple[int, bytes]:
        end = data.find(LINE_END, at)
        if end != at:
            return (at if end < 0 else end + 2), b""
        self._step = self._read_head
        return end + 2, LINE_END


def _is_one_plain_request(data: bytes) -> bool:
    """Whether the bytes are one whole request that the parser reads correctly, as most reads are."""
    head, end, body = data.partition(HEAD_END)
    lowered = head.lower()
    if UPGRADES in lowered or CHUNKED in lowered:
        return False
    found = PLAIN_LENGTH.search(lowered)
    length = int(found[1]) if found else 0
    return bool(end) and length == len(body) and lowered.count(LENGTH) == bool(found)


def _content_length(head: bytes, chunked: bool) -> int:
    """Return the length of a body that is not chunked; `head` is in lower case."""
    found = head.count(LENGTH)
    if not found:
        return 0
    length = CONTENT_LENGTH.search(head)
    if length is None or found > 1 or chunked:
        raise Problem(400, "The length of the body is not one number in Content-Length, or chunked.")
    return int(length[1])


def _check_start(data: bytes, at: int) -> bytes:
    """Reject an incomplete head that cannot become a request; the parser receives nothing of it."""
    begins = data[at : at + 1]
    if not (begins.isupper() or data[at:] == b"\r") or (b"\n" in data[at:] and not REQUEST_LINE.match(data, at)):
        raise _not_http()
    return b""


def _not_http() -> Problem:
    return Problem(400, "The connection serves HTTP/1.1 and HTTP/1.0, and this is no request in them.")
