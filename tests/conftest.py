"""The configuration of pytest, the reporting of measured values, and fixtures that several folders share."""

import functools
import shutil
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlparse

from llmring_server.database.checks import clock
from llmring_server.runtime import redis
from llmring_server.testing import LiveServer

# A separate package, tested in its own environment by core/test_example_plugin.py.
collect_ignore = ["example_plugin"]


# Fixtures with a database, another process or a browser.
SLOW_FIXTURES = {
    "browser", "llmring_postgres", "llmring_process", "llmring_redis", "open_folder", "postgres", "start_server",
}  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--full`: `make test ARGS=--full` tests what `make test` only samples."""
    parser.addoption("--full", action="store_true", help="test every conf and boundary values")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests without slow fixtures as `fast`, for `make test-fast`, and run the slow modules first.

    Otherwise one worker would still run a slow module when the others have finished.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    for item in items:
        if not SLOW_FIXTURES & set(getattr(item, "fixturenames", ())) and not item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.fast)


@pytest.fixture(scope="session", autouse=True)
def _cache_slow_calls() -> Iterator[None]:
    """Cache slow calls that thousands of starts and clients would repeat.

    These split the text of a migration, and load the system's certificates, which no test needs.
    """
    original = sqlparse.split
    split = functools.cache(lambda text: tuple(original(text)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlparse, "split", lambda text: list(split(text)))
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield


@pytest.fixture
def start_server(request: pytest.FixtureRequest) -> Callable[..., LiveServer]:
    """Return `llmring_shared`, or `llmring_live` for a test that is marked `own_server` or has its own database.

    Processes, commands and further servers of such a test then use the database of this server.
    """
    own = request.node.get_closest_marker("own_server") or "llmring_database" in request.fixturenames
    return request.getfixturevalue("llmring_live" if own else "llmring_shared")


@pytest.fixture(scope="session")
def constant_registry() -> Path:
    """Return a folder in upstream's layout that no test changes: openai.3, anthropic.2, google.1, real prices."""
    return Path(__file__).parent / "registry"


@pytest.fixture
def small_registry(constant_registry: Path, tmp_path: Path) -> Path:
    """Return a copy of it that a test may change."""
    return Path(shutil.copytree(constant_registry, tmp_path / "registry"))


@pytest.fixture
def shift_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that sets this machine's clock, as compared with the database's, ahead by some minutes."""
    right = clock.now
    return lambda minutes: monkeypatch.setattr(clock, "now", lambda: right() + timedelta(minutes=minutes))


@pytest.fixture
def patient_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise the timeout of Redis, for tests of other things on a busy machine."""
    monkeypatch.setattr(redis, "TIMEOUT_SECONDS", 10.0)


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str, object], None]:
    """Return a function that records a measured value, `figure("p99 of 800 reads", "3.1 ms")`, printed after the run.

    `record_property` does the same, but does not work with the report format of `.ci/run`.
    """
    return lambda name, value: request.node.user_properties.append((name, str(value)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the values that tests have recorded, including failed tests."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    figures = [(r.nodeid, name, value) for r in reports if r.when == "call" for name, value in r.user_properties]
    if figures:
        terminalreporter.section("figures")
    for nodeid, name, value in sorted(figures):
        terminalreporter.write_line(f"{nodeid.partition('::')[2]}: {name} {value}")


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Callable[[], Path]]:
    """Yield a function that creates a folder that PostgreSQL's user may enter, unlike those of pytest."""
    with ExitStack() as stack:

        def make() -> Path:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="llmring-open-", ignore_cleanup_errors=True)))
            folder.chmod(0o755)
            return folder

        yield make
