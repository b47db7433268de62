"""The rollups that statistics read, and the SQL that fills them.

Each call is summed once per kind of name that it carries (provider and model, alias, profile, origin), by day and by 15
minutes: reads grow with the names and days of a range, never with calls or combinations of names. `slot` spreads one
hot row over several. Upserts are ordered by their keys, so that concurrent batches lock in the same order.
"""

from collections.abc import Mapping
from typing import LiteralString

import msgspec

from llmring_usage.pricing.tokens import PROMPT_KINDS, RARE_PROMPT_KINDS, RARE_READS, RARE_WRITES
from llmring_usage.tables.log_columns import PROMPT, TOKEN_COLUMNS, rare_count_sql, rare_sums_sql

DAY: LiteralString = "(occurred_at AT TIME ZONE %(zone)s)::date"
QUARTER: LiteralString = "date_bin('15 minutes', occurred_at, '2000-01-01 00:00:00+00')"
QUARTERS_DAY: LiteralString = "(quarter AT TIME ZONE %(zone)s)::date"
# Latency buckets are powers of 1.2; statistics interpolate within a bucket.
BUCKET: LiteralString = (
    "(CASE WHEN latency_ms < 1 THEN 0 ELSE least(floor(ln(latency_ms::double precision) / ln(1.2)), 500) END)::smallint"
)
# A histogram in one number, whose sum is the histogram of the sum: a group of decimal digits for each bucket.
LATENCY_DIGITS = 12
LATENCY: LiteralString = (
    "CASE WHEN latency_ms IS NULL THEN 0 ELSE ('1e' || " + str(LATENCY_DIGITS) + " * " + BUCKET + ")::numeric END"
)
LATENCIES_SUM: Mapping[LiteralString, LiteralString] = {"latencies": "sum(" + LATENCY + ")"}
PROVIDER_MODEL: LiteralString = "provider_model"
# The columns that names are made of, and the name of each kind. In a provider's name, `~` is `~0` and `:` is `~1`.
NAMED: tuple[LiteralString, ...] = ("provider", "model", "alias", "profile", "origin")
NAMES: Mapping[LiteralString, LiteralString] = {
    PROVIDER_MODEL: "replace(replace(provider, '~', '~0'), ':', '~1') || ':' || model",
    "alias": "coalesce(alias, '')",
    "profile": "profile",
    "origin": "coalesce(origin, '')",
}
# Earlier versions had these kinds instead of provider_model. Until their sums are counted again, both are read.
FORMER_KINDS: Mapping[LiteralString, LiteralString] = {
    "provider": "replace(replace(split_part(name, ':', 1), '~1', ':'), '~0', '~')",
    "model": "substr(name, strpos(name, ':') + 1)",
}
EACH_NAME: LiteralString = (
    "CROSS JOIN LATERAL (VALUES "
    + ", ".join("('" + kind + "', " + name + ")" for kind, name in NAMES.items())
    + ") AS said(kind, name)"
)
# Each sum's expression for one row.
VALUES: Mapping[LiteralString, LiteralString] = {
    "requests": "1::bigint",
    "errors": "(status = 'error')::int::bigint",
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cached_input_tokens": "cached_input_tokens",
    "cost": "coalesce(cost, 0)",
    "unpriced_requests": "(cost IS NULL)::int::bigint",
    "unpriced_tokens": "CASE WHEN cost IS NULL THEN input_tokens::numeric + output_tokens ELSE 0 END",
    "extra_input_tokens": PROMPT + " - input_tokens",
    "cache_read_tokens": " + ".join(("cache_read_tokens::numeric", *map(rare_count_sql, RARE_READS))),
    "cache_write_tokens": "cache_write_tokens::numeric + cache_write_5m_tokens + cache_write_1h_tokens + "
    + " + ".join(map(rare_count_sql, RARE_WRITES)),
    "reasoning_tokens": "reasoning_tokens",
    "estimated_requests": "(cost_status = 'estimated')::int::bigint",
    "counted_requests": "1::bigint",
}  # fmt: skip
# The same over rows without rare counts and estimated costs. Aggregates of columns are faster than of expressions.
PLAIN_SUMS: Mapping[LiteralString, LiteralString] = {
    "requests": "count(*)",
    "errors": "count(*) FILTER (WHERE status = 'error')",
    "input_tokens": "sum(input_tokens)",
    "output_tokens": "sum(output_tokens)",
    "cached_input_tokens": "sum(cached_input_tokens)",
    "cost": "coalesce(sum(cost), 0)",
    "unpriced_requests": "count(*) FILTER (WHERE cost IS NULL)",
    "unpriced_tokens": "coalesce(sum(input_tokens::numeric + output_tokens) FILTER (WHERE cost IS NULL), 0)",
    "extra_input_tokens": " + ".join("sum(" + TOKEN_COLUMNS[kind] + ")" for kind in PROMPT_KINDS)
    + " - sum(input_tokens)",
    "cache_read_tokens": "sum(cache_read_tokens)",
    "cache_write_tokens": "sum(cache_write_tokens) + sum(cache_write_5m_tokens) + sum(cache_write_1h_tokens)",
    "reasoning_tokens": "sum(reasoning_tokens)",
    "counted_requests": "count(*)",
}  # fmt: skip
SUMS: Mapping[LiteralString, LiteralString] = {
    **PLAIN_SUMS,
    "extra_input_tokens": PLAIN_SUMS["extra_input_tokens"] + rare_sums_sql(RARE_PROMPT_KINDS),
    "cache_read_tokens": PLAIN_SUMS["cache_read_tokens"] + rare_sums_sql(RARE_READS),
    "cache_write_tokens": PLAIN_SUMS["cache_write_tokens"] + rare_sums_sql(RARE_WRITES),
    "estimated_requests": "count(*) FILTER (WHERE cost_status = 'estimated')",
}


def kind_sql(kind: LiteralString) -> tuple[LiteralString, LiteralString]:
    """Return the condition on the rows of a kind, also of `provider` and `model`, and the expression for its name."""
    part = FORMER_KINDS.get(kind)
    if part is None:
        return "kind = '" + kind + "'", "name"
    return (
        "kind IN ('" + kind + "', '" + PROVIDER_MODEL + "')",
        "CASE kind WHEN '" + PROVIDER_MODEL + "' THEN " + part + " ELSE name END",
    )


class Rollup(msgspec.Struct, frozen=True):
    """One table of sums: its bucket column and the expression for it, its key, its sums, and the condition on rows.

    Without a `key`, every call is counted once per kind, under its name (`EACH_NAME`). `carried` columns depend on the
    key: they are written with a new row and never changed.
    """

    table: LiteralString
    bucket: LiteralString
    at: LiteralString
    key: Mapping[LiteralString, LiteralString] | None = None
    sums: tuple[LiteralString, ...] = tuple(SUMS)
    where: LiteralString = "true"
    carried: tuple[LiteralString, ...] = ()

    @property
    def names(self) -> tuple[LiteralString, ...]:
        """The key's columns."""
        return ("kind", "name") if self.key is None else tuple(self.key)

    @property
    def identity(self) -> LiteralString:
        """The columns that identify a row, without the slot."""
        return ", ".join(("project_id", self.bucket, *self.names))

    @property
    def columns(self) -> LiteralString:
        """The identity, the carried columns and the sums."""
        return ", ".join((self.identity, *self.carried, *self.sums))

    def select_rows(self, source: LiteralString, sums: Mapping[LiteralString, LiteralString] = SUMS) -> LiteralString:
        """Return the SELECT of `columns` over raw rows; `sums` maps each sum to its expression."""
        keys = dict(zip(NAMED, NAMED, strict=True)) if self.key is None else self.key
        named = {"project_id": "project_id", self.bucket: self.at, **keys, **{s: sums.get(s, "0") for s in self.sums}}
        counted: LiteralString = (
            "SELECT " + ", ".join(value + " AS " + name for name, value in named.items())
            + " FROM " + source + " WHERE " + self.where + " GROUP BY " + ", ".join(NUMBERS[: len(keys) + 2])
        )  # fmt: skip
        return counted if self.key is not None else self.select_sums(table="(" + counted + ") AS counted " + EACH_NAME)

    def select_sums(
        self, where: LiteralString = "true", at: LiteralString | None = None, table: LiteralString | None = None
    ) -> LiteralString:
        """Return the SELECT of `columns` over rows that are sums already, by default those of this table.

        `at` is the expression of a day, by default rows keep their bucket.
        """
        keys = (self.bucket if at is None else at + " AS day", *self.names, *self.carried)
        columns = (*keys, *("sum(" + name + ") AS " + name for name in self.sums))
        return (
            "SELECT project_id, " + ", ".join(columns) + " FROM " + (table or self.table) + " WHERE " + where
            + " GROUP BY " + ", ".join(NUMBERS[: len(keys) + 1])
        )  # fmt: skip

    def exchange(self, removed: LiteralString, added: LiteralString) -> LiteralString:
        """Return the upsert that takes the sums of one source of raw rows away, and adds those of another."""
        taken: LiteralString = ", ".join("-" + name + " AS " + name for name in self.sums)
        changes: LiteralString = (
            "SELECT "
            + ", ".join((self.identity, *self.carried, taken))
            + " FROM ("
            + self.select_rows(removed)
            + ") AS taken UNION ALL SELECT "
            + self.columns
            + " FROM ("
            + self.select_rows(added)
            + ") AS added"
        )
        return self.upsert(self.select_sums(table="(" + changes + ") AS changes"), "0")

    def upsert(self, rows: LiteralString, slot: LiteralString) -> LiteralString:
        """Return the upsert that adds `rows`, a SELECT of `columns`, to a slot."""
        added: LiteralString = ", ".join(name + " = kept." + name + " + excluded." + name for name in self.sums)
        order: LiteralString = ", ".join(NUMBERS[: len(self.names) + 2])
        return (
            "INSERT INTO " + self.table + " AS kept (" + self.columns + ", slot) SELECT "
            + "summed.*, " + slot + "::smallint FROM (" + rows + ") AS summed ORDER BY " + order
            + " ON CONFLICT (" + self.identity + ", slot) DO UPDATE SET " + added
        )  # fmt: skip


def difference_sql(rollup: Rollup, wanted: LiteralString, kept: LiteralString) -> LiteralString:
    """Return the common table expressions that end in `differing`: the amounts to add to each wrong key.

    `wanted` and `kept` are SELECTs of the rollup's columns.
    """
    identity = rollup.identity
    differences: LiteralString = ", ".join(
        "coalesce(wanted." + name + ", 0) - coalesce(kept." + name + ", 0) AS " + name for name in rollup.sums
    )
    off: LiteralString = " OR ".join(name + " <> 0" for name in rollup.sums)
    carried: LiteralString = "".join(
        ", coalesce(wanted." + name + ", kept." + name + ") AS " + name for name in rollup.carried
    )
    return (
        "WITH wanted AS (" + wanted + "), kept AS (" + kept
        + "), differing AS (SELECT * FROM (SELECT " + identity + carried + ", " + differences
        + " FROM wanted FULL JOIN kept USING (" + identity + ")) AS compared WHERE " + off + ")"
    )  # fmt: skip


NUMBERS: tuple[LiteralString, ...] = (
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
)  # fmt: skip
DAILY = Rollup("usage_daily", "day", DAY)
QUARTERS = Rollup("usage_quarters", "quarter", QUARTER)
LATENCIES = Rollup(
    "usage_latencies", "day", DAY, {"model": "model", "bucket": BUCKET}, ("requests",), "latency_ms IS NOT NULL"
)
