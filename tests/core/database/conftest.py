"""Fixtures of the bundled PostgreSQL on a folder of the test."""

import subprocess

import pytest
from embedded_kit import Postgres


@pytest.fixture(scope="module")
def initialised(open_folder):
    """An initialised data folder; tests copy it, which is faster than `initdb`."""
    folder = open_folder() / "initialised"
    postgres = Postgres(folder)
    postgres.start()
    assert postgres.stop()
    with (postgres.pgdata / "postgresql.conf").open("a") as configuration:
        configuration.write("fsync = off\n")
    return folder


@pytest.fixture
def folder(open_folder):
    return open_folder()


@pytest.fixture
def postgres(folder, initialised):
    data = folder / "data"
    subprocess.run(["cp", "-a", initialised, data], check=True)
    server = Postgres(data)
    yield server
    server.stop()
