"""Leap seconds in times of RFC 3339 (§5.7), which Python's datetime does not have."""

import re
from datetime import UTC, datetime

_LEAP_SECOND = re.compile(r"(.+[0-9]{2}:[0-9]{2}:)60(.*)")


def move_leap_second(text: str) -> str | None:
    """Return a time in a leap second (23:59:60 UTC) as the second before; None for any other text."""
    found = _LEAP_SECOND.fullmatch(text)
    if found is None:
        return None
    moved = f"{found[1]}59{found[2]}"
    try:
        moment = datetime.fromisoformat(moved).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moved if (moment.hour, moment.minute) == (23, 59) else None
