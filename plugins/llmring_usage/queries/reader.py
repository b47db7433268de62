"""Usage as it is read, for `/stats`, `/logs` and other features alike: the provider of the contract `UsageReading`."""

from collections.abc import AsyncIterator

from llmring_server.contracts.usage import (
    CallFilter,
    Kind,
    LogEntry,
    LoggedCall,
    LogPage,
    Spending,
    Statistics,
    Step,
    Summary,
)
from llmring_server.http.timezones import zone_of
from llmring_usage.models.series import expanded
from llmring_usage.pricing.cost_breakdown import explain
from llmring_usage.queries.cursors import read_cursor, write_cursor
from llmring_usage.queries.export import Format, rendered
from llmring_usage.queries.usage_logs import Filter, UsageLogs
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.periods import Grouping, range_of
from llmring_usage.statistics.query import OverTime, UsageSums


class UsageReader:
    """Reads a project's usage; dates are those of the zone that is asked for, or of the reporting zone."""

    def __init__(self, sums: UsageSums, logs: UsageLogs, settings: UsageSettings) -> None:
        self._sums = sums
        self._logs = logs
        self._settings = settings

    @property
    def timezone(self) -> str:
        """The reporting zone."""
        return self._settings.timezone

    async def statistics(
        self, project: str, start_date: str | None, end_date: str | None, tz: str | None, grouping: Grouping = "day"
    ) -> Statistics:
        """Return the statistics of a range."""
        zone = zone_of(tz or self.timezone)
        return await self._sums.statistics(project, range_of(start_date, end_date, zone), zone, grouping)

    async def summary(self, project: str, start_date: str | None, end_date: str | None, tz: str | None) -> Summary:
        """Return the sums of a range."""
        zone = zone_of(tz or self.timezone)
        return await self._sums.summary(project, range_of(start_date, end_date, zone), zone)

    async def spending(
        self, project: str, start_date: str | None, end_date: str | None, tz: str | None, kind: Kind, step: Step
    ) -> Spending:
        """Return a range broken down by the names of a kind, and that over time."""
        zone = zone_of(tz or self.timezone)
        return await self._sums.spending(project, range_of(start_date, end_date, zone), zone, OverTime(kind, step))

    async def page(
        self, project: str, chosen: CallFilter, limit: int, cursor: str | None = None, offset: int = 0
    ) -> LogPage:
        """Return up to `limit` calls, newest first, after a cursor or an offset."""
        after = read_cursor(cursor) if cursor else None
        found = await self._logs.page(project, self._filter(chosen), limit + 1, after, 0 if after else offset)
        entries = found[:limit]
        return LogPage(entries, [write_cursor(entry) for entry in entries], len(found) > limit)

    async def call(self, project: str, cursor: str) -> LoggedCall | None:
        """Return the call behind which a cursor leads, and how its cost was computed."""
        found = await self._logs.one(project, read_cursor(cursor))
        if found is None:
            return None
        entry = LogEntry(*(getattr(found, name) for name in LogEntry.__struct_fields__))
        if found.price is None:
            return LoggedCall(entry, None)
        stored = found.cost if found.computed_cost is None else found.computed_cost
        return LoggedCall(entry, explain(found.tokens, expanded(found.price), stored, self._settings.calculator))

    async def csv(self, project: str, chosen: CallFilter) -> AsyncIterator[bytes]:
        """Return every call that fits as CSV."""
        return await self.export(project, chosen, "csv")

    async def export(self, project: str, chosen: CallFilter, form: Format) -> AsyncIterator[bytes]:
        """Return every call that fits as a file, in one snapshot; the first rows are read before it returns."""
        chunks = self._logs.stream(project, self._filter(chosen))
        first: list[LogEntry] = await anext(chunks, [])
        return rendered(first, chunks, form)

    def _filter(self, chosen: CallFilter) -> Filter:
        span = range_of(chosen.start_date, chosen.end_date, zone_of(chosen.tz or self.timezone))
        return Filter(span, chosen.alias, chosen.model, chosen.provider, chosen.profile, chosen.origin)
