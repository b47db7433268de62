"""The columns of `usage_logs` that a cost was computed from, read as papers state them."""

from decimal import Decimal
from functools import lru_cache
from typing import Any, LiteralString

import msgspec

from llmring_server.contracts import Price
from llmring_server.contracts.usage_lines import CostBasis
from llmring_usage.models.series import decode_rates
from llmring_usage.pricing.cost_basis import count_unrated, find_rates
from llmring_usage.pricing.tokens import Tokens, decode_rare
from llmring_usage.tables.log_columns import TOKENS

CLIENT = "client"
# A plain call, priced by the registry, stores neither source nor version of its price, nor how the model was matched.
PRICE_COLUMNS: dict[LiteralString, LiteralString] = {
    "price_source": "coalesce(price_source, CASE WHEN priced_as IS NOT NULL THEN 'registry' END)",
    "price_version": "coalesce(price_version, registry_version)",
    "matched": "coalesce(matched, CASE WHEN priced_as = provider || ':' || model THEN 'exact' "
    "WHEN priced_as IS NOT NULL THEN 'alias' END)",
    "list_cost": "list_cost",
    "discount": "discount",
    "price_notes": "price_notes",
}
# What `read_basis` needs of a row, beside its cost and cost_source.
BASIS_COLUMNS: LiteralString = (
    TOKENS + ", rare_counts, price, " + ", ".join(value + " AS " + name for name, value in PRICE_COLUMNS.items())
)


def read_basis(row: dict[str, Any]) -> CostBasis:
    """Return the basis of a row's cost; of one that the client sent, only the counts."""
    tokens = Tokens(
        row["fresh"], row["cache_read"], row["cache_write_5m"], row["cache_write_1h"], row["cache_write"],
        row["output"], row["reasoning"], decode_rare(row["rare_counts"]),
    )  # fmt: skip
    if row["cost_source"] == CLIENT or row["price"] is None:
        return build_basis(tokens, None, None)
    notes = row["price_notes"]
    return build_basis(
        tokens,
        _decode_price(bytes(row["price"])),
        row["cost"],
        price_source=row["price_source"],
        price_version=row["price_version"],
        matched=row["matched"],
        list_cost=row["list_cost"],
        discount=row["discount"],
        price_notes=() if notes is None else msgspec.json.decode(notes, type=tuple[str, ...]),
    )


def build_basis(tokens: Tokens, price: Price | None, cost: Decimal | None, **columns: Any) -> CostBasis:
    """Return the basis of a cost that was computed with a price, or without one only the counts.

    `columns` are the others of `CostBasis`.
    """
    listed = columns.get("list_cost")
    listed = cost if listed is None else listed
    counts = count_unrated(tokens) if price is None or listed is None else find_rates(tokens, price, listed)
    return CostBasis(**counts._asdict(), **columns)


@lru_cache(maxsize=1_024)
def _decode_price(stored: bytes) -> Price:
    return decode_rates(msgspec.Raw(stored))
