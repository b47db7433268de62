"""What is yet to be stated by itself, for whoever drops old calls: the contract `StatementsDue`."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from llmring_receipts.statements.formats.document import month_start
from llmring_receipts.statements.store import StatementStore

# As far back as months are made up for, and not a month further: what is never stated is not kept for ever.
YEAR = timedelta(days=365)


class PendingMonths:
    """The months that `MonthlyStatements` has not stated yet."""

    def __init__(self, store: StatementStore) -> None:
        self._store = store

    async def awaited(self, projects: Collection[str], end: datetime) -> list[str]:
        """Return the projects without a statement up to `end`; none for months that are not made up for."""
        if end <= month_start(datetime.now(UTC)) - YEAR:
            return []
        return sorted(set(projects) - await self._store.stated_up_to(projects, end))
