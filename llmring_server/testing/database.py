"""A real PostgreSQL for a test run, and a fresh schema for each test."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from llmring_server.database.embedded import EmbeddedPostgres

URL_VARIABLE = "LLMRING_TEST_DATABASE_URL"
CITUS_VARIABLE = "LLMRING_TEST_CITUS_URL"
RUN_VARIABLE = "PYTEST_XDIST_TESTRUNUID"


@contextmanager
def running_postgres() -> Iterator[str]:
    """Give the address of a PostgreSQL, shared by parallel workers; see the fixture `llmring_postgres`."""
    given = os.environ.get(CITUS_VARIABLE) or os.environ.get(URL_VARIABLE)
    if given:
        yield given
        return
    folder = Path(tempfile.gettempdir()) / f"llmring-test-{os.environ.get(RUN_VARIABLE) or uuid.uuid4().hex}"
    postgres = EmbeddedPostgres(folder)
    try:
        url = postgres.start()
        _write_at_leisure(url)
        yield url
    finally:
        if postgres.stop():
            shutil.rmtree(folder, ignore_errors=True)


def _write_at_leisure(postgres: str) -> None:
    """Leave writing to the system: a killed process loses nothing, and a machine that fails ends the run anyhow."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET full_page_writes = off")
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def fresh_database(postgres: str) -> Iterator[dict[str, Any]]:
    """Give the host's settings for a fresh schema, dropped at the end; for fixtures that outlive one test.

    On the cluster of `LLMRING_TEST_CITUS_URL` its tables are distributed as they are made.
    """
    schema = f"test_{uuid.uuid4().hex[:16]}"
    yield {
        "database_url": postgres,
        "database_schema": schema,
        "database_pool_size": 4,
        "database_pool_overflow": 0,
        "database_distribute": bool(os.environ.get(CITUS_VARIABLE)),
    }
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
