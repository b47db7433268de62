"""The session secret in PostgreSQL, for deployments that configure none."""

import secrets

from llmring_server.database import Database

INSERT_OR_SELECT = """
    INSERT INTO dashboard_secrets (name, value) VALUES ('session', %(value)s)
    ON CONFLICT (name) DO UPDATE SET name = excluded.name
    RETURNING value
"""


async def load_or_create_secret(database: Database) -> str:
    """Return the secret of this deployment; the first server creates it."""
    rows = await database.fetch(INSERT_OR_SELECT, {"value": secrets.token_hex(32)})
    return str(rows[0]["value"])
