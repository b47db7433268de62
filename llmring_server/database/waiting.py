"""Waiting at start for a database that comes later than its server."""

import logging
import time

import psycopg
from psycopg import errors

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.5
REFUSED = (errors.InvalidAuthorizationSpecification, errors.InvalidCatalogName)


def wait_for(conninfo: str, seconds: float) -> None:
    """Return when the database takes connections, or after `seconds`. Blocks.

    One that answers and refuses is not waited for; what is wrong when the time is up is left to whoever connects.
    """
    until = time.monotonic() + seconds
    told = False
    while time.monotonic() < until:
        try:
            psycopg.connect(conninfo).close()
        except REFUSED:
            return
        except psycopg.OperationalError as error:
            if not told:
                log.warning("waiting up to %.0f s for the database: %s", seconds, str(error).strip().partition("\n")[0])
            told = True
            time.sleep(PAUSE_SECONDS)
        else:
            return
