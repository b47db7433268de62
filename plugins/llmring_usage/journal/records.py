"""Records of the journal: a JSON array of series, and of the rows that reference them by number."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec

from llmring_server.contracts import Price
from llmring_server.http import codec
from llmring_usage.models import series
from llmring_usage.models.rows import UsageRow
from llmring_usage.models.series import Series, decode_rates


class SeriesRecord(msgspec.Struct, frozen=True):
    """A series as decoded from JSON."""

    project_id: str
    provider: str
    model: str
    profile: str
    cost_status: str
    alias: str | None = None
    origin: str | None = None
    key_id: str | None = None
    cost_source: str | None = None
    priced_as: str | None = None
    price_source: str = series.REGISTRY
    price_version: str | None = None
    registry_version: str | None = None
    matched: Literal["exact", "alias", "pattern"] = "exact"
    price: msgspec.Raw = codec.NULL
    discount: Decimal | None = None
    price_notes: tuple[str, ...] = ()

    def to_series(self) -> Series:
        """Return the series."""
        return Series(
            self.project_id,
            **{name: getattr(self, name) for name in OWN_FIELDS},
            price=None if self.priced_as is None else self._price(self.priced_as),
        )

    def _price(self, priced_as: str) -> Price:
        named: dict[str, Any] = {
            "priced_as": priced_as,
            "registry_version": self.registry_version or self.price_version or "",
            "source": self.price_source,
            "matched": self.matched,
        }
        return Price(**{**msgspec.structs.asdict(decode_rates(self.price)), **named})


OWN_FIELDS = (
    "provider", "model", "profile", "cost_status", "alias", "origin", "key_id", "cost_source", "discount",
    "price_notes",
)  # fmt: skip


class RowRecord(UsageRow, frozen=True, kw_only=True):
    """A row as decoded from JSON, where msgspec does not allow raw JSON to be optional."""

    metadata: msgspec.Raw = codec.NULL

    def to_row(self) -> UsageRow:
        """Return the row."""
        fields = {name: getattr(self, name) for name in UsageRow.__struct_fields__}
        return UsageRow(**{**fields, "metadata": None if self.metadata == codec.NULL else self.metadata})


_parts = msgspec.json.Decoder(tuple[list[SeriesRecord], msgspec.Raw])


def encode(rows: Sequence[UsageRow]) -> bytes:
    """Return the record of rows."""
    encoded, encoded_series = series.encode_rows(rows)
    return f"[{encoded_series},{encoded}]".encode()


def decode(record: bytes) -> list[UsageRow]:
    """Return the rows of a record.

    Raises:
        msgspec.MsgspecError: the record was not made by `encode`.
    """
    encoded_series, rows = _parts.decode(record)
    all_series: list[Series] = [one.to_series() for one in encoded_series]

    def numbered(_: type, number: int) -> Series:
        return all_series[number - 1]

    return [record.to_row() for record in msgspec.json.decode(rows, type=list[RowRecord], dec_hook=numbered)]
