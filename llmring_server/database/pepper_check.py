"""Facts of one deployment that every start must agree with: kept in the table `deployment`."""

import hmac

import psycopg

from llmring_server.database import Database
from llmring_server.errors import StartupError

FINGERPRINT_OF = b"llmring-server key pepper"

KEEP = """
    INSERT INTO deployment (name, value) VALUES ('pepper_fingerprint', %(value)s)
    ON CONFLICT (name) DO UPDATE SET name = excluded.name
    RETURNING name, value
"""


async def check_pepper(database: Database, pepper: str) -> None:
    """Hold the pepper against the one that this database was made with, by a fingerprint.

    Raises:
        StartupError: it is another; with it every project would silently become a new, empty one.
    """
    mine = hmac.digest(pepper.encode(), FINGERPRINT_OF, "sha256").hex()
    try:
        kept = (await database.fetch(KEEP, {"value": mine}))[0]["value"]
    except psycopg.errors.UndefinedTable as error:
        raise StartupError("the database has no tables yet; run `llmring-server migrate` first") from error
    except psycopg.OperationalError as error:
        raise StartupError("the database does not answer; see LLMRING_DATABASE_URL") from error
    if not hmac.compare_digest(kept, mine):
        raise StartupError(
            "LLMRING_KEY_PEPPER differs from the one this database was made with; set it back, or every "
            "project's data is out of reach"
        )
