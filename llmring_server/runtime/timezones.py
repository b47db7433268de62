"""Time zones by their names, as requests give them."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from llmring_server.http.errors import Problem

# Names that a system's copy of the zones may have besides, and PostgreSQL's has not.
SYSTEMS_OWN = re.compile("(posix|right)/.*|posixrules|localtime")


def zone_of(name: str) -> ZoneInfo:
    """Return a zone by its IANA name.

    Raises:
        Problem: 422 for a name that is none.
    """
    try:
        if SYSTEMS_OWN.fullmatch(name):
            raise ValueError(name)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Problem.validation("query", "tz", msg="an IANA time zone, such as Europe/Madrid") from error
