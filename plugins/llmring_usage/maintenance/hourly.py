"""What the usage tables need while the server runs: partitions, retention, hours and months that are added up."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import LiteralString
from zoneinfo import ZoneInfo

from llmring_server.cli.retention import drop_due
from llmring_server.contracts.statements import StatementsDue
from llmring_server.database import Database
from llmring_server.http.errors import StartupError
from llmring_server.runtime.background import upkeep
from llmring_usage.maintenance.retention import Retention, StatedFirst
from llmring_usage.settings import UsageSettings
from llmring_usage.tables.alias_hours import AliasHours
from llmring_usage.tables.latency_months import LatencyMonths
from llmring_usage.tables.partitions import Partitions
from llmring_usage.tables.state import TIMEZONE, Facts
from llmring_usage.tables.statement_lines import LoggedLines

EXPIRE: LiteralString = "DELETE FROM usage_keys WHERE created_at < now() - make_interval(secs => %(seconds)s)"


class Upkeep:
    """Looks after the tables, at start and then every hour."""

    def __init__(
        self, database: Database, partitions: Partitions, settings: UsageSettings,
        statements: Callable[[], StatementsDue | None],
    ) -> None:  # fmt: skip
        self._database = database
        self._partitions = partitions
        self._settings = settings
        self._facts = Facts(database)
        self._alias_hours = AliasHours(database)
        self._latency_months = LatencyMonths(database, ZoneInfo(settings.timezone))
        self._retention = StatedFirst(Retention(database), LoggedLines(database), statements)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Check the reporting zone, make partitions ahead, and keep at it while the block runs.

        Raises:
            StartupError: the rollups count their days in another zone.
        """
        await self.check_zone()
        await self._partitions.ahead()
        async with upkeep(self.once, "usage"):
            yield

    async def check_zone(self) -> None:
        """Hold the reporting zone against the one that the daily rollups were written in.

        Raises:
            StartupError: they differ.
        """
        kept = await self._facts.keep_first(TIMEZONE, self._settings.timezone)
        if kept != self._settings.timezone:
            raise StartupError(
                f"LLMRING_USAGE_TIMEZONE is {self._settings.timezone}, but this database counts its days in {kept}; "
                "set it back, or run `llmring-server usage rebuild`"
            )

    async def once(self) -> None:
        """Make partitions ahead, drop months that are old enough and stated, expire keys, add up hours and months."""
        await self._partitions.ahead()
        await drop_due(self._retention, self._settings.retention_days)
        await self._database.execute(EXPIRE, {"seconds": self._settings.idempotency_hours * 3600})
        await self._alias_hours.hourly()
        await self._latency_months.daily()
