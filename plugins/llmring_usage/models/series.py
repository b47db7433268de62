"""Series: what many rows have in common, said once a batch; and the JSON by which a batch reaches PostgreSQL."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from llmring_server.contracts import Price
from llmring_server.http import codec

OF_PRICES = ("priced_as", "registry_version")


class Series:
    """Who calls what in a project, and how that is priced; two that say the same need not be one object.

    `cost_source` and `cost_status` are as rows keep them; `price` is what a cost is computed with, None where none can
    be. `encoded` is the JSON that names the series in a batch.
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
        self.encoded = codec.encode({name: value for name, value in self._members() if value is not None})

    def _members(self) -> list[tuple[str, object]]:
        names = ("project_id", "provider", "model", "alias", "profile", "origin", "cost_source", "cost_status")
        members = [(name, getattr(self, name)) for name in names]
        if self.price is not None:
            members += [(name, getattr(self.price, name)) for name in OF_PRICES]
            members.append(("price", compact(self.price)))
        return members


class Numbers(dict[Series, int]):
    """The number of each series in a batch, from 1 on, given when it is first asked for."""

    def __missing__(self, series: Series) -> int:
        """Give the next number."""
        self[series] = len(self) + 1
        return self[series]


def encode(rows: Sequence[object]) -> tuple[str, str]:
    """Return the JSON of rows, and that of the series to which they refer by number."""
    numbers = Numbers()
    encoded = msgspec.json.Encoder(enc_hook=numbers.__getitem__, decimal_format="number").encode(rows)
    return encoded.decode(), (b"[" + b",".join(series.encoded for series in numbers) + b"]").decode()


def compact(price: Price) -> msgspec.Raw:
    """Return the rates of a price (USD per million tokens) as the JSON that a row keeps; absent ones are left out."""
    rates: dict[str, Decimal | int | None] = msgspec.structs.asdict(price)
    said = {name: rate for name, rate in rates.items() if name not in OF_PRICES and rate is not None}
    return msgspec.Raw(codec.encode(said))


class KeptPrice(Price, frozen=True, kw_only=True):
    """A price as `compact` writes it: its rates alone."""

    priced_as: str = ""
    registry_version: str = ""


def expanded(kept: msgspec.Raw) -> Price:
    """Return the rates that a row keeps."""
    return msgspec.json.decode(kept, type=KeptPrice)
