"""The comparison of this machine's clock with the database's, before anything that cannot be undone."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg

MAX_DIFFERENCE = timedelta(minutes=5)


class WrongClock(psycopg.OperationalError):
    """One of the two clocks is wrong; an error of the database, so that periodic work is tried again."""


def compare_clocks(before: datetime, database: datetime, after: datetime) -> None:
    """Compare the database's clock with this machine's, read before and after it.

    Raises:
        WrongClock: they differ by more than `MAX_DIFFERENCE`; the message is a single line.
    """
    if before - MAX_DIFFERENCE <= database <= after + MAX_DIFFERENCE:
        return
    direction = "ahead of" if database < before else "behind"
    raise WrongClock(
        f"this machine's clock ({after:%F %T} UTC) is more than 5 minutes {direction} the database's "
        f"({database:%F %T} UTC); set the wrong one, and keep both right with NTP"
    )


async def check(fetch: Callable[[LiteralString], Awaitable[Sequence[dict[str, Any]]]]) -> None:
    """Compare the clocks; `fetch` runs a statement.

    Raises:
        WrongClock: they differ by more than `MAX_DIFFERENCE`.
    """
    before = now()
    (found,) = await fetch("SELECT clock_timestamp() AS now")
    compare_clocks(before, found["now"], now())


def now() -> datetime:
    """Return the time (UTC) of this machine's clock."""
    return datetime.now(UTC)
