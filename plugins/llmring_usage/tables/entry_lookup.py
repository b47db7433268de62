"""Logged calls as other features see them: when they are stored, and found again by their id."""

from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from llmring_server.contracts import LoggedUsage
from llmring_server.database import Database
from llmring_usage.models.rows import Row, made_at

# An entry without a time of its own happened when its id was made.
AROUND = timedelta(seconds=1)

SELECT: LiteralString = """
    SELECT project_id, id::text AS log_id, occurred_at, provider, model, alias, profile, origin, input_tokens,
        output_tokens, cached_input_tokens, cost, cost_source, cost_status, registry_version
    FROM usage_logs
    WHERE project_id = %(project)s AND id = %(id)s
"""
FIND: LiteralString = (
    SELECT + " AND occurred_at BETWEEN %(earliest)s AND %(latest)s AND received_at = occurred_at"
    " UNION ALL " + SELECT + " AND received_at <> occurred_at"
)  # fmt: skip


class UsageRegister:
    """The contract `UsageEntries`: entries by their id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, project: str, log_id: str) -> LoggedUsage | None:
        """Return a project's entry, or None; it touches one partition, and an index of late entries in each."""
        try:
            entry = UUID(log_id)
            moment = made_at(entry)
            span = {"earliest": moment - AROUND, "latest": moment + AROUND}
        except (ValueError, OverflowError):  # no id of ours
            return None
        if str(entry) != log_id:
            return None
        return await self._database.one(LoggedUsage, FIND, {"project": project, "id": entry, **span})


def logged_usage(row: Row) -> LoggedUsage:
    """Return a row as other features see it."""
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
        registry_version=series.price.registry_version if series.price else None,
    )
