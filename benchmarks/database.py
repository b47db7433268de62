"""The bundled PostgreSQL of a run, in a folder that its user can enter."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from llmring_server.database.embedded import EmbeddedPostgres
from llmring_server.settings import Settings

SEEDED = "seeded"
WRITTEN = "written"
REACHABLE = 0o755


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a temporary folder that the user `pgserver` can enter; it is removed at the end."""
    path = Path(tempfile.mkdtemp(prefix="llmring-bench-"))
    path.chmod(REACHABLE)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def postgres(data: Path) -> Iterator[str]:
    """Run the bundled PostgreSQL on a folder, and yield its address."""
    bundled = EmbeddedPostgres(data)
    try:
        yield bundled.start()
    finally:
        bundled.stop()


@contextmanager
def data_folder(given: Path | None) -> Iterator[Path]:
    """Yield the given folder, which is not deleted, or a temporary one."""
    with contextlib.ExitStack() as stack:
        yield given or stack.enter_context(folder())


def settings_for(url: str, schema: str) -> Settings:
    """Return the settings of a server on one schema of the run's database."""
    return Settings(plugins=("usage",), tables={}, database_url=url, database_schema=schema, log_level="warning")


def drop(url: str, schema: str) -> None:
    """Drop a schema and everything in it."""
    with psycopg.connect(url, autocommit=True, options="-c client_min_messages=warning") as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())


def postmaster(data: Path) -> int:
    """Return the process id of the PostgreSQL that is running on a folder."""
    return int((data / "postgres" / "postmaster.pid").read_text().split()[0])
