"""Time zones by their names, as requests give them."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from llmring_server.errors import Problem


def zone_of(name: str) -> ZoneInfo:
    """Return a zone by its IANA name.

    Raises:
        Problem: 422 for a name that is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Problem.misfit("query", "tz", msg="an IANA time zone, such as Europe/Madrid") from error
