"""Statements by themselves: of every project that was used in a month, some time after its end."""

import logging
from datetime import UTC, datetime, timedelta

from llmring_receipts.keyring import NoSigningKey
from llmring_receipts.statements.document import month_end, month_start
from llmring_receipts.statements.making import Statements
from llmring_receipts.statements.store import StatementStore
from llmring_server.evidence import UsageLines

log = logging.getLogger(__name__)


class Monthly:
    """Makes what statements are due; each month of a project's has its own, a project's first holds all before it."""

    def __init__(self, statements: Statements, store: StatementStore, usage: UsageLines, hours: float) -> None:
        self._statements = statements
        self._store = store
        self._usage = usage
        self._wait = timedelta(hours=hours)

    async def once(self) -> None:
        """Make the statements that are due by now; without a signing key there are none."""
        await self.due(datetime.now(UTC))

    async def due(self, now: datetime) -> int:
        """Make the statements that are due at `now`, and return how many were made."""
        end = month_start(now - self._wait)
        made = 0
        try:
            for project in await self._usage.projects(month_start(end - timedelta(days=1)), end):
                made += await self._up_to(project, end)
        except NoSigningKey as error:
            log.warning("no statements are made: %s", error)
        return made

    async def _up_to(self, project: str, end: datetime) -> int:
        """Make a project's statements month by month up to `end`, and return how many were made."""
        last = await self._store.latest(project)
        if last is None:
            return int(await self._statements.make(project, end) is not None)
        made, at = 0, month_end(last.ended_at)
        while at <= end:
            made += await self._statements.make(project, at, closing=True) is not None
            at = month_end(at)
        return made
