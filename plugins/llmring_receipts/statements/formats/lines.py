"""The lines of a statement: one a logged call, or a correction of one, as canonical JSON and as a row of CSV. Pure.

Every value is text, and an empty one is absent, so that the row of a CSV says exactly what the JSON says.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import TextIO

import msgspec

from llmring_receipts.formats import keys
from llmring_server.tlog.hashing import HASH_BYTES, leaf_hash

EXACT = Context(prec=200, traps=[Inexact, InvalidOperation])
HASH = "hash"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_COUNTED = ("seq", "input_tokens", "output_tokens", "cached_input_tokens")
_COUNT = re.compile("[0-9]{1,30}")
_AMOUNT = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,60})?")


class InvalidLines(ValueError):
    """A file of lines that cannot be read; the message says where and why."""


class StatementLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a statement says of one call; members stand in canonical order (RFC 8785 §3.2.3).

    `seq` numbers a project's lines without a gap, over all its statements. A line of kind `call` says what a call was
    when it was stated first; one of kind `correction` says what it has become since, and `corrects` which line said
    otherwise. `amount` is what the line adds to the totals: the cost (0 while unpriced), or the change of it.
    Money is in `currency`, times are UTC.
    """

    alias: str = ""
    amount: str
    cached_input_tokens: str
    corrects: str = ""
    cost: str = ""
    cost_source: str = ""
    cost_status: str = ""
    currency: str
    id: str
    input_tokens: str
    kind: str
    model: str
    occurred_at: str
    origin: str = ""
    output_tokens: str
    priced_as: str = ""
    profile: str = ""
    provider: str
    registry_version: str = ""
    seq: str
    status: str = ""

    def canonical(self) -> bytes:
        """Return the line as canonical JSON (RFC 8785): the leaf of the statement's tree."""
        return _encoder.encode(self)

    @property
    def hash(self) -> bytes:
        """The leaf's hash (RFC 6962 §2.1)."""
        return leaf_hash(self.canonical())


COLUMNS = (
    "seq", "kind", "corrects", "id", "occurred_at", "provider", "model", "alias", "profile", "origin", "status",
    "input_tokens", "output_tokens", "cached_input_tokens", "cost", "currency", "amount", "cost_source", "cost_status",
    "priced_as", "registry_version", HASH,
)  # fmt: skip
COMPARED_FIELDS = tuple(
    name for name in StatementLine.__struct_fields__ if name not in ("seq", "kind", "corrects", "amount")
)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(StatementLine)


def parse(content: str | bytes) -> StatementLine:
    """Return the line that canonical JSON spells.

    Raises:
        BadLines: it spells none.
    """
    try:
        return _decoder.decode(content)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidLines(f"no line of a statement: {error}") from error


def format_money(value: Decimal) -> str:
    """Return an amount with every digit, without an exponent and without zeros at its end: `0.00045`."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


def difference(new: str, old: str) -> str:
    """Return how much one cost is above another; an absent one counts as 0."""
    return format_money(EXACT.subtract(Decimal(new or "0"), Decimal(old or "0")))


def has_changed(now: StatementLine, stated: StatementLine) -> bool:
    """Whether a call says something else than its last line does."""
    return any(getattr(now, name) != getattr(stated, name) for name in COMPARED_FIELDS)


def to_csv(lines: Iterable[StatementLine], *, header: bool) -> bytes:
    """Return lines as CSV (RFC 4180); what a spreadsheet would take for a formula gets an apostrophe in front."""
    text = io.StringIO()
    writer = csv.writer(text)
    if header:
        writer.writerow(COLUMNS)
    for line in lines:
        cells = [_escape_cell(getattr(line, name)) for name in COLUMNS if name != HASH]
        writer.writerow([*cells, keys.encode(line.hash)])
    return text.getvalue().encode()


def from_csv(file: TextIO) -> Iterator[tuple[int, StatementLine, bytes]]:
    """Give each line of a CSV with its row in the file and the hash beside it; open the file with newline="".

    Raises:
        BadLines: it is no CSV of a statement's lines; the row is named.
    """
    rows = csv.reader(file, strict=True)
    try:
        header = next(rows, [])
        if sorted(header) != sorted(COLUMNS):
            raise InvalidLines(f"row 1 names other columns than those of a statement: {', '.join(COLUMNS)}")
        for row in rows:
            if len(row) != len(header):
                raise InvalidLines(f"row {rows.line_num} has {len(row)} cells instead of {len(header)}")
            yield rows.line_num, *_parse_row(dict(zip(header, row, strict=True)), rows.line_num)
    except (csv.Error, UnicodeDecodeError) as error:
        raise InvalidLines(f"row {rows.line_num}: {error}") from error


def _parse_row(cells: dict[str, str], row: int) -> tuple[StatementLine, bytes]:
    spelt = cells.pop(HASH)
    line = StatementLine(**{name: text.removeprefix("'") for name, text in cells.items()})
    if not all(_COUNT.fullmatch(getattr(line, name)) for name in _COUNTED) or not _AMOUNT.fullmatch(line.amount):
        raise InvalidLines(f"row {row}: a number is none")
    try:
        return line, keys.decode(spelt, HASH_BYTES)
    except keys.InvalidKey as error:
        raise InvalidLines(f"row {row}: the hash is none") from error


def _escape_cell(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA) and not _AMOUNT.fullmatch(text) else text
