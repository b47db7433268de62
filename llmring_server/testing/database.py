"""A real PostgreSQL for a test run, and a new schema for each test."""

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
def run_postgres() -> Iterator[str]:
    """Yield the address of a PostgreSQL, shared by parallel workers; see the fixture `llmring_postgres`."""
    given = os.environ.get(CITUS_VARIABLE) or os.environ.get(URL_VARIABLE)
    if given:
        yield given
        return
    folder = Path(tempfile.gettempdir()) / f"llmring-test-{os.environ.get(RUN_VARIABLE) or uuid.uuid4().hex}"
    postgres = EmbeddedPostgres(folder)
    try:
        url = postgres.start()
        _disable_durability(url)
        yield url
    finally:
        if postgres.stop():
            shutil.rmtree(folder, ignore_errors=True)


def _disable_durability(postgres: str) -> None:
    """Do not wait for the disk: killed processes lose nothing, and a crash of the machine ends the test run anyway."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET full_page_writes = off")
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def fresh_database(postgres: str) -> Iterator[dict[str, Any]]:
    """Yield the host's settings for a new schema, dropped at the end; for fixtures of a wider scope than one test.

    On the cluster of `LLMRING_TEST_CITUS_URL` its tables are distributed by the migrations.
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
