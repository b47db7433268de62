"""Decompression of gzip within a limit of memory, also of many members."""

import zlib

MAX_MEMBERS = 10_000
WINDOW = 65_536


class InvalidGzip(ValueError):
    """Data that is not gzip, is truncated or has too many members; the message is a sentence."""


class LimitExceeded(Exception):
    """The contents have more bytes than the limit."""


def inflate(content: bytes, limit: int) -> bytes:
    """Return the contents of all members of gzip (RFC 1952 §2.2); zeros may follow the last.

    Raises:
        InvalidGzip: see there.
        LimitExceeded: the contents have more than `limit` bytes.
    """
    inflated = bytearray()
    at = members = 0
    while at < len(content) and (content[at] or at == 0 or content.count(0, at) < len(content) - at):
        members += 1
        if members > MAX_MEMBERS:
            raise InvalidGzip(f"The gzip body has more than {MAX_MEMBERS:,} members.")
        at = _inflate_member(content, at, inflated, limit)
    return bytes(inflated)


def _inflate_member(content: bytes, at: int, inflated: bytearray, limit: int) -> int:
    """Append the contents of the member that begins at `at`, and return its end."""
    inflater = zlib.decompressobj(wbits=31)
    while not inflater.eof:
        if at >= len(content):
            raise InvalidGzip("The gzip body is truncated.")
        try:
            inflated += inflater.decompress(content[at : at + WINDOW], limit + 1 - len(inflated))
        except zlib.error as error:
            raise InvalidGzip(f"The body is not gzip: {error}.") from error
        if len(inflated) > limit:
            raise LimitExceeded
        at += WINDOW
    return min(at, len(content)) - len(inflater.unused_data)
