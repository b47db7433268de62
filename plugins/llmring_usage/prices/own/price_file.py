"""The deployment's prices in a TOML file, in the form of own prices: `[[prices]]` tables, each with an `id`."""

import hashlib
import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from llmring_server.http.errors import Problem
from llmring_usage.prices.own.models import DEPLOYMENT, FilePrice, OwnPrice, PriceOverride, find_conflict, own_price

TABLE = "prices"
HEADER = re.compile(r"^[ \t]*\[\[\s*prices\s*\]\]", re.MULTILINE)


class PriceFileError(Exception):
    """The file is not valid; the message is one line with the place and the reason."""


def read_price_file(path: Path) -> list[OwnPrice]:
    """Return the prices in a file.

    Raises:
        PriceFileError: it cannot be read, or a price is not valid; the message names the line and the field.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PriceFileError(f"{path}: {error}") from error
    unknown = sorted(set(document) - {TABLE})
    tables = document.get(TABLE, [])
    if unknown or not isinstance(tables, list):
        name = unknown[0] if unknown else TABLE
        raise PriceFileError(
            f"{path}: line {_line_of(text, len(text), name)}: {name}: expected only [[{TABLE}]] tables"
        )
    prices: list[OwnPrice] = []
    for number, table in enumerate(tables):
        prices.append(_read_price(path, text, number, table, prices))
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return [FilePrice(**msgspec.structs.asdict(price), digest=digest) for price in prices]


def _read_price(path: Path, text: str, number: int, table: Any, before: Sequence[OwnPrice]) -> OwnPrice:
    start = _table_start(text, number)
    fields = dict(table) if isinstance(table, dict) else {}
    name = fields.pop("id", None)
    if not isinstance(name, str):
        raise PriceFileError(f"{path}: line {_line_at(text, start)}: id: every price needs an id")
    try:
        override = msgspec.convert(_as_json(fields), PriceOverride)
        price = own_price(override, DEPLOYMENT, name, datetime.now(UTC), None)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$.")
        field = re.split(r"[.\[`]", where)[0] or _quoted(message)
        raise _error(path, text, start, field, message) from error
    except Problem as problem:
        fault = problem.faults[0]
        field = str(fault.loc[-1])
        raise _error(path, text, start, field, fault.msg) from problem
    other = next((one for one in before if one.id == name), None) or find_conflict(price, before)
    if other is not None:
        what = "has the same id" if other.id == name else f"applies to the same calls as {other.id!r} at some time"
        raise _error(path, text, start, "id", f"{name!r} {what}")
    return price


def _error(path: Path, text: str, start: int, field: str, reason: str) -> PriceFileError:
    return PriceFileError(f"{path}: line {_line_of(text, start, field)}: {field}: {reason}")


def _as_json(value: Any) -> Any:
    """Return a TOML value as JSON has it: dates and times as text, floats by their digits."""
    if isinstance(value, dict):
        return {key: _as_json(inner) for key, inner in value.items()}
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value) if isinstance(value, float | int) and not isinstance(value, bool) else value


def _quoted(message: str) -> str:
    found = re.search(r"`(\w+)`", message)
    return found[1] if found else ""


def _table_start(text: str, number: int) -> int:
    headers = [match.start() for match in HEADER.finditer(text)]
    return headers[number] if number < len(headers) else 0


def _line_of(text: str, start: int, field: str) -> int:
    """Return the line of a field in the table that begins at `start`, or of the table; at the end, of any field."""
    following = HEADER.search(text, start + 1)
    start, end = (0, len(text)) if start == len(text) else (start, following.start() if following else len(text))
    named = re.compile(rf"""(?:^|[{{,\s.\[])["']?{re.escape(field)}["']?\s*[=\]]""", re.MULTILINE)
    found = named.search(text, start, end)
    return _line_at(text, found.end() if found and field else start)


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
