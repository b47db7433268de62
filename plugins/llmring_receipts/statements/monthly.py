"""Statements by themselves: of every project that was used in a month, some time after its end."""

import logging
from datetime import UTC, datetime, timedelta

import psycopg

from llmring_receipts.key_management.keyring import NoSigningKey
from llmring_receipts.statements.formats.document import month_end, month_start
from llmring_receipts.statements.generate import Statements
from llmring_receipts.statements.store import StatementStore
from llmring_server.contracts.usage_lines import UsageLines

log = logging.getLogger(__name__)

MONTHS_BACK = 12


class Monthly:
    """Makes what statements are due; each month of a project's has its own, a project's first holds all before it.

    The first time, and after a failure, it looks for projects that were used in the last year, since nobody may have
    run in a month; else at the last month alone. A project that failed comes last the next time, and holds up no other.
    """

    def __init__(self, statements: Statements, store: StatementStore, usage: UsageLines, hours: float) -> None:
        self._statements = statements
        self._store = store
        self._usage = usage
        self._wait = timedelta(hours=hours)
        self._months = MONTHS_BACK
        self._failed: set[str] = set()

    async def once(self) -> None:
        """Make the statements that are due by now; without a signing key there are none."""
        await self.due(datetime.now(UTC))

    async def due(self, now: datetime) -> int:
        """Make the statements that are due at `now`, and return how many were made.

        Raises:
            psycopg.OperationalError, TimeoutError: the database does not answer.
        """
        end = month_start(now - self._wait)
        used, made = await self._used(end), 0
        self._months = MONTHS_BACK
        try:
            for project in sorted(used, key=self._failed.__contains__):
                made += await self._of(project, used[project], end)
        except NoSigningKey as error:
            log.warning("no statements are made: %s", error)
            return made
        self._months = MONTHS_BACK if self._failed else 1
        return made

    async def _used(self, end: datetime) -> dict[str, datetime]:
        """Return the projects that were used before `end`, each with the end of the last month in which it was."""
        first = end
        for _ in range(self._months):
            first = month_start(first - timedelta(days=1))
        used = await self._usage.projects(first, end)
        return {project: month_end(until - timedelta.resolution) for project, until in used.items()}

    async def _of(self, project: str, used: datetime, end: datetime) -> int:
        """Make a project's statements; what fails is logged, unless there is no key or no database for any other."""
        try:
            made = await self._up_to(project, used, end)
        except NoSigningKey:
            raise
        except Exception as error:
            self._failed.add(project)
            if isinstance(error, (psycopg.Error, TimeoutError)):
                await self._store.ping()
            log.exception("no statement of project %s can be made; it will be tried again", project)
            return 0
        self._failed.discard(project)
        return made

    async def _up_to(self, project: str, used: datetime, end: datetime) -> int:
        """Make a project's first statement, up to `end`, or those that follow, month by month up to `used`."""
        last = await self._store.latest(project)
        if last is None:
            return int(await self._statements.make(project, end) is not None)
        made, at = 0, month_end(last.ended_at)
        while at <= used:
            made += await self._statements.make(project, at, closing=True) is not None
            at = month_end(at)
        return made
