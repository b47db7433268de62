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
import pytest
from psycopg import sql

from llmring_server.database.embedded import EmbeddedPostgres

URL_VARIABLE = "LLMRING_TEST_DATABASE_URL"
CITUS_VARIABLE = "LLMRING_TEST_CITUS_URL"
RUN_VARIABLE = "PYTEST_XDIST_TESTRUNUID"


@pytest.fixture(scope="session")
def llmring_postgres() -> Iterator[str]:
    """Give the address of a PostgreSQL, shared by parallel workers.

    It is the one of `LLMRING_TEST_CITUS_URL` or `LLMRING_TEST_DATABASE_URL`, else the bundled one.
    """
    given = os.environ.get(CITUS_VARIABLE) or os.environ.get(URL_VARIABLE)
    if given:
        yield given
        return
    folder = Path(tempfile.gettempdir()) / f"llmring-test-{os.environ.get(RUN_VARIABLE, uuid.uuid4().hex)}"
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


@pytest.fixture
def llmring_database(llmring_postgres: str) -> Iterator[dict[str, Any]]:
    """Give the host's settings for a schema of this test's own, `{database_url, database_schema, …}`."""
    with fresh_database(llmring_postgres) as settings:
        yield settings


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
