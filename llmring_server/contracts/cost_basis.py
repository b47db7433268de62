"""The basis of a call's cost: counts, rates and the source of the price, as receipts and statements state them."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec


class UnitPrice(msgspec.Struct, frozen=True):
    """The rate of something that is counted, not in tokens: `usd` for `per` of it, such as 10 USD for 1,000 searches.

    The cost of a count is rounded half-even to 18 decimals where it has more.
    """

    usd: Decimal
    per: int


class CostBasis(msgspec.Struct, frozen=True, kw_only=True):
    """What a call's cost was computed from; zero counts and absent values are left out.

    `billed` are disjoint counts of tokens by kind (`input`, `cache_read`, `output`, …), `units` those of other things
    by name. `rates` (USD per million tokens) and `unit_rates` give exactly `list_cost`, which less `discount` (a share
    of 1) is the cost; without a discount they give the cost. `rates` is None where the cost does not follow from them,
    such as a cost that the client sent. The source of the price, its version and how it knows the model (`exact`,
    `alias`, `pattern`) are None for such a cost and without a price. `price_notes` are the substitutions of an
    estimated cost.
    """

    billed: Mapping[str, int]
    units: Mapping[str, int] = {}
    rates: Mapping[str, Decimal] | None = None
    unit_rates: Mapping[str, UnitPrice] = {}
    price_source: str | None = None
    price_version: str | None = None
    matched: str | None = None
    list_cost: Decimal | None = None
    discount: Decimal | None = None
    price_notes: tuple[str, ...] = ()
