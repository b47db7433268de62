"""Texts from outside as one line: for logs and for terminals."""

import functools
import urllib.parse

MAX_REMEMBERED_PATHS = 4_096


@functools.lru_cache(MAX_REMEMBERED_PATHS)
def quote_path(path: str) -> str:
    """Return a request's path as one line of ASCII, so that no client can write lines of its own into the log."""
    return urllib.parse.quote(path)


def printable(text: str) -> str:
    """Return a text as a terminal may show it: what would move its cursor, or end the line, is a question mark."""
    return "".join(character if character.isprintable() else "?" for character in text)
