"""Untrusted text as one printable line, for logs and terminals."""

import functools
import urllib.parse

MAX_REMEMBERED_PATHS = 4_096


@functools.lru_cache(MAX_REMEMBERED_PATHS)
def quote_path(path: str) -> str:
    """Return a request's path as one line of ASCII, so that clients cannot inject lines into the log."""
    return urllib.parse.quote(path)


def printable(text: str) -> str:
    """Return a text for a terminal, with control characters and line breaks replaced by question marks."""
    return "".join(character if character.isprintable() else "?" for character in text)
