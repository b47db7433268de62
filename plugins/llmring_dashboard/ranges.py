"""Date ranges in a time zone, the previous range, and the presets to choose from. Pure functions."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from llmring_server.contracts.usage import Step
from llmring_server.errors import Problem
from llmring_server.zones import zone_of

DEFAULT_DAYS = 30
LONGEST_DAYS = 3_660
DAYS_BY_DAY, DAYS_BY_WEEK = 92, 731
LONGEST_STEP: Mapping[Step, int] = {"day": 1, "week": 7, "month": 31}
FIRST, LAST = date(1970, 1, 1), date(8999, 12, 31)


class RangeQuery(msgspec.Struct, frozen=True):
    """A date range in a query: first and last day, and the time zone."""

    start_date: str | None = None
    end_date: str | None = None
    tz: str | None = None


class Days(msgspec.Struct, frozen=True):
    """Whole days in a time zone, including the last."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def number(self) -> int:
        """The number of days."""
        return (self.last - self.first).days + 1

    @property
    def step(self) -> Step:
        """The width of a bar: a day, or a week or a month for long ranges."""
        if self.number <= DAYS_BY_DAY:
            return "day"
        return "week" if self.number <= DAYS_BY_WEEK else "month"

    def before(self) -> "Days":
        """Return the range of the same length that ends where this one begins."""
        length = timedelta(days=self.number)
        return Days(self.first - length, self.last - length, self.zone)

    def every(self) -> list[date]:
        """Return the first day of each bar, in order."""
        step = self.step
        found = [step_of(self.first, step)]
        while (following := step_of(found[-1] + timedelta(days=LONGEST_STEP[step]), step)) <= self.last:
            found.append(following)
        return found

    def query(self, **more: str) -> str:
        """Return this range as a query string."""
        return urlencode({"start_date": self.first, "end_date": self.last, "tz": self.zone.key, **more})


def days_of(query: RangeQuery, reporting: str, now: datetime) -> Days:
    """Return the range of a query; by default the last 30 days until today in the time zone.

    Raises:
        Problem: 422 for an invalid date or zone, an end before the start, or more than ten years.
    """
    zone = zone_of(query.tz or reporting)
    last = _date(query.end_date, "end_date") or _clamped(query, now.astimezone(zone).date())
    first = _date(query.start_date, "start_date") or last - timedelta(days=DEFAULT_DAYS - 1)
    if first > last:
        raise Problem.misfit("query", "start_date", msg="must not be after end_date")
    if (last - first).days >= LONGEST_DAYS:
        raise Problem.misfit("query", "start_date", msg=f"must be at most {LONGEST_DAYS:,} days before end_date")
    return Days(first, last, zone)


def picks(today: date, zone: ZoneInfo) -> list[tuple[str, Days]]:
    """Return the preset ranges with their names."""
    month = today.replace(day=1)
    last_month = month - timedelta(days=1)
    lately = [(f"{number} days", Days(today - timedelta(days=number - 1), today, zone)) for number in (7, 30, 90)]
    return [
        ("Today", Days(today, today, zone)),
        *lately,
        ("This month", Days(month, today, zone)),
        ("Last month", Days(last_month.replace(day=1), last_month, zone)),
    ]


def zone_names() -> list[str]:
    """Return the time zones to choose from: those named after places, and UTC."""
    return sorted(name for name in available_timezones() if "/" in name or name == "UTC")


def step_of(day: date, step: Step) -> date:
    """Return the first day of a day's bar; a week begins on Monday (ISO 8601)."""
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == "month" else day


def _clamped(query: RangeQuery, today: date) -> date:
    """Return today, or the requested first day if that is in the future."""
    return max(today, _date(query.start_date, "start_date") or today)


def _date(text: str | None, name: str) -> date | None:
    if text is None:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise Problem.misfit("query", name, msg="must be a date, such as 2026-11-23") from error
    if not FIRST <= found <= LAST:
        raise Problem.misfit("query", name, msg=f"must be a date from {FIRST} to {LAST}")
    return found
