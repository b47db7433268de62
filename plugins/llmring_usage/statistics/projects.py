"""The usage of all projects: a page of them for a range of days, for the operator of a deployment.

Sums come from the days of the reporting zone; where days of another zone begin within one of these, from quarter hours.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

import msgspec
from psycopg.rows import class_row

from llmring_server.contracts.projects import ProjectSort, ProjectUsage, ProjectUsagePage
from llmring_server.contracts.usage_filters import Breakdown, CallFilter
from llmring_server.database import Database
from llmring_server.database.connections import Connection
from llmring_server.http import codec
from llmring_server.http.errors import Problem
from llmring_server.runtime.timezones import zone_of
from llmring_usage.settings import UsageSettings
from llmring_usage.statistics.breakdown_sql import OPERATOR_DIMENSIONS, validate_dimensions
from llmring_usage.statistics.filtered import FilteredStatistics
from llmring_usage.statistics.periods import (
    FIRST_DAY,
    LAST_DAY,
    ORIGIN,
    QUARTER,
    Range,
    midnight,
    parse_range,
    split_days,
)
from llmring_usage.statistics.range_sql import NUMBERS
from llmring_usage.tables.log_columns import COUNTED
from llmring_usage.tables.rollups import QUARTERS_DAY

DEFAULT_DAYS = 30
SECONDS = 5.0
SUMS: LiteralString = "cost, requests, errors, unpriced_requests"
# Each call is in one row of this kind, since every call has a profile.
DAYS: LiteralString = "SELECT project_id, day, " + SUMS + " FROM usage_daily WHERE kind = 'profile'"
QUARTERS: LiteralString = (
    "SELECT project_id, " + QUARTERS_DAY + " AS day, " + SUMS + " FROM usage_quarters WHERE kind = 'profile'"
)
ORDERS: Mapping[ProjectSort, LiteralString] = {
    "cost": "cost",
    "requests": "requests",
    "errors": "errors",
    "unpriced": "unpriced",
    "last_call": "(last_day - date '1970-01-01')",
}
# The quarter hour limits the raw rows to read; where they were dropped, it is the answer.
LAST_CALLS: LiteralString = (
    """
    SELECT latest.project_id, coalesce(max(occurred_at), max(quarter)) AS last_call
    FROM (
        SELECT project_id, max(quarter) AS quarter
        FROM usage_quarters
        JOIN json_to_recordset(%(days)s::json) AS page(project_id text, start timestamptz, stop timestamptz)
            USING (project_id)
        WHERE kind = 'profile' AND requests > 0 AND quarter >= start AND quarter < stop
        GROUP BY project_id
    ) AS latest
    LEFT JOIN usage_logs ON usage_logs.project_id = latest.project_id
        AND occurred_at >= quarter AND occurred_at < quarter + interval '15 minutes' AND """
    + COUNTED
    + " GROUP BY latest.project_id"
)


class ProjectSums(msgspec.Struct, frozen=True):
    """The sums of a project, and the day of its last call in the reporting zone."""

    project_id: str
    cost: Decimal
    requests: int
    errors: int
    unpriced: int
    last_day: date


class ProjectPosition(msgspec.Struct, frozen=True, array_like=True):
    """The end of a page: its order, and that value and the id of its last project."""

    sort: ProjectSort
    value: Decimal
    project_id: str


_position = msgspec.json.Decoder(ProjectPosition)


class ProjectsQuery:
    """Queries the usage of all projects, with a limit of time of its own: the contract `OperatorReading`."""

    def __init__(self, database: Database, settings: UsageSettings) -> None:
        self._database = database
        self._reporting = ZoneInfo(settings.timezone)
        self._statistics = FilteredStatistics(database, settings, SECONDS)

    async def breakdown(self, chosen: CallFilter, by: Sequence[str], top: int) -> Breakdown:
        """Return the sums of the calls of all projects that match a filter, by one or two dimensions."""
        validate_dimensions(by, OPERATOR_DIMENSIONS)
        zone = zone_of(chosen.tz) if chosen.tz else self._reporting
        recent = chosen.start_date is None and chosen.end_date is None
        span = _parse_span(None, None, zone) if recent else parse_range(chosen.start_date, chosen.end_date, zone)
        return await self._statistics.breakdown(None, span, zone, chosen, by, top)

    async def project_page(
        self, start_date: str | None, end_date: str | None, tz: str | None, sort: ProjectSort, limit: int,
        cursor: str | None,
    ) -> ProjectUsagePage:  # fmt: skip
        """Return up to `limit` projects with calls in a range of days, the highest first, after a cursor."""
        span = _parse_span(start_date, end_date, zone_of(tz) if tz else self._reporting)
        query, params = self.statement(span, sort, limit, _read_cursor(cursor, sort) if cursor else None)
        async with self._database.connection(SECONDS) as connection:
            async with connection.cursor(row_factory=class_row(ProjectSums)) as rows:
                await rows.execute(query, params)
                found = await rows.fetchall()
            page = found[:limit]
            last_calls = await self._last_calls(connection, page, span)
        following = _write_cursor(page[-1], sort) if len(found) > limit else None
        return ProjectUsagePage([_to_usage(one, last_calls[one.project_id]) for one in page], following)

    def statement(
        self, span: Range, sort: ProjectSort, limit: int, after: ProjectPosition | None
    ) -> tuple[LiteralString, dict[str, Any]]:
        """Return the statement of a page and its parameters."""
        params: dict[str, Any] = {"zone": self._reporting.key, "limit": limit + 1}
        condition: LiteralString = ""
        value = ORDERS[sort]
        if after is not None:
            condition = " WHERE (" + value + ", project_id) < (%(after)s, %(after_id)s)"
            params |= {"after": after.value, "after_id": after.project_id}
        query: LiteralString = (
            "SELECT * FROM (SELECT project_id, sum(cost) AS cost, sum(requests)::bigint AS requests,"
            " sum(errors)::bigint AS errors, sum(unpriced_requests)::bigint AS unpriced,"
            " max(day) FILTER (WHERE requests > 0) AS last_day FROM ("
            + self._calls_sql(span, params) + ") AS calls GROUP BY project_id HAVING sum(requests) > 0) AS summed"
            + condition + " ORDER BY " + value + " DESC, project_id DESC LIMIT %(limit)s"
        )  # fmt: skip
        return query, params

    def _calls_sql(self, span: Range, params: dict[str, Any]) -> LiteralString:
        """Return the SELECT of a range's sums, by whole days and by quarter hours at its edges."""
        split, parts = split_days(span, self._reporting), []
        if split.first is not None:
            parts.append(DAYS + " AND day >= %(first)s AND day < %(last)s")
            params |= {"first": split.first, "last": split.last}
        for number, edge in zip(NUMBERS, split.edges, strict=False):
            parts.append(QUARTERS + " AND quarter >= %(from" + number + ")s AND quarter < %(to" + number + ")s")
            params |= {"from" + number: edge.start, "to" + number: edge.end}
        return " UNION ALL ".join(parts)

    async def _last_calls(
        self, connection: Connection, page: Sequence[ProjectSums], span: Range
    ) -> Mapping[str, datetime]:
        """Return the time (UTC) of each project's last call in a range.

        If that is taken back meanwhile, it is the start of its day.
        """
        days = [{"project_id": one.project_id, **self._day_bounds(one.last_day, span)} for one in page]
        found = await connection.execute(LAST_CALLS, {"days": codec.encode(days).decode()})
        starts = {one.project_id: self._day_bounds(one.last_day, span)["start"] for one in page}
        return {**starts, **dict(await found.fetchall())}

    def _day_bounds(self, day: date, span: Range) -> dict[str, datetime | None]:
        start, stop = midnight(day, self._reporting), midnight(day + timedelta(days=1), self._reporting)
        return {"start": max(start, span.start or start), "stop": min(stop, span.end or stop)}


def _to_usage(sums: ProjectSums, last_call: datetime) -> ProjectUsage:
    return ProjectUsage(sums.project_id, sums.cost, sums.requests, sums.errors, sums.unpriced, last_call)


def _parse_span(start: str | None, end: str | None, zone: ZoneInfo) -> Range:
    """Return the range of two days, both inclusive, whose bounds are quarter hours.

    Raises:
        Problem: 422 for a text that is not a date, or a start after the end.
    """
    last = datetime.now(UTC).astimezone(zone).date() if end is None else _parse_day(end, "end_date")
    first = last - timedelta(days=DEFAULT_DAYS - 1) if start is None else _parse_day(start, "start_date")
    if first > last:
        raise Problem.validation("query", "start_date", msg="Must not be after end_date.")
    return Range(_to_quarter(midnight(first, zone)), _to_quarter(midnight(last + timedelta(days=1), zone)))


def _parse_day(text: str, name: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Problem.validation("query", name, msg="Must be a date, such as 2026-11-23.") from error
    return min(max(day, FIRST_DAY), LAST_DAY)


def _to_quarter(moment: datetime) -> datetime:
    """Return the quarter hour of an instant: no zone has had other midnights since 1972."""
    return ORIGIN + (moment - ORIGIN) // QUARTER * QUARTER


def _write_cursor(last: ProjectSums, sort: ProjectSort) -> str:
    value = (last.last_day - ORIGIN.date()).days if sort == "last_call" else getattr(last, sort)
    position = ProjectPosition(sort, Decimal(value), last.project_id)
    return base64.urlsafe_b64encode(codec.encode(position)).rstrip(b"=").decode()


def _read_cursor(text: str, sort: ProjectSort) -> ProjectPosition:
    """Return the position of a cursor.

    Raises:
        Problem: 422 for a text that is not a cursor of this order.
    """
    try:
        found = _position.decode(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        if found.sort != sort:
            raise ValueError(found.sort)
    except (ValueError, msgspec.MsgspecError) as error:
        raise Problem.validation(
            "query", "cursor", msg="Not a cursor of this list. Use the one from the Link header."
        ) from error
    return found
