"""The published client, `llmring` 1.4.0, in a separate environment: installed once per run, used as a user does."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from client_kit import CLIENT, KEY

import environment_kit
from llmring_server.testing.forks import Forks, running_forks

HERE = Path(__file__).parent
RUN_VARIABLE = "PYTEST_XDIST_TESTRUNUID"
COMMAND = "import sys; from llmring.cli import main; sys.exit(main())"


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield the folder of the client's environment; the first worker creates it, the last one deletes it."""
    folder = tmp_path_factory.getbasetemp().parent / f"llmring-client-{os.environ.get(RUN_VARIABLE, os.getpid())}"
    with locked(folder):
        if not (folder / "made").exists():
            environment_kit.install(environment_kit.create(folder), CLIENT)
            (folder / "made").touch()
        (folder / f"user-{os.getpid()}").touch()
    yield folder
    with locked(folder):
        (folder / f"user-{os.getpid()}").unlink()
        if not list(folder.glob("user-*")):
            shutil.rmtree(folder)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The user's home and working folder, empty for each test."""
    return tmp_path


@pytest.fixture(scope="session")
def clients(environment: Path) -> Iterator[Forks]:
    """Yield what runs code that uses the client, which takes seconds to import, once per worker."""
    python = str(environment / "bin" / "python")
    with running_forks(python, "llmring.cli", environment=client_environment(environment)) as forks:
        yield forks


@pytest.fixture
def llmring(clients: Forks, home: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Return a function that runs the client's command line: `llmring("server", "stats", "--json", server=server)`."""

    def run(*arguments: str, server=None, **variables: str) -> "subprocess.CompletedProcess[str]":
        own = {"LLMRING_SERVER_URL": server.url, "LLMRING_API_KEY": KEY} if server else {}
        given = {**client_environment(home), **own, **variables}
        return clients.run(COMMAND, *arguments, environment=given, folder=home)

    return run


@pytest.fixture
def drive(clients: Forks, home: Path) -> Callable:
    """Return a function that runs a `drive_….py` with the client's Python, and returns the JSON of its last line."""

    def run(script: str, *arguments: str, server) -> object:
        own = {"LLMRING_SERVER_URL": server.url, "LLMRING_API_KEY": KEY, "PYTHONPATH": str(HERE)}
        code = f'import runpy; runpy.run_path({str(HERE / script)!r}, run_name="__main__")'
        done = clients.run(code, *arguments, environment={**client_environment(home), **own}, folder=home)
        assert done.returncode == 0, done.stderr
        assert "Failed to" not in done.stderr, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def client_environment(home: Path) -> dict[str, str]:
    """Return environment variables without provider keys and server settings."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "NO_COLOR": "1"}


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a lock between the workers of a test run."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
