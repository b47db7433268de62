"""Time zones by name, as in requests."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from llmring_server.http.errors import Problem

# Names that the system's time zone database may have, but PostgreSQL's does not.
SYSTEMS_OWN = re.compile("(posix|right)/.*|posixrules|localtime")


def zone_of(name: str) -> ZoneInfo:
    """Return a zone by its IANA name.

    Raises:
        Problem: 422 for an unknown name.
    """
    try:
        if SYSTEMS_OWN.fullmatch(name):
            raise ValueError(name)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Problem.validation("query", "tz", msg="Must be an IANA time zone, such as Europe/Madrid.") from error
