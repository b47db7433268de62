"""The columns of `usage_logs`, defined once: the store statement and the reads derive their lists from these."""

from collections.abc import Mapping
from typing import LiteralString, NamedTuple

from llmring_usage.pricing.tokens import KINDS, PROMPT_KINDS, RARE_PROMPT_KINDS

# The condition on rows that count: entries that were not taken back.
COUNTED: LiteralString = "corrected_at IS NULL"
# The columns that only a correction sets; a row is stored without them.
CORRECTION_COLUMNS: tuple[LiteralString, ...] = ("corrected_at", "replaced_by", "replaces")
# The column of each token kind.
TOKEN_COLUMNS: Mapping[LiteralString, LiteralString] = {kind: kind + "_tokens" for kind in KINDS}
# All kinds, each named as in `Tokens`, for a SELECT.
TOKENS: LiteralString = ", ".join(column + " AS " + kind for kind, column in TOKEN_COLUMNS.items())

# The field of each rare count in lists of calls.
RARE_FIELDS: Mapping[LiteralString, LiteralString] = {
    "cache_write_30m": "cache_write_30m_tokens",
    "cache_write_12h": "cache_write_12h_tokens",
    "audio_input": "audio_input_tokens",
    "audio_cache_read": "cached_audio_tokens",
    "image_input": "image_input_tokens",
    "image_cache_read": "cached_image_tokens",
    "video_input": "video_input_tokens",
    "audio_output": "audio_output_tokens",
    "image_output": "image_output_tokens",
    "video_output": "video_output_tokens",
}


def rare_count_sql(name: LiteralString) -> LiteralString:
    """Return the expression for a rare count of a row."""
    return "coalesce((rare_counts->>'" + name + "')::bigint, 0)"


def rare_sums_sql(names: tuple[LiteralString, ...]) -> LiteralString:
    """Return an addend: the sums of rare counts over rows; most rows have none."""
    return "".join(" + coalesce(sum((rare_counts->>'" + name + "')::bigint), 0)" for name in names)


# All input of a row: wider than 64 bits.
PROMPT: LiteralString = " + ".join((
    TOKEN_COLUMNS["fresh"] + "::numeric",
    *(TOKEN_COLUMNS[kind] for kind in PROMPT_KINDS if kind != "fresh"),
    *map(rare_count_sql, RARE_PROMPT_KINDS),
))  # fmt: skip


class Column(NamedTuple):
    """A column, its PostgreSQL type, and how it is stored.

    `shared` columns come from a row's series, the others from the row. `value` is the expression for a row that omits
    the column; `stored` is the expression that the table gets.
    """

    name: LiteralString
    type: LiteralString
    shared: bool = False
    value: LiteralString | None = None
    stored: LiteralString | None = None


def _count(name: LiteralString) -> Column:
    return Column(name, "bigint", value="coalesce(" + name + ", 0)")


COLUMNS: tuple[Column, ...] = (
    Column("project_id", "text", shared=True),
    Column("occurred_at", "timestamptz"),
    Column("id", "uuid"),
    Column("received_at", "timestamptz", value="coalesce(received_at, occurred_at)"),
    Column("provider", "text", shared=True),
    Column("model", "text", shared=True),
    Column("alias", "text", shared=True),
    Column("profile", "text", shared=True),
    Column("origin", "text", shared=True),
    Column("key_id", "text", shared=True),
    Column("id_at_origin", "text"),
    *map(_count, ("input_tokens", "output_tokens", "cached_input_tokens")),
    *(_count(column) for column in TOKEN_COLUMNS.values() if column != "output_tokens"),
    Column("rare_counts", "json"),
    Column("cost", "numeric"),
    Column("cost_source", "text", shared=True),
    Column("cost_status", "text", shared=True),
    Column("computed_cost", "numeric", stored="CASE WHEN cost_source = 'client' THEN computed_cost ELSE cost END"),
    Column("list_cost", "numeric"),
    Column("discount", "numeric", shared=True),
    Column("priced_as", "text", shared=True),
    Column("price_source", "text", shared=True),
    Column("price_version", "text", shared=True),
    Column("registry_version", "text", shared=True),
    Column("matched", "text", shared=True),
    Column("price_notes", "json", shared=True),
    Column("price", "json", shared=True),
    Column("latency_ms", "numeric"),
    Column("status", "text", value="coalesce(status, 'success')"),
    Column("service_tier", "text"),
    Column("processing", "text"),
    Column("speed", "text"),
    Column("operation_id", "text"),
    Column("attempt", "integer"),
    Column("tags", "json"),
    Column("metadata", "json"),
)
