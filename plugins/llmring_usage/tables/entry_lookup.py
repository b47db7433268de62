"""Logged calls as other plugins see them: at the time they are stored, and looked up by their id."""

from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

from llmring_server.contracts import LoggedUsage
from llmring_server.contracts.usage_lines import CostBasis
from llmring_server.database import Database
from llmring_usage.models.rows import UsageRow, uuid_timestamp
from llmring_usage.models.series import price_columns
from llmring_usage.pricing.tokens import NO_RARE_COUNTS, Tokens
from llmring_usage.tables.cost_columns import BASIS_COLUMNS, CLIENT, build_basis, read_basis

# An entry without a timestamp of the client happened when its id was created.
ID_TOLERANCE = timedelta(seconds=1)

FIELDS = tuple(name for name in LoggedUsage.__struct_fields__ if name != "basis")
SELECT: LiteralString = (
    """
    SELECT """
    + ", ".join({"log_id": "id::text AS log_id"}.get(name, name) for name in FIELDS)
    + ", "
    + BASIS_COLUMNS
    + """
    FROM usage_logs
    WHERE project_id = %(project)s
"""
)


def find_sql(select: LiteralString) -> LiteralString:
    """Return the statement that finds an entry by its id, from the SELECT of a project's rows.

    It reads one partition, and the index of late entries in each.
    """
    by_id: LiteralString = select + " AND id = %(id)s"
    return (
        by_id + " AND occurred_at BETWEEN %(earliest)s AND %(latest)s AND received_at = occurred_at"
        " UNION ALL " + by_id + " AND received_at <> occurred_at"
    )  # fmt: skip


def find_params(project: str, log_id: str) -> dict[str, Any] | None:
    """Return the parameters of `find_sql`, or None for a text that is not an id of this table."""
    try:
        entry = UUID(log_id)
        moment = uuid_timestamp(entry)
        span = {"earliest": moment - ID_TOLERANCE, "latest": moment + ID_TOLERANCE}
    except (ValueError, OverflowError):
        return None
    return {"project": project, "id": entry, **span} if str(entry) == log_id else None


FIND: LiteralString = find_sql(SELECT)


class EntryLookup:
    """The contract `UsageEntries`: entries by their id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, project: str, log_id: str) -> LoggedUsage | None:
        """Return a project's entry, or None."""
        params = find_params(project, log_id)
        if params is None:
            return None
        for row in await self._database.fetch(FIND, params):
            return LoggedUsage(**{name: row[name] for name in FIELDS}, basis=read_basis(row))
        return None


def logged_usage(row: UsageRow) -> LoggedUsage:
    """Return a row as other plugins see it."""
    series = row.series
    return LoggedUsage(
        project_id=series.project_id,
        log_id=row.id,
        occurred_at=row.occurred_at,
        provider=series.provider,
        model=series.model,
        alias=series.alias,
        profile=series.profile,
        origin=series.origin,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cached_input_tokens=row.cached_input_tokens,
        cost=row.cost,
        cost_source=series.cost_source,
        cost_status=series.cost_status,
        registry_version=price_columns(series.price)["registry_version"] if series.price else None,
        priced_as=series.price.priced_as if series.price else None,
        basis=_basis_of(row),
    )


def _basis_of(row: UsageRow) -> CostBasis:
    series, tokens = row.series, _tokens_of(row)
    if series.cost_source == CLIENT or series.price is None:
        return build_basis(tokens, None, None)
    return build_basis(
        tokens,
        series.price,
        row.cost,
        price_source=series.price.source,
        price_version=series.price.registry_version,
        matched=series.price.matched,
        list_cost=row.list_cost,
        discount=series.discount,
        price_notes=series.price_notes,
    )


def _tokens_of(row: UsageRow) -> Tokens:
    return Tokens(
        row.fresh_tokens, row.cache_read_tokens, row.cache_write_5m_tokens, row.cache_write_1h_tokens,
        row.cache_write_tokens, row.output_tokens, row.reasoning_tokens, row.rare_counts or NO_RARE_COUNTS,
    )  # fmt: skip
