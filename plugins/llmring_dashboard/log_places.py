"""Where a receipt or a statement stands in the transparency log, as a page shows it."""

from collections.abc import Awaitable

import msgspec

from llmring_server.contracts.log_places import LogPlace, NoPlace
from llmring_server.errors import Unavailable


class Logged(msgspec.Struct, frozen=True):
    """What is known of a place: `place` where there is one, else `why` there is none (`NoPlace.why`).

    `away` says in words why the log cannot tell at the moment; the rest of the page is not held up by that.
    """

    place: LogPlace | None = None
    why: str | None = None
    away: str | None = None


async def logged(asked: Awaitable[LogPlace | NoPlace]) -> Logged:
    """Return what a page shows of what was asked of the log."""
    try:
        found = await asked
    except Unavailable as away:
        return Logged(away=str(away.description))
    return Logged(place=found) if isinstance(found, LogPlace) else Logged(why=found.why)
