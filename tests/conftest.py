"""What pytest must know before it collects, the figures that tests report, and the registry that several share."""

import functools
import shutil
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlparse

from llmring_server.runtime import redis
from llmring_server.testing import LiveServer

# A package of its own, tested in its own environment by core/test_example_plugin.py.
collect_ignore = ["example_plugin"]


# What takes a database, another process or a browser.
SLOW_FIXTURES = {"llmring_postgres", "llmring_process", "llmring_redis", "start_server", "browser"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make test ARGS=--full` test what `make test` only samples."""
    parser.addoption("--full", action="store_true", help="hold every conf to its description, with boundary values")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as `fast` what uses no slow fixture, for `make test-fast`, and begin with the modules that take long.

    Else a worker would have one of those still to do when the others are at their end.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    for item in items:
        if not SLOW_FIXTURES & set(getattr(item, "fixturenames", ())) and not item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.fast)


@pytest.fixture(scope="session", autouse=True)
def _once_a_run() -> Iterator[None]:
    """Do once what thousands of starts and clients would do alike, each of it longer than many a test.

    That is to split the text of a migration, and to read the system's certificates, which no test needs.
    """
    original = sqlparse.split
    split = functools.cache(lambda text: tuple(original(text)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlparse, "split", lambda text: list(split(text)))
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield


@pytest.fixture
def start_server(request: pytest.FixtureRequest) -> Callable[..., LiveServer]:
    """Give `llmring_shared`, or `llmring_live` to a test that is marked `own_server` or has a database of its own.

    Processes, commands and further servers of a test then work on the database of this server.
    """
    own = request.node.get_closest_marker("own_server") or "llmring_database" in request.fixturenames
    return request.getfixturevalue("llmring_live" if own else "llmring_shared")


@pytest.fixture(scope="session")
def constant_registry() -> Path:
    """Give a folder in upstream's layout that no test changes: openai.3, anthropic.2, google.1, real prices."""
    return Path(__file__).parent / "registry"


@pytest.fixture
def small_registry(constant_registry: Path, tmp_path: Path) -> Path:
    """Give the same in a folder that a test may change."""
    return Path(shutil.copytree(constant_registry, tmp_path / "registry"))


@pytest.fixture
def patient_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a Redis that a busy machine makes slow, in tests that are about something else."""
    monkeypatch.setattr(redis, "TIMEOUT_SECONDS", 10.0)


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str, object], None]:
    """Give a function that notes a measured figure, `figure("p99 of 800 reads", "3.1 ms")`, shown when the run ends.

    `record_property` does the same, but is refused beside the form of report that `.ci/run` asks for.
    """
    return lambda name, value: request.node.user_properties.append((name, str(value)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures that tests have noted, those of tests that failed too."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    figures = [(r.nodeid, name, value) for r in reports if r.when == "call" for name, value in r.user_properties]
    if figures:
        terminalreporter.section("figures")
    for nodeid, name, value in sorted(figures):
        terminalreporter.write_line(f"{nodeid.partition('::')[2]}: {name} {value}")


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Callable[[], Path]]:
    """Give a function that makes a folder which PostgreSQL's own user may enter; pytest closes its own to others."""
    with ExitStack() as stack:

        def make() -> Path:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="llmring-open-", ignore_cleanup_errors=True)))
            folder.chmod(0o755)
            return folder

        yield make
