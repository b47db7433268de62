"""The lines of a statement: a logged call or a correction, as canonical JSON and as a CSV row. Pure.

Every value is text, and an empty one is absent, so that the CSV row and the JSON are equivalent.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import TextIO

import msgspec

from llmring_receipts.formats import keys
from llmring_server.http.printable import escape_formulas, unescape_formulas
from llmring_server.tlog.hashing import HASH_BYTES, leaf_hash

EXACT = Context(prec=200, traps=[Inexact, InvalidOperation])
HASH = "hash"
_COUNTED = ("seq", "input_tokens", "output_tokens", "cached_input_tokens")
_COUNT = re.compile("[0-9]{1,30}")
_AMOUNT = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,60})?")


class InvalidLines(ValueError):
    """Lines that cannot be parsed; the message gives the row and the reason."""


class StatementLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line about one call; fields are in canonical order (RFC 8785 §3.2.3).

    In statements of format 1, lines have no `billed`, nor any other field of `BASIS_COLUMNS`. `billed`, `rates` and
    `price_notes` are canonical JSON; `billed` and `rates` are as in a receipt.

    `seq` numbers a project's lines without a gap across its statements. A line of kind `call` states a call for the
    first time; one of kind `correction` states it again after a change, and `corrects` is the line it replaces. A call
    with the status `voided` or `superseded` was taken back: it costs nothing and has no tokens.
    `amount` is added to the totals: the cost (0 while unpriced), or its change. Money is in `currency`, times are UTC.
    """

    alias: str = ""
    amount: str
    billed: str = ""
    cached_input_tokens: str
    corrects: str = ""
    cost: str = ""
    cost_source: str = ""
    cost_status: str = ""
    currency: str
    discount: str = ""
    id: str
    input_tokens: str
    kind: str
    list_cost: str = ""
    matched: str = ""
    model: str
    occurred_at: str
    origin: str = ""
    output_tokens: str
    price_notes: str = ""
    price_source: str = ""
    price_version: str = ""
    priced_as: str = ""
    profile: str = ""
    provider: str
    rates: str = ""
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


FIRST_COLUMNS = (
    "seq", "kind", "corrects", "id", "occurred_at", "provider", "model", "alias", "profile", "origin", "status",
    "input_tokens", "output_tokens", "cached_input_tokens", "cost", "currency", "amount", "cost_source", "cost_status",
    "priced_as", "registry_version", HASH,
)  # fmt: skip
BASIS_COLUMNS = (
    "billed", "rates", "price_source", "price_version", "matched", "list_cost", "discount", "price_notes",
)  # fmt: skip
# The columns of the CSV by the format of the statement.
COLUMNS = {1: FIRST_COLUMNS, 2: FIRST_COLUMNS + BASIS_COLUMNS}
# What a change of makes a correction; `billed` and `rates` follow from stored values, and change only with them.
FIRST_COMPARED = tuple(name for name in FIRST_COLUMNS if name not in ("seq", "kind", "corrects", "amount", HASH))
COMPARED = FIRST_COMPARED + BASIS_COLUMNS[2:]

# The status of a call that was taken back, by how.
TAKEN_BACK_STATUS: Mapping[str, str] = {"void": "voided", "correct": "superseded"}
TAKEN_BACK = frozenset(TAKEN_BACK_STATUS.values())

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(StatementLine)


def parse(content: str | bytes) -> StatementLine:
    """Return the line of a JSON text.

    Raises:
        BadLines: it spells none.
    """
    try:
        return _decoder.decode(content)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidLines(f"not a line of a statement: {error}") from error


def format_money(value: Decimal) -> str:
    """Return an amount with all digits, without an exponent and trailing zeros: `0.00045`."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


def difference(new: str, old: str) -> str:
    """Return the difference of two costs; an absent one counts as 0."""
    return format_money(EXACT.subtract(Decimal(new or "0"), Decimal(old or "0")))


def has_changed(now: StatementLine, stated: StatementLine) -> bool:
    """Return whether a call differs from its last line, in what that line's format states."""
    compared = COMPARED if stated.billed else FIRST_COMPARED
    return any(getattr(now, name) != getattr(stated, name) for name in compared)


def take_back(stated: StatementLine, seq: int, kind: str) -> StatementLine:
    """Return the line for a stated call that was taken back, `void` or `correct`, given its last line."""
    return StatementLine(
        seq=str(seq),
        kind="correction",
        corrects=stated.seq,
        id=stated.id,
        occurred_at=stated.occurred_at,
        provider=stated.provider,
        model=stated.model,
        alias=stated.alias,
        profile=stated.profile,
        origin=stated.origin,
        status=stated.status,
        input_tokens="0",
        output_tokens="0",
        cached_input_tokens="0",
        cost="0",
        currency=stated.currency,
        amount=difference("0", stated.cost),
        cost_status=TAKEN_BACK_STATUS[kind],
    )


def to_csv(lines: Iterable[StatementLine], *, header: bool, version: int) -> bytes:
    """Return lines as CSV (RFC 4180) with the columns of a format.

    An apostrophe is put before what a spreadsheet would run as a formula.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    if header:
        writer.writerow(COLUMNS[version])
    for line in lines:
        hash_cell = keys.encode(line.hash)
        writer.writerow(hash_cell if name == HASH else _escape_cell(getattr(line, name)) for name in COLUMNS[version])
    return text.getvalue().encode()


def from_csv(file: TextIO) -> Iterator[tuple[int, StatementLine, bytes]]:
    """Yield each line of a CSV with its row number and its hash; open the file with newline="".

    Raises:
        BadLines: not a CSV of a statement's lines; the message names the row.
    """
    rows = csv.reader(file, strict=True)
    try:
        header = next(rows, [])
        if sorted(header) not in map(sorted, COLUMNS.values()):
            raise InvalidLines(f"row 1 does not name the columns of a statement: {', '.join(COLUMNS[2])}")
        for row in rows:
            if len(row) != len(header):
                raise InvalidLines(f"row {rows.line_num} has {len(row)} cells instead of {len(header)}")
            yield rows.line_num, *_parse_row(dict(zip(header, row, strict=True)), rows.line_num)
    except (csv.Error, UnicodeDecodeError) as error:
        raise InvalidLines(f"row {rows.line_num}: {error}") from error


def _parse_row(cells: dict[str, str], row: int) -> tuple[StatementLine, bytes]:
    encoded_hash = cells.pop(HASH)
    line = StatementLine(**{name: unescape_formulas(text) for name, text in cells.items()})
    if not all(_COUNT.fullmatch(getattr(line, name)) for name in _COUNTED) or not _AMOUNT.fullmatch(line.amount):
        raise InvalidLines(f"row {row}: a number is malformed")
    try:
        return line, keys.decode(encoded_hash, HASH_BYTES)
    except keys.InvalidKey as error:
        raise InvalidLines(f"row {row}: the hash is malformed") from error


def _escape_cell(text: str) -> str:
    return text if _AMOUNT.fullmatch(text) else escape_formulas(text)
