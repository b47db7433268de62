"""The session secret of deployments that configure none: in a file of the data folder, or in PostgreSQL."""

import os
import secrets
import stat
import tempfile
from pathlib import Path

from llmring_server.database import Database
from llmring_server.errors import StartupError

FILE = "dashboard.secret"
OTHERS = stat.S_IRWXG | stat.S_IRWXO
INSERT_OR_SELECT = """
    INSERT INTO dashboard_secrets (name, value) VALUES ('session', %(value)s)
    ON CONFLICT (name) DO UPDATE SET name = excluded.name
    RETURNING value
"""


async def load_or_create_row(database: Database) -> str:
    """Return the secret in the database; the first server creates it."""
    rows = await database.fetch(INSERT_OR_SELECT, {"value": _create_secret()})
    return str(rows[0]["value"])


def load_or_create_file(folder: Path) -> str:
    """Return the secret in the file of a folder, with the mode 0600; the first process creates it. Blocks.

    Raises:
        StartupError: the file cannot be created or read, is empty, or other users may open it.
    """
    path = folder / FILE
    try:
        if not path.exists():
            _create_file(path)
        found, mode = path.read_text().strip(), path.stat().st_mode
    except OSError as error:
        raise StartupError(f"the secret of the dashboard's sessions cannot be stored: {error}") from error
    if mode & OTHERS:
        raise StartupError(f"other users may open {path}, which signs the dashboard's sessions; run `chmod 600 {path}`")
    if not found:
        raise StartupError(f"{path} is empty; remove it to create another secret for the dashboard's sessions")
    return found


def _create_file(path: Path) -> None:
    """Create the file with its content, unless another process does."""
    number, partial = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(number, "w") as file:
            file.write(_create_secret())
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(partial)
    except FileExistsError:
        return
    finally:
        Path(partial).unlink()


def _create_secret() -> str:
    return secrets.token_hex(32)
