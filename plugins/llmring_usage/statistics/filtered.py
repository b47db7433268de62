"""Statistics of filtered calls, in the form of all statistics or as a breakdown by one or two dimensions."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

import msgspec
from psycopg import errors
from psycopg.rows import dict_row

from llmring_server.contracts.usage import Kind, Spending, Statistics, Summary
from llmring_server.contracts.usage_filters import Breakdown, CallFilter
from llmring_server.database import Database
from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_usage.queries.filter_sql import is_per_call
from llmring_usage.queries.time_limit import limit_search
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.assemble import QueryResult, assemble, assemble_spending, summarize
from llmring_usage.statistics.breakdown import BreakdownResult, assemble_breakdown
from llmring_usage.statistics.breakdown_sql import TAG, breakdown_statement
from llmring_usage.statistics.filtered_calls import ADDED, FilteredCalls
from llmring_usage.statistics.periods import Range, Split, midnight, split_days
from llmring_usage.statistics.query import COLUMNS, EMPTY, TimeBreakdown, assembled_sql
from llmring_usage.tables.combination_days import read_combination_days
from llmring_usage.tables.rollups import EACH_NAME, LATENCY_DIGITS, NAMED, NUMBERS
from llmring_usage.tables.state import DROPPED_BEFORE, UsageState

DIGITS: LiteralString = str(LATENCY_DIGITS)
# The buckets of the histograms of models that are numbers: groups of digits, the first of them from the right.
UNPACKED: LiteralString = (
    "SELECT model, buckets - place AS bucket,"
    " substr(digits, (place - 1) * " + DIGITS + " + 1, " + DIGITS + ")::bigint AS requests"
    " FROM (SELECT model, buckets, lpad(digits, buckets * " + DIGITS + ", '0') AS digits"
    " FROM (SELECT *, (length(digits) + " + DIGITS + " - 1) / " + DIGITS + " AS buckets"
    " FROM (SELECT model, sum(latencies)::text AS digits FROM combined GROUP BY model HAVING sum(latencies) > 0)"
    " AS summed) AS counted) AS padded CROSS JOIN LATERAL generate_series(1, buckets) AS place"
)  # fmt: skip
OWN_NAMES: dict[LiteralString, LiteralString] = {name: name for name in NAMED}

_decode_result = msgspec.json.Decoder(QueryResult).decode
_decode_breakdown = msgspec.json.Decoder(BreakdownResult).decode


class FilteredStatistics:
    """Queries the statistics of calls that match a filter; `seconds` limits a statement, else the database's limit."""

    def __init__(self, database: Database, settings: UsageSettings, seconds: float | None = None) -> None:
        self._database = database
        self._seconds = seconds
        self._reporting = ZoneInfo(settings.timezone)
        self._names = settings.stats_names
        self._state = UsageState(database)

    async def statistics(
        self, project: str, span: Range, zone: ZoneInfo, over_time: TimeBreakdown, chosen: CallFilter
    ) -> Statistics:
        """Return the statistics of matching calls, in days of `zone`."""
        result, limited, incomplete = await self._query(project, span, zone, over_time, chosen)
        return msgspec.structs.replace(
            assemble(result),
            limited_requests=limited,
            incomplete_before=msgspec.UNSET if incomplete is None else incomplete,
        )

    async def summary(self, project: str, span: Range, zone: ZoneInfo, chosen: CallFilter) -> Summary:
        """Return the sums of matching calls."""
        result, _, _ = await self._query(project, span, zone, None, chosen)
        return summarize(result)

    async def spending(
        self, project: str, span: Range, zone: ZoneInfo, over_time: TimeBreakdown, chosen: CallFilter
    ) -> Spending:
        """Return matching calls by the names of a kind and by steps of time."""
        result, _, _ = await self._query(project, span, zone, over_time, chosen)
        return assemble_spending(result, over_time.kind or "model")

    async def breakdown(
        self, project: str | None, span: Range, zone: ZoneInfo, chosen: CallFilter, by: Sequence[str], top: int
    ) -> Breakdown:
        """Return the sums of matching calls by one or two dimensions; `top` of their names have rows.

        Without a `project`, they are the calls of all projects.
        """
        tags = [*chosen.tags, *(one.removeprefix(TAG) for one in by if one.startswith(TAG))]
        split, incomplete = await self._split(span, chosen, tags, in_days=True)
        params: dict[str, Any] = {"project": project, "zone": zone.key}
        query = breakdown_statement(params, split, chosen, by, min(top, self._names))
        row = await self._fetch(query, params, zone) if query else {"lines": [], "limited": 0}
        encoded = codec.encode(row)
        return await codec.run_in_thread_if_large(
            encoded, lambda: assemble_breakdown(_decode_breakdown(encoded), by, incomplete)
        )

    async def _query(
        self, project: str, span: Range, zone: ZoneInfo, over_time: TimeBreakdown | None, chosen: CallFilter
    ) -> tuple[QueryResult, int, date | None]:
        """Return the result, the calls without names, and the day before which calls are missing, if any are."""
        in_days = over_time is None or zone == self._reporting
        split, incomplete = await self._split(span, chosen, chosen.tags, in_days=in_days)
        query, params = self.statement(project, split, zone, over_time, chosen)
        row = await self._fetch(query, params, zone)
        limited = row.pop("limited_requests", 0)
        return _decode_result(codec.encode(row)), limited, incomplete

    def statement(
        self, project: str, split: Split, zone: ZoneInfo, over_time: TimeBreakdown | None, chosen: CallFilter
    ) -> tuple[LiteralString, dict[str, Any]]:
        """Return the statement of the statistics, and its parameters; the split is of days of the reporting zone."""
        params: dict[str, Any] = {"project": project, "zone": zone.key}
        calls = FilteredCalls(params, split, chosen, OWN_NAMES)
        if not calls.parts:
            return EMPTY, {}
        kind: Kind = "model" if over_time is None else over_time.kind or "model"
        days: LiteralString = (
            "SELECT day, coalesce(" + kind + ", '') AS name, requests,"
            " input_tokens + extra_input_tokens + output_tokens AS tokens, cost FROM (" + calls.parts + ") AS parts"
        )  # fmt: skip
        tables: LiteralString = (
            calls.tables + "combined AS MATERIALIZED (SELECT " + ", ".join(OWN_NAMES) + ", " + ADDED + " FROM ("
            + calls.parts + ") AS parts GROUP BY " + ", ".join(NUMBERS[: len(OWN_NAMES)]) + "), calls AS (SELECT "
            + COLUMNS + " FROM combined " + EACH_NAME + "), latencies AS ("
            + UNPACKED + ")"
        )  # fmt: skip
        query = assembled_sql(tables, days, params, over_time, self._names)
        return query + ", " + calls.limited_requests + " AS limited_requests", params

    async def _split(
        self, span: Range, chosen: CallFilter, tags: Iterable[str], *, in_days: bool
    ) -> tuple[Split, date | None]:
        """Return which days are read by combination, and the day before which calls are missing, if any are."""
        summed = await read_combination_days(self._state)
        since = None if summed is None or is_per_call(chosen) or not in_days else summed.since(tags)
        split = _from_day(split_days(span, self._reporting), since, span, self._reporting)
        dropped = await self._state.get(DROPPED_BEFORE)
        if dropped is None or not split.edges:
            return split, None
        day = datetime.fromisoformat(dropped).astimezone(self._reporting).date()
        starts = [edge.start for edge in split.edges]
        missing = any(start is None or start < datetime.fromisoformat(dropped) for start in starts)
        return split, day if missing else None

    async def _fetch(self, query: LiteralString, params: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
        try:
            async with (
                limit_search(self._database),
                self._database.connection(self._seconds) as connection,
                connection.cursor(row_factory=dict_row) as cursor,
            ):
                await cursor.execute(query, params)
                (row,) = await cursor.fetchall()
        except errors.InvalidParameterValue as error:
            msg = f"The database does not know the time zone {zone.key!r}. Use another one."
            raise Problem.validation("query", "tz", msg=msg) from error
        return row


def _from_day(split: Split, since: date | None, span: Range, zone: ZoneInfo) -> Split:
    """Return a split without the days before `since`, which become an edge; None is after all days."""
    if split.first is None or split.last is None:
        return split
    if since is None or since >= split.last:
        return Split(None, None, (span,))
    if since <= split.first:
        return split
    edges = [Range(span.start, midnight(since, zone))]
    return Split(since, split.last, (*edges, *(edge for edge in split.edges if edge.start != span.start)))
