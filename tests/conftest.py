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

from llmring_server import shared_redis

# A package of its own, tested in its own environment by core/test_example_plugin.py.
collect_ignore = ["example_plugin"]


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
def small_registry(tmp_path: Path) -> Path:
    """Give a folder in upstream's layout that a test may change: openai.3, anthropic.2, google.1, real prices."""
    return Path(shutil.copytree(Path(__file__).parent / "registry", tmp_path / "registry"))


@pytest.fixture
def patient_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a Redis that a busy machine makes slow, in tests that are about something else."""
    monkeypatch.setattr(shared_redis, "TIMEOUT_SECONDS", 10.0)


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
