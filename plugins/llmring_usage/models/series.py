"""Columns shared by many rows, sent once per batch; and the JSON of a batch for PostgreSQL."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from llmring_server.contracts import Price
from llmring_server.http import codec

PRICE_FIELDS = ("priced_as", "registry_version")
NOT_RATES = (*PRICE_FIELDS, "source", "matched", "discount")


class Series:
    """The caller, model and price of many rows; equal series may be distinct objects.

    `cost_source` and `cost_status` are columns of the rows; `price` is the price that costs are computed with, None
    without one. `encoded` is the series' JSON in a batch.
    """

    __slots__ = ("alias", "cost_source", "cost_status", "encoded", "model", "origin", "price", "profile", "project_id",
                 "provider")  # fmt: skip

    def __init__(
        self,
        project_id: str,
        *,
        provider: str,
        model: str,
        profile: str,
        cost_status: str,
        alias: str | None = None,
        origin: str | None = None,
        cost_source: str | None = None,
        price: Price | None = None,
    ) -> None:
        self.project_id = project_id
        self.provider = provider
        self.model = model
        self.alias = alias
        self.profile = profile
        self.origin = origin
        self.cost_source = cost_source
        self.cost_status = cost_status
        self.price = price
        self.encoded = codec.encode({name: value for name, value in self._fields() if value is not None})

    def _fields(self) -> list[tuple[str, object]]:
        names = ("project_id", "provider", "model", "alias", "profile", "origin", "cost_source", "cost_status")
        fields = [(name, getattr(self, name)) for name in names]
        if self.price is not None:
            fields += [(name, getattr(self.price, name)) for name in PRICE_FIELDS]
            fields.append(("price", encode_rates(self.price)))
        return fields


class SeriesNumbers(dict[Series, int]):
    """Numbers the series of a batch, from 1, in order of first use."""

    def __missing__(self, series: Series) -> int:
        """Assign the next number."""
        self[series] = len(self) + 1
        return self[series]


def encode_rows(rows: Sequence[object]) -> tuple[str, str]:
    """Return the JSON of rows, and that of the series that they reference by number."""
    numbers = SeriesNumbers()
    encoded = msgspec.json.Encoder(enc_hook=numbers.__getitem__, decimal_format="number").encode(rows)
    return encoded.decode(), (b"[" + b",".join(series.encoded for series in numbers) + b"]").decode()


def encode_rates(price: Price) -> msgspec.Raw:
    """Return the rates of a price (USD per million tokens) as the JSON that a row stores, without absent ones."""
    rates: dict[str, Decimal | int | None] = msgspec.structs.asdict(price)
    given = {name: rate for name, rate in rates.items() if name not in NOT_RATES and rate not in (None, ())}
    return msgspec.Raw(codec.encode(given))


class StoredRates(Price, frozen=True, kw_only=True):
    """A price as `encode_rates` writes it: only its rates."""

    priced_as: str = ""
    registry_version: str = ""


def decode_rates(stored: msgspec.Raw) -> Price:
    """Return the rates that a row stores."""
    return msgspec.json.decode(stored, type=StoredRates)
