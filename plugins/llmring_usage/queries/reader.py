"""Reads of usage for `/stats`, `/logs` and other plugins: the contract `UsageReading`."""

from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

from llmring_server.contracts.projects import ProjectNames
from llmring_server.contracts.receipts import ReceiptBook
from llmring_server.contracts.usage import Kind, LogEntry, LoggedCall, LogPage, Spending, Statistics, Step, Summary
from llmring_server.contracts.usage_filters import Breakdown, CallFilter
from llmring_server.runtime.timezones import zone_of
from llmring_usage.models.series import decode_rates
from llmring_usage.pricing.cost_breakdown import explain_cost
from llmring_usage.queries.corrections import CorrectionLookup
from llmring_usage.queries.cursors import read_cursor, write_cursor
from llmring_usage.queries.export import Format, render_file
from llmring_usage.queries.filter_sql import is_unfiltered
from llmring_usage.queries.usage_logs import LogFilter, PricedLogEntry, UsageLogs
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.filtered import FilteredStatistics
from llmring_usage.statistics.periods import Grouping, parse_range
from llmring_usage.statistics.query import StatisticsQuery, TimeBreakdown


class UsageReader:
    """Reads a project's usage; dates are in the requested zone, by default the project's or the reporting zone.

    `receipts` are those of calls, None where receipts are not enabled.
    """

    def __init__(
        self,
        statistics: StatisticsQuery,
        filtered: FilteredStatistics,
        logs: UsageLogs,
        corrections: CorrectionLookup,
        settings: UsageSettings,
    ) -> None:
        self._statistics = statistics
        self._filtered = filtered
        self._logs = logs
        self._corrections = corrections
        self._settings = settings
        self.projects: ProjectNames | None = None
        self.receipts: ReceiptBook | None = None

    async def default_timezone(self, project: str) -> str:
        """Return the time zone of a project, by default the reporting zone."""
        details = None if self.projects is None else await self.projects.find(project)
        return (details and details.timezone) or self._settings.timezone

    async def statistics(self, project: str, chosen: CallFilter, grouping: Grouping = "day") -> Statistics:
        """Return the statistics of the calls that match a filter."""
        zone = await self._zone(project, chosen.tz)
        span = parse_range(chosen.start_date, chosen.end_date, zone)
        if is_unfiltered(chosen):
            return await self._statistics.statistics(project, span, zone, grouping)
        return await self._filtered.statistics(project, span, zone, TimeBreakdown(step=grouping), chosen)

    async def breakdown(self, project: str, chosen: CallFilter, by: list[str], top: int) -> Breakdown:
        """Return the sums of the calls that match a filter, by one or two dimensions."""
        zone = await self._zone(project, chosen.tz)
        span = parse_range(chosen.start_date, chosen.end_date, zone)
        return await self._filtered.breakdown(project, span, zone, chosen, by, top)

    async def summary(self, project: str, chosen: CallFilter) -> Summary:
        """Return the sums of the calls that match a filter."""
        zone = await self._zone(project, chosen.tz)
        span = parse_range(chosen.start_date, chosen.end_date, zone)
        if is_unfiltered(chosen):
            return await self._statistics.summary(project, span, zone)
        return await self._filtered.summary(project, span, zone, chosen)

    async def spending(self, project: str, chosen: CallFilter, kind: Kind, step: Step) -> Spending:
        """Return matching calls by the names of a kind, and by steps of time."""
        zone = await self._zone(project, chosen.tz)
        span = parse_range(chosen.start_date, chosen.end_date, zone)
        if is_unfiltered(chosen):
            return await self._statistics.spending(project, span, zone, kind, step)
        return await self._filtered.spending(project, span, zone, TimeBreakdown(kind, step), chosen)

    async def page(self, project: str, chosen: CallFilter, limit: int, cursor: str | None = None) -> LogPage:
        """Return up to `limit` calls, newest first, after a cursor, without their metadata and tags."""
        after = read_cursor(cursor) if cursor else None
        entries, more = await self._logs.listing(project, await self._filter(project, chosen), limit, after)
        return LogPage(entries, [write_cursor(entry) for entry in entries], more)

    async def full_page(
        self, project: str, chosen: CallFilter, limit: int, cursor: str | None = None, offset: int = 0
    ) -> LogPage:
        """Return up to `limit` calls with their metadata, newest first, after a cursor or an offset.

        The page may be shorter although there are more calls, because it ends at a number of bytes.
        """
        after = read_cursor(cursor) if cursor else None
        entries, more = await self._logs.page(
            project, await self._filter(project, chosen), limit, after, 0 if after else offset
        )
        return LogPage(entries, [write_cursor(entry) for entry in entries], more)

    async def call(self, project: str, cursor: str) -> LoggedCall | None:
        """Return the call just before a cursor's position, and the calculation of its cost."""
        found = await self._logs.get(project, read_cursor(cursor))
        return await self._explain(project, found) if found else None

    async def find(self, project: str, log_id: str) -> LoggedCall | None:
        """Return the call with an id, and the calculation of its cost."""
        found = await self._logs.find(project, log_id)
        return await self._explain(project, found) if found else None

    async def _explain(self, project: str, found: PricedLogEntry) -> LoggedCall:
        entry = LogEntry(*(getattr(found, name) for name in LogEntry.__struct_fields__))
        calculation = None
        if found.price is not None:
            stored = next((one for one in (found.list_cost, found.computed_cost, found.cost) if one is not None), None)
            calculation = explain_cost(found.tokens, decode_rates(found.price), stored, self._settings.calculator)
        # A call's receipt has its id.
        receipt = None if self.receipts is None else await self.receipts.get(project, str(found.id))
        taken_back = await self._corrections.find(project, [str(found.id)]) if found.corrected_at else {}
        return LoggedCall(entry, calculation, receipt.receipt_id if receipt else None, taken_back.get(str(found.id)))

    async def csv(self, project: str, chosen: CallFilter) -> AsyncIterator[bytes]:
        """Return every matching call as CSV."""
        return await self.export(project, chosen, "csv")

    async def export(
        self, project: str, chosen: CallFilter, form: Format, *, bom: bool = False
    ) -> AsyncIterator[bytes]:
        """Return every matching call as a file, in one snapshot; the first rows are read before it returns."""
        chunks = self._logs.stream(project, await self._filter(project, chosen))
        first: list[LogEntry] = await anext(chunks, [])
        return render_file(first, chunks, form, bom=bom)

    async def _zone(self, project: str, tz: str | None) -> ZoneInfo:
        return zone_of(tz or await self.default_timezone(project))

    async def _filter(self, project: str, chosen: CallFilter) -> LogFilter:
        span = parse_range(chosen.start_date, chosen.end_date, await self._zone(project, chosen.tz))
        return LogFilter(span, chosen)
