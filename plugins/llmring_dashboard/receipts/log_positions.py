"""The position of a receipt or a statement in the transparency log."""

from collections.abc import Awaitable

import msgspec

from llmring_server.contracts.transparency import LogPosition, NoPosition
from llmring_server.http.errors import Unavailable


class LogStatus(msgspec.Struct, frozen=True):
    """The position in the log: `position` if there is one, else the `reason` (`NoPosition.why`).

    `error` is set if the log is unavailable; the rest of the page is still shown.
    """

    position: LogPosition | None = None
    reason: str | None = None
    error: str | None = None


async def load_log_status(lookup: Awaitable[LogPosition | NoPosition]) -> LogStatus:
    """Await a position and return it, or the reason or error if there is none."""
    try:
        found = await lookup
    except Unavailable as error:
        return LogStatus(error=str(error.description))
    return LogStatus(position=found) if isinstance(found, LogPosition) else LogStatus(reason=found.why)
