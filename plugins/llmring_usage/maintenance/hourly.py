"""Hourly maintenance of the usage tables: partitions, retention, expired keys, hourly and monthly sums."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import psycopg

from llmring_server.cli.retention import drop_due
from llmring_server.database import Database
from llmring_server.errors import StartupError
from llmring_server.runtime.background import upkeep
from llmring_usage.maintenance.combination_fill import CombinationFill
from llmring_usage.maintenance.former_sums import FormerSums
from llmring_usage.maintenance.retention import KeyExpiry, StatementRetention, UsageRetention
from llmring_usage.settings import UsageSettings
from llmring_usage.tables.alias_hours import AliasHours
from llmring_usage.tables.latency_months import LatencyMonths
from llmring_usage.tables.partitions import PartitionPending, Partitions
from llmring_usage.tables.state import TIMEZONE, UsageState
from llmring_usage.tables.statement_lines import StatementLines

log = logging.getLogger(__name__)

START_SECONDS = 2.0  # the start does not wait longer for partitions


class Maintenance:
    """Maintains the tables, at start and then every hour."""

    def __init__(self, database: Database, partitions: Partitions, settings: UsageSettings) -> None:
        self._database = database
        self._partitions = partitions
        self._settings = settings
        self._state = UsageState(database)
        self._alias_hours = AliasHours(database)
        self._combinations = CombinationFill(
            database, ZoneInfo(settings.timezone), settings.tags, settings.names_per_day
        )
        self._former_sums = FormerSums(database, ZoneInfo(settings.timezone))
        self._latency_months = LatencyMonths(database, ZoneInfo(settings.timezone))
        retention = UsageRetention(database)
        self._keys = KeyExpiry(database, retention, settings.idempotency_hours)
        self.retention = StatementRetention(retention, StatementLines(database))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Check the reporting zone, create upcoming partitions, and maintain the tables while the block runs.

        Raises:
            StartupError: the rollups count their days in another zone.
        """
        await self.check_zone()
        await self._combinations.begin()
        try:
            await self._partitions.create_upcoming(seconds=START_SECONDS)
        except PartitionPending:
            log.info("the upcoming partitions are created while the server runs")
        async with upkeep(self.run_once, "usage"):
            yield

    async def check_zone(self) -> None:
        """Compare the reporting zone with the zone of the daily rollups.

        Raises:
            StartupError: they differ.
        """
        stored = await self._state.set_default(TIMEZONE, self._settings.timezone)
        if stored != self._settings.timezone:
            raise StartupError(
                f"LLMRING_USAGE_TIMEZONE is {self._settings.timezone}, but this database counts its days in {stored}. "
                "Set it back, or run `llmring-server usage rebuild`."
            )

    async def run_once(self) -> None:
        """Create upcoming partitions, drop expired months, delete expired keys, and compute sums.

        A step runs also after an earlier one has failed.

        Raises:
            WrongClock: this machine's clock or the database's is wrong; nothing is dropped.
            psycopg.Error, TimeoutError: the first error of a step; the later ones are logged.
        """
        steps = (
            self._partitions.create_upcoming, self._drop_expired, self._alias_hours.refresh_hourly,
            self._latency_months.refresh_daily, self._former_sums.count, self._combinations.count,
        )  # fmt: skip
        failed: Exception | None = None
        for step in steps:
            try:
                await step()
            except (psycopg.Error, TimeoutError) as error:
                if failed:
                    log.warning("a step of the usage upkeep failed and will be tried again: %s", error)
                failed = failed or error
        if failed:
            raise failed

    async def _drop_expired(self) -> None:
        await self._database.check_clock()
        try:
            await drop_due(self.retention, self._settings.retention_days)
        finally:
            await self._keys.run_once()
