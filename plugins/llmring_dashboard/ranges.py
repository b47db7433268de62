"""Which days a page shows: dates in a zone, the range before them, and what there is to pick. Pure functions."""

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
    """The range of a page in its address: first and last day, and the zone whose days they are."""

    start_date: str | None = None
    end_date: str | None = None
    tz: str | None = None


class Days(msgspec.Struct, frozen=True):
    """Whole days of a zone, the last included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def number(self) -> int:
        """How many days these are."""
        return (self.last - self.first).days + 1

    @property
    def step(self) -> Step:
        """How wide a bar of these days is: a day, and for long ranges a week or a month."""
        if self.number <= DAYS_BY_DAY:
            return "day"
        return "week" if self.number <= DAYS_BY_WEEK else "month"

    def before(self) -> "Days":
        """Return as many days as these, which end where these begin."""
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
        """Return these days as the query of an address."""
        return urlencode({"start_date": self.first, "end_date": self.last, "tz": self.zone.key, **more})


def days_of(query: RangeQuery, reporting: str, now: datetime) -> Days:
    """Return the days that an address names; by default the last 30, until today in the zone.

    Raises:
        Problem: 422 for what is no date or zone, a range that ends before it begins, or one of more than ten years.
    """
    zone = zone_of(query.tz or reporting)
    last = _date(query.end_date, "end_date") or _clamped(query, now.astimezone(zone).date())
    first = _date(query.start_date, "start_date") or last - timedelta(days=DEFAULT_DAYS - 1)
    if first > last:
        raise Problem.misfit("query", "start_date", msg="lies after end_date")
    if (last - first).days >= LONGEST_DAYS:
        raise Problem.misfit("query", "start_date", msg=f"at most {LONGEST_DAYS:,} days before end_date")
    return Days(first, last, zone)


def picks(today: date, zone: ZoneInfo) -> list[tuple[str, Days]]:
    """Return the ranges that a page offers, with their names."""
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
    """Return the zones that a page offers: those named after places, and UTC."""
    return sorted(name for name in available_timezones() if "/" in name or name == "UTC")


def step_of(day: date, step: Step) -> date:
    """Return the first day of the bar that a day lies in; a week begins on Monday (ISO 8601)."""
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == "month" else day


def _clamped(query: RangeQuery, today: date) -> date:
    """Return today, or the first day that was asked for where that is still to come."""
    return max(today, _date(query.start_date, "start_date") or today)


def _date(text: str | None, name: str) -> date | None:
    if text is None:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise Problem.misfit("query", name, msg="a date, such as 2026-11-23") from error
    if not FIRST <= found <= LAST:
        raise Problem.misfit("query", name, msg=f"a date from {FIRST} to {LAST}")
    return found
