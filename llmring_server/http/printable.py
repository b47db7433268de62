"""Untrusted text as one printable line, for logs and terminals, and without formulas, for spreadsheets."""

import functools
import re
import urllib.parse

MAX_REMEMBERED_PATHS = 4_096
SIGNS = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"  # of a formula, also in full width
FORMULA = re.compile(rf"\s*['\"]*{SIGNS}|[\t\r\n']")
INNER_FORMULA = re.compile(rf"([;\t\r\n]\s*)(?=['\"]*{SIGNS})")  # spreadsheets may divide a cell here
ESCAPED_INNER_FORMULA = re.compile(rf"([;\t\r\n]\s*)'(?=['\"]*{SIGNS})")
JSON_INNER_FORMULA = re.compile(rf";(?=\s*['\"\\]*{SIGNS})")


@functools.lru_cache(MAX_REMEMBERED_PATHS)
def quote_path(path: str) -> str:
    """Return a request's path as one line of ASCII, so that clients cannot inject lines into the log."""
    return urllib.parse.quote(path)


def printable(text: str) -> str:
    """Return a text for a terminal, with control characters and line breaks replaced by question marks."""
    return "".join(character if character.isprintable() else "?" for character in text)


def escape_formulas(text: str) -> str:
    """Return a text for a CSV cell: an apostrophe is before each part that a spreadsheet would run as a formula."""
    escaped = INNER_FORMULA.sub(r"\1'", text)
    return f"'{escaped}" if FORMULA.match(text) else escaped


def unescape_formulas(text: str) -> str:
    """Return the text that `escape_formulas` has escaped."""
    return ESCAPED_INNER_FORMULA.sub(r"\1", text.removeprefix("'"))


def escape_json_formulas(text: str) -> str:
    """Return equivalent JSON for a CSV cell, in which a spreadsheet that divides at semicolons finds no formula."""
    return JSON_INNER_FORMULA.sub(r"\\u003b", text)
