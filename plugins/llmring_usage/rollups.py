"""The rollups that statistics read, and the SQL that fills them, from whatever rows there are to be summed.

Each is a table of sums by project, bucket of time and key; `slot` spreads one hot row over several. Upserts are ordered
by their keys, so that concurrent batches lock in one order.
"""

from collections.abc import Mapping
from typing import LiteralString

import msgspec

DAY: LiteralString = "(occurred_at AT TIME ZONE %(zone)s)::date"
QUARTER: LiteralString = "date_bin('15 minutes', occurred_at, '2000-01-01 00:00:00+00')"
# Latencies by powers of 1.1: the middle of a bucket is within 5 % of everything in it.
BUCKET: LiteralString = (
    "CASE WHEN latency_ms < 1 THEN 0 ELSE least(floor(ln(latency_ms::double precision) / ln(1.1)), 500) END"
)
KEYS: Mapping[str, LiteralString] = {
    "provider": "provider",
    "model": "model",
    "alias": "coalesce(alias, '')",
    "profile": "profile",
    "origin": "coalesce(origin, '')",
    "bucket": "(" + BUCKET + ")::smallint",
}
SUMS: Mapping[str, LiteralString] = {
    "requests": "count(*)",
    "errors": "count(*) FILTER (WHERE status = 'error')",
    "input_tokens": "sum(input_tokens)",
    "output_tokens": "sum(output_tokens)",
    "cached_input_tokens": "sum(cached_input_tokens)",
    "cost": "coalesce(sum(cost), 0)",
    "unpriced_requests": "count(*) FILTER (WHERE cost IS NULL)",
    "unpriced_tokens": "coalesce(sum(input_tokens::numeric + output_tokens) FILTER (WHERE cost IS NULL), 0)",
}
EVERY_KEY: tuple[LiteralString, ...] = ("provider", "model", "alias", "profile", "origin")
EVERY_SUM: tuple[LiteralString, ...] = (
    "requests", "errors", "input_tokens", "output_tokens", "cached_input_tokens", "cost", "unpriced_requests",
    "unpriced_tokens",
)  # fmt: skip


class Rollup(msgspec.Struct, frozen=True):
    """One table of sums: its bucket column and the expression for it, its key, its sums, and which rows it takes."""

    table: LiteralString
    bucket: LiteralString
    at: LiteralString
    key: tuple[LiteralString, ...]
    sums: tuple[LiteralString, ...]
    where: LiteralString = "true"

    @property
    def identity(self) -> LiteralString:
        """The columns that name a row, without the slot."""
        return ", ".join(("project_id", self.bucket, *self.key))

    @property
    def columns(self) -> LiteralString:
        """The identity and the sums."""
        return ", ".join((self.identity, *self.sums))

    def summed(self, source: LiteralString, sums: Mapping[str, LiteralString] = SUMS) -> LiteralString:
        """Return the SELECT of `columns` over raw rows; `sums` says how each sum is made of them."""
        values = (*(KEYS[name] for name in self.key), *(sums.get(name, "0") for name in self.sums))
        groups: LiteralString = ", ".join(NUMBERS[: len(self.key) + 2])
        return (
            "SELECT project_id, " + self.at + ", " + ", ".join(values) + " FROM " + source + " WHERE " + self.where
            + " GROUP BY " + groups
        )  # fmt: skip

    def totals(
        self, where: LiteralString, at: LiteralString | None = None, table: LiteralString | None = None
    ) -> LiteralString:
        """Return the SELECT of `columns` over rows that are sums already, this table's own if no other is named.

        `at` is the expression of the bucket where it is not the column itself.
        """
        columns = (at or self.bucket, *self.key, *("sum(" + name + ")" for name in self.sums))
        groups: LiteralString = ", ".join(NUMBERS[: len(self.key) + 2])
        return (
            "SELECT project_id, " + ", ".join(columns) + " FROM " + (table or self.table) + " WHERE " + where
            + " GROUP BY " + groups
        )  # fmt: skip

    def add(self, rows: LiteralString, slot: LiteralString) -> LiteralString:
        """Return the upsert that adds `rows`, a SELECT of `columns`, to a slot."""
        added: LiteralString = ", ".join(name + " = kept." + name + " + excluded." + name for name in self.sums)
        order: LiteralString = ", ".join(NUMBERS[: len(self.key) + 2])
        return (
            "INSERT INTO " + self.table + " AS kept (" + self.identity + ", " + ", ".join(self.sums) + ", slot) SELECT "
            + "summed.*, " + slot + "::smallint FROM (" + rows + ") AS summed ORDER BY " + order
            + " ON CONFLICT (" + self.identity + ", slot) DO UPDATE SET " + added
        )  # fmt: skip


NUMBERS: tuple[LiteralString, ...] = ("1", "2", "3", "4", "5", "6", "7")
DAILY = Rollup("usage_daily", "day", DAY, EVERY_KEY, EVERY_SUM)
QUARTERS = Rollup("usage_quarters", "quarter", QUARTER, EVERY_KEY, EVERY_SUM)
MODELS = Rollup(
    "usage_model_quarters", "quarter", QUARTER, ("model",), ("requests", "input_tokens", "output_tokens", "cost")
)
LATENCIES = Rollup(
    "usage_latencies", "day", DAY, ("provider", "model", "bucket"), ("requests",), "latency_ms IS NOT NULL"
)
ROLLUPS = (DAILY, QUARTERS, MODELS, LATENCIES)
