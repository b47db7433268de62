"""Columns shared by many rows, sent once per batch; and the JSON of a batch for PostgreSQL."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from llmring_server.contracts import Price
from llmring_server.http import codec

NOT_RATES = ("priced_as", "registry_version", "source", "matched", "discount", "since", "until")
REGISTRY = "registry"
EXACT = "exact"


class Series:
    """The caller, model and price of many rows; equal series may be distinct objects.

    `key_id` is the managed key that logged the calls, None for a plain key.
    `cost_source` and `cost_status` are columns of the rows; `price` is the price that costs are computed with, None
    without one, `discount` what is taken off, `price_notes` the substitutions of an estimate. `rare` is whether rows
    are discounted or estimated, as few are. `encoded` is the series' JSON in a batch.
    """

    __slots__ = ("alias", "cost_source", "cost_status", "discount", "encoded", "key_id", "model", "origin",
                 "price", "price_notes", "profile", "project_id", "provider", "rare")  # fmt: skip

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
        key_id: str | None = None,
        cost_source: str | None = None,
        price: Price | None = None,
        discount: Decimal | None = None,
        price_notes: Sequence[str] = (),
    ) -> None:
        self.project_id = project_id
        self.provider = provider
        self.model = model
        self.alias = alias
        self.profile = profile
        self.origin = origin
        self.key_id = key_id
        self.cost_source = cost_source
        self.cost_status = cost_status
        self.price = price
        self.discount = discount
        self.price_notes = tuple(price_notes)
        self.rare = discount is not None or cost_status == "estimated"
        self.encoded = codec.encode({name: value for name, value in self._fields() if value is not None})

    def _fields(self) -> list[tuple[str, object]]:
        names = (
            "project_id", "provider", "model", "alias", "profile", "origin", "key_id", "cost_source", "cost_status",
        )  # fmt: skip
        fields = [(name, getattr(self, name)) for name in names]
        if self.price is not None:
            fields += [*price_columns(self.price).items(), ("price", encode_rates(self.price))]
        return [*fields, ("discount", self.discount), ("price_notes", self.price_notes or None)]


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


def price_columns(price: Price) -> dict[str, str | None]:
    """Return the columns of a row that name its price; those of a plain one, the registry's for the model, are None."""
    registry = price.source == REGISTRY
    return {
        "priced_as": price.priced_as,
        "price_source": None if registry else price.source,
        "price_version": None if registry else price.registry_version,
        "registry_version": price.registry_version if registry else None,
        "matched": None if price.matched == EXACT else price.matched,
    }


def encode_rates(price: Price) -> msgspec.Raw:
    """Return the rates of a price (USD per million tokens) as the JSON that a row stores, without absent ones."""
    rates: dict[str, Decimal | int | None] = msgspec.structs.asdict(price)
    given = {
        name: rate
        for name, rate in rates.items()
        if name not in NOT_RATES and not (rate is False or rate in (None, ()))
    }
    return msgspec.Raw(codec.encode(given))


class StoredRates(Price, frozen=True, kw_only=True):
    """A price as `encode_rates` writes it: only its rates."""

    priced_as: str = ""
    registry_version: str = ""


def decode_rates(stored: msgspec.Raw) -> Price:
    """Return the rates that a row stores."""
    return msgspec.json.decode(stored, type=StoredRates)
