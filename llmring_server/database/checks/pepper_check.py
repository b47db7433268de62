"""The check that the key pepper is the one that the database was created with."""

import hmac

import psycopg

from llmring_server.database import Database
from llmring_server.errors import DatabaseDown, StartupError

FINGERPRINT_OF = b"llmring-server key pepper"

STORE_FINGERPRINT = """
    INSERT INTO deployment (name, value) VALUES ('pepper_fingerprint', %(value)s)
    ON CONFLICT (name) DO UPDATE SET name = excluded.name
    RETURNING name, value
"""


async def check_pepper(database: Database, pepper: str) -> None:
    """Compare the pepper's fingerprint with the one in the table `deployment`, or store it there first.

    Raises:
        StartupError: the pepper has changed; with it every project would silently become a new, empty one.
    """
    mine = hmac.digest(pepper.encode(), FINGERPRINT_OF, "sha256").hex()
    try:
        stored = (await database.fetch(STORE_FINGERPRINT, {"value": mine}))[0]["value"]
    except psycopg.errors.UndefinedTable as error:
        raise StartupError("the database has no tables yet; run `llmring-server migrate` first") from error
    except psycopg.OperationalError as error:
        raise DatabaseDown("the database does not answer; see LLMRING_DATABASE_URL") from error
    if not hmac.compare_digest(stored, mine):
        raise StartupError(
            "LLMRING_KEY_PEPPER differs from the one this database was created with; restore it, otherwise no "
            "project's data can be found"
        )
