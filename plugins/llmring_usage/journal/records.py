"""Rows as the journal keeps them: one JSON array, the series and the rows that refer to them by number."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from llmring_server.contracts import Price
from llmring_server.http import codec
from llmring_usage.models import series
from llmring_usage.models.rows import Row
from llmring_usage.models.series import Series


class SeriesRecord(msgspec.Struct, frozen=True):
    """A series as its JSON names it."""

    project_id: str
    provider: str
    model: str
    profile: str
    cost_status: str
    alias: str | None = None
    origin: str | None = None
    cost_source: str | None = None
    priced_as: str | None = None
    registry_version: str | None = None
    price: dict[str, Decimal] | None = None

    def series(self) -> Series:
        """Return the series that says this."""
        named = msgspec.structs.asdict(self)
        price = {**(named.pop("price") or {}), **{name: named.pop(name) for name in series.OF_PRICES}}
        known = msgspec.convert(price, Price) if self.priced_as is not None else None
        return Series(**named, price=known)


class Kept(Row, frozen=True, kw_only=True):
    """A row as msgspec reads it: raw JSON is never optional to it."""

    metadata: msgspec.Raw = codec.NULL

    def row(self) -> Row:
        """Return the row."""
        members = {name: getattr(self, name) for name in Row.__struct_fields__}
        return Row(**{**members, "metadata": None if self.metadata == codec.NULL else self.metadata})


_parts = msgspec.json.Decoder(tuple[list[SeriesRecord], msgspec.Raw])


def encode(rows: Sequence[Row]) -> bytes:
    """Return rows as a record."""
    encoded, said = series.encode(rows)
    return f"[{said},{encoded}]".encode()


def decode(record: bytes) -> list[Row]:
    """Return the rows of a record.

    Raises:
        msgspec.MsgspecError: the record was not made by `encode`.
    """
    said, rows = _parts.decode(record)
    every: list[Series] = [one.series() for one in said]

    def numbered(_: type, number: int) -> Series:
        return every[number - 1]

    return [kept.row() for kept in msgspec.json.decode(rows, type=list[Kept], dec_hook=numbered)]
