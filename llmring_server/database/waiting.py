"""Waiting for the database at start."""

import logging
import time

import psycopg
from psycopg import errors

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.5
REFUSED = (errors.InvalidAuthorizationSpecification, errors.InvalidCatalogName, errors.InvalidPassword)


def wait_for(conninfo: str, seconds: float) -> None:
    """Return when the database accepts connections, or after `seconds`. Blocks.

    A refusal by the database ends the wait; errors are left to the next connection attempt.
    """
    until = time.monotonic() + seconds
    logged = False
    while time.monotonic() < until:
        try:
            psycopg.connect(conninfo).close()
        except REFUSED:
            return
        except psycopg.OperationalError as error:
            if not logged:
                log.warning("waiting up to %.0f s for the database: %s", seconds, str(error).strip().partition("\n")[0])
            logged = True
            time.sleep(PAUSE_SECONDS)
        else:
            return
