"""Automatic statements: for every project that was used in a month, some hours after its end."""

import logging
from datetime import UTC, datetime, timedelta

import psycopg

from llmring_receipts.key_management.keyring import NoSigningKey
from llmring_receipts.statements.formats.document import month_end, month_start
from llmring_receipts.statements.generate import StatementGenerator, StatementInProgress
from llmring_receipts.statements.store import StatementStore
from llmring_server.contracts.usage_lines import UsageLines

log = logging.getLogger(__name__)

MONTHS_BACK = 12


class MonthlyStatements:
    """Creates due statements: one per project and month; a project's first covers everything before it.

    The first run, and a run after a failure, covers projects that were used in the last year, because the server may
    have been down for months; other runs cover the last month. A project that failed comes last in the next run.
    """

    def __init__(self, generator: StatementGenerator, store: StatementStore, usage: UsageLines, hours: float) -> None:
        self._generator = generator
        self._store = store
        self._usage = usage
        self._wait = timedelta(hours=hours)
        self._months = MONTHS_BACK
        self._failed: set[str] = set()

    async def run_once(self) -> None:
        """Create the statements that are due now; none without a signing key."""
        await self.generate_due(datetime.now(UTC))

    async def generate_due(self, now: datetime) -> int:
        """Create the statements that are due at `now`, and return their number.

        Raises:
            WrongClock: this machine's clock or the database's is wrong.
            psycopg.OperationalError, TimeoutError: the database does not answer.
        """
        await self._store.check_clock()
        end = month_start(now - self._wait)
        used, count = await self._used_projects(end), 0
        self._months = MONTHS_BACK
        try:
            for project in sorted(used, key=self._failed.__contains__):
                count += await self._generate_for_project(project, used[project], end)
        except NoSigningKey as error:
            log.warning("no statements are created: %s", error)
            return count
        self._months = MONTHS_BACK if self._failed else 1
        return count

    async def _used_projects(self, end: datetime) -> dict[str, datetime]:
        """Return the projects that were used before `end`, each with the end of its last month of use."""
        first = end
        for _ in range(self._months):
            first = month_start(first - timedelta(days=1))
        used = await self._usage.projects(first, end)
        return {project: month_end(until - timedelta.resolution) for project, until in used.items()}

    async def _generate_for_project(self, project: str, used: datetime, end: datetime) -> int:
        """Create a project's statements; an error is logged, unless it affects every project: no key, no database."""
        try:
            count = await self._generate_up_to(project, used, end)
        except NoSigningKey:
            raise
        except StatementInProgress:
            return 0
        except Exception as error:
            self._failed.add(project)
            if isinstance(error, (psycopg.Error, TimeoutError)):
                await self._store.ping()
            log.exception("no statement of project %s can be created; it will be tried again", project)
            return 0
        self._failed.discard(project)
        return count

    async def _generate_up_to(self, project: str, used: datetime, end: datetime) -> int:
        """Create a project's first statement, up to `end`, or the following ones, month by month up to `used`."""
        last = await self._store.latest(project)
        if last is None:
            return int(await self._generator.generate(project, end) is not None)
        count, at = 0, month_end(last.ended_at)
        while at <= used:
            count += await self._generator.generate(project, at, closing=True) is not None
            at = month_end(at)
        return count
