"""Date ranges in a time zone, the previous range, and the presets to choose from. Pure functions."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from llmring_server.contracts.usage import Step
from llmring_server.contracts.usage_filters import CallFilter
from llmring_server.http.errors import Problem
from llmring_server.runtime.timezones import zone_of

DEFAULT_DAYS = 30
MAX_DAYS = 3_660
DAYS_BY_DAY, DAYS_BY_WEEK = 92, 731
MAX_STEP_DAYS: Mapping[Step, int] = {"day": 1, "week": 7, "month": 31}
FIRST, LAST = date(1970, 1, 1), date(8999, 12, 31)
Filter = TypeVar("Filter", bound=CallFilter)


class DateRange(msgspec.Struct, frozen=True):
    """Whole days in a time zone, including the last."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def length(self) -> int:
        """The number of days."""
        return (self.last - self.first).days + 1

    @property
    def step(self) -> Step:
        """The width of a bar: a day, or a week or a month for long ranges."""
        if self.length <= DAYS_BY_DAY:
            return "day"
        return "week" if self.length <= DAYS_BY_WEEK else "month"

    def previous(self) -> "DateRange":
        """Return the range of the same length that ends where this one begins."""
        length = timedelta(days=self.length)
        return DateRange(self.first - length, self.last - length, self.zone)

    def step_starts(self) -> list[date]:
        """Return the first day of each bar, in order."""
        step = self.step
        found = [start_of_step(self.first, step)]
        while (following := start_of_step(found[-1] + timedelta(days=MAX_STEP_DAYS[step]), step)) <= self.last:
            found.append(following)
        return found

    def narrow(self, chosen: Filter) -> Filter:
        """Return a filter with this range."""
        first, last = self.first.isoformat(), self.last.isoformat()
        return msgspec.structs.replace(chosen, start_date=first, end_date=last, tz=self.zone.key)


def parse_range(query: CallFilter, default_zone: str, now: datetime) -> DateRange:
    """Return the range of a query; by default the last 30 days until today in the time zone.

    Raises:
        Problem: 422 for an invalid date or zone, an end before the start, or more than ten years.
    """
    zone = zone_of(query.tz or default_zone)
    last = _parse_date(query.end_date, "end_date") or _default_last_day(query, now.astimezone(zone).date())
    first = _parse_date(query.start_date, "start_date") or last - timedelta(days=DEFAULT_DAYS - 1)
    if first > last:
        raise Problem.validation("query", "start_date", msg="must not be after end_date")
    if (last - first).days >= MAX_DAYS:
        raise Problem.validation("query", "start_date", msg=f"must be at most {MAX_DAYS:,} days before end_date")
    return DateRange(first, last, zone)


def list_presets(today: date, zone: ZoneInfo) -> list[tuple[str, DateRange]]:
    """Return the preset ranges with their names."""
    month = today.replace(day=1)
    last_month = month - timedelta(days=1)
    recent = [(f"{length} days", DateRange(today - timedelta(days=length - 1), today, zone)) for length in (7, 30, 90)]
    return [
        ("Today", DateRange(today, today, zone)),
        *recent,
        ("This month", DateRange(month, today, zone)),
        ("Last month", DateRange(last_month.replace(day=1), last_month, zone)),
    ]


def start_of_step(day: date, step: Step) -> date:
    """Return the first day of a day's bar; a week begins on Monday (ISO 8601)."""
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == "month" else day


def _default_last_day(query: CallFilter, today: date) -> date:
    """Return today, or the requested first day if that is in the future."""
    return max(today, _parse_date(query.start_date, "start_date") or today)


def _parse_date(text: str | None, name: str) -> date | None:
    if text is None:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise Problem.validation("query", name, msg="must be a date, such as 2026-11-23") from error
    if not FIRST <= found <= LAST:
        raise Problem.validation("query", name, msg=f"must be a date from {FIRST} to {LAST}")
    return found
