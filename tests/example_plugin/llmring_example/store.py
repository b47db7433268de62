"""Spending in PostgreSQL: one row per project."""

from collections.abc import Sequence
from decimal import Decimal

from llmring_example.models import Spent
from llmring_server.plugin_api import Database, RecordedUsage

ADD = """
    INSERT INTO example_spending AS stored (project_id, calls, cost)
    SELECT project_id, count(*), coalesce(sum(cost), 0)
    FROM unnest(%(projects)s::text[], %(costs)s::numeric[]) AS given(project_id, cost)
    GROUP BY project_id
    ORDER BY project_id
    ON CONFLICT (project_id) DO UPDATE SET calls = stored.calls + excluded.calls, cost = stored.cost + excluded.cost
"""
GET = "SELECT calls, cost FROM example_spending WHERE project_id = %(project)s"


class SpendingStore:
    """The table `example_spending`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, entries: Sequence[RecordedUsage]) -> None:
        """Add calls to their projects; a call without a cost adds 0."""
        given = {"projects": [entry.project_id for entry in entries], "costs": [entry.cost for entry in entries]}
        await self._database.execute(ADD, given)

    async def get(self, project: str) -> Spent:
        """Return the spending of a project; zero when it is unknown."""
        return await self._database.one(Spent, GET, {"project": project}) or Spent(0, Decimal(0))
