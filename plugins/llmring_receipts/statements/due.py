"""Projects with a monthly statement still to come: the contract `StatementsDue`."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from llmring_receipts.statements.formats.document import month_start
from llmring_receipts.statements.store import StatementStore

# Older months get no statement any more, so that their calls need not be stored indefinitely.
YEAR = timedelta(days=365)


class PendingMonths:
    """The months that `MonthlyStatements` has still to state."""

    def __init__(self, store: StatementStore) -> None:
        self._store = store

    async def find_pending(self, projects: Collection[str], end: datetime) -> list[str]:
        """Return the projects without a statement up to `end`; none for months that get no statement any more."""
        if end <= month_start(datetime.now(UTC)) - YEAR:
            return []
        return sorted(set(projects) - await self._store.stated_up_to(projects, end))
