"""The session secret in PostgreSQL, for deployments that configure none."""

import secrets

from llmring_server.database import Database

KEEP = """
    INSERT INTO dashboard_secrets (name, value) VALUES ('session', %(value)s)
    ON CONFLICT (name) DO UPDATE SET name = excluded.name
    RETURNING value
"""


async def kept_secret(database: Database) -> str:
    """Return the secret of this deployment; the first server creates it."""
    found = await database.fetch(KEEP, {"value": secrets.token_hex(32)})
    return str(found[0]["value"])
