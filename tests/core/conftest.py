"""Fixtures of the host's tests: ad-hoc distributions, and a server for hostile clients."""

import httpx
import pytest
from core_kit import ARRIVAL, write_distribution

from llmring_server.testing import ServerProcess, fresh_database
from llmring_server.testing.process import variables


@pytest.fixture(scope="module")
def impatient_process(llmring_postgres, tmp_path_factory):
    """Serve with short time limits, for all tests of a module."""
    with fresh_database(llmring_postgres) as settings:
        given = {
            "LLMRING_PLUGINS": "aliases,usage",
            "LLMRING_ARRIVAL_TIMEOUT": str(ARRIVAL),
            "LLMRING_UNREAD_TIMEOUT": "1",
            "LLMRING_LOG_LEVEL": "warning",
        }
        log = tmp_path_factory.mktemp("hostile") / "server.log"
        running = ServerProcess({**variables(settings), **given}, log, "--ws", "none").wait_until_up()
        yield running
        running.stop()


@pytest.fixture
def impatient(impatient_process):
    """Yield the server with short time limits; check afterwards that it serves and has logged no failure."""
    yield impatient_process
    assert httpx.get(f"{impatient_process.url}/health/live").status_code == 200
    assert "Traceback" not in impatient_process.output()


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """Return a function that adds a distribution with a plugin to the import path."""

    def lay(*description, **options):
        folder = write_distribution(tmp_path, *description, **options)
        monkeypatch.syspath_prepend(str(folder))
        return folder

    return lay
