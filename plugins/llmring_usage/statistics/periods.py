"""Ranges of time and the periods within them, in any zone. Pure functions.

A range is half-open and in UTC: `[start, end)`, either side open-ended. A bare date means the whole day in the zone. No
call is before 1900 or after 9000, so bounds are clamped to these years, which every zone supports.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from llmring_server.http.errors import Problem

Grouping = Literal["day", "week", "month"]

QUARTER = timedelta(minutes=15)
ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9000, 1, 1)
FIRST_INSTANT, LAST_INSTANT = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Range(msgspec.Struct, frozen=True):
    """A half-open range of instants, UTC; None leaves a side open."""

    start: datetime | None
    end: datetime | None


class Split(msgspec.Struct, frozen=True):
    """A range split at bucket boundaries: its whole buckets, and the remaining edges.

    `first` and `last` bound the buckets, `[first, last)`: days or instants; both None without a whole bucket.
    """

    first: date | None
    last: date | None
    edges: tuple[Range, ...]


def parse_range(start: str | None, end: str | None, zone: ZoneInfo) -> Range:
    """Return the range of two query parameters; an end that is a date includes its day.

    Raises:
        Problem: 422 for a value that is neither a date nor a time, or a start after the end.
    """
    begin, _ = (None, False) if start is None else _parse_instant(start, "start_date", zone, whole_day=False)
    stop, by_day = (None, False) if end is None else _parse_instant(end, "end_date", zone, whole_day=True)
    if begin is not None and stop is not None and (begin > stop or (by_day and begin == stop)):
        raise Problem.validation("query", "start_date", msg="Must not be after end_date.")
    return Range(begin, stop)


def parse_time(text: str, name: str, zone: ZoneInfo) -> datetime:
    """Return the time (UTC) of a query parameter; a bare date is its beginning in a zone.

    Raises:
        Problem: 422 for a value that is neither a date nor a time.
    """
    return _parse_instant(text, name, zone, whole_day=False)[0]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which a day begins in a zone, also if its midnight is skipped or repeated."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def first_whole_day(moment: datetime, zone: ZoneInfo) -> date:
    """Return the first day of a zone that begins at a time or after it."""
    day = moment.astimezone(zone).date()
    return day + timedelta(days=midnight(day, zone) < moment)


def split_days(span: Range, zone: ZoneInfo) -> Split:
    """Split a range at the midnights of a zone."""
    first, last = FIRST_DAY, LAST_DAY
    if span.start is not None:
        first = span.start.astimezone(zone).date()
        first += timedelta(days=midnight(first, zone) < span.start)
    if span.end is not None:
        last = span.end.astimezone(zone).date()
    if first >= last:
        return _unsplit(span)
    return Split(first, last, _edges(span, midnight(first, zone), midnight(last, zone)))


def months_within(split: Split) -> tuple[date, date] | None:
    """Return the days that bound the whole months among a split range's days, `[first, last)`; None without any."""
    if split.first is None or split.last is None:
        return None
    first, last = split.first, split.last.replace(day=1)
    if first.day > 1:
        first = (first.replace(day=1) + timedelta(days=31)).replace(day=1)
    return (first, last) if first < last else None


def split_quarters(span: Range) -> Split:
    """Split a range at quarter hours."""
    first = FIRST_INSTANT if span.start is None else ORIGIN - (ORIGIN - span.start) // QUARTER * QUARTER
    last = LAST_INSTANT if span.end is None else ORIGIN + (span.end - ORIGIN) // QUARTER * QUARTER
    return Split(first, last, _edges(span, first, last)) if first < last else _unsplit(span)


def _unsplit(span: Range) -> Split:
    empty = span.start is not None and span.end is not None and span.start >= span.end
    return Split(None, None, () if empty else (span,))


def _edges(span: Range, first: datetime, last: datetime) -> tuple[Range, ...]:
    """Return the parts of a range before the first whole bucket and after the last."""
    edges = []
    if span.start is not None and span.start < first:
        edges.append(Range(span.start, first))
    if span.end is not None and last < span.end:
        edges.append(Range(last, span.end))
    return tuple(edges)


def _parse_instant(text: str, name: str, zone: ZoneInfo, *, whole_day: bool) -> tuple[datetime, bool]:
    """Return the instant of a date or a time, and whether it was a date; with `whole_day`, a date is its end."""
    try:
        day = _parse_date(text)
        if day is not None:
            day = min(max(day, FIRST_DAY), LAST_DAY)
            return midnight(day + timedelta(days=1 if whole_day else 0), zone), True
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if not FIRST_DAY < moment.date() < LAST_DAY:
            return (FIRST_INSTANT if moment.date() <= FIRST_DAY else LAST_INSTANT), False
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC), False
    except (ValueError, OverflowError) as error:
        raise Problem.validation(
            "query", name, msg="Must be a date (2026-11-23) or a time (2026-11-23T16:00:00Z)."
        ) from error


def _parse_date(text: str) -> date | None:
    """Return a date in any form of ISO 8601 (`20261123`, `2026-W48-1`), or None for another text."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
