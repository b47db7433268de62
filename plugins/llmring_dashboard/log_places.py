"""The position of a receipt or a statement in the transparency log."""

from collections.abc import Awaitable

import msgspec

from llmring_server.contracts.log_places import LogPlace, NoPlace
from llmring_server.errors import Unavailable


class Logged(msgspec.Struct, frozen=True):
    """The position in the log: `place` if there is one, else the reason in `why` (`NoPlace.why`).

    `away` is the error if the log is unavailable; the rest of the page is shown without it.
    """

    place: LogPlace | None = None
    why: str | None = None
    away: str | None = None


async def logged(asked: Awaitable[LogPlace | NoPlace]) -> Logged:
    """Await a position and return it, or the reason or error if there is none."""
    try:
        found = await asked
    except Unavailable as away:
        return Logged(away=str(away.description))
    return Logged(place=found) if isinstance(found, LogPlace) else Logged(why=found.why)
