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

HERE = Path(__file__).parent
RUN_VARIABLE = "PYTEST_XDIST_TESTRUNUID"
SECONDS = 120.0


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


@pytest.fixture
def llmring(environment: Path, home: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Return a function that runs the client's command line: `llmring("server", "stats", "--json", server=server)`."""

    def run(*arguments: str, server=None, **variables: str) -> "subprocess.CompletedProcess[str]":
        own = {"LLMRING_SERVER_URL": server.url, "LLMRING_API_KEY": KEY} if server else {}
        return subprocess.run(
            [str(environment / "bin" / "llmring"), *arguments],
            env={**client_environment(home), **own, **variables},
            cwd=home,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    return run


@pytest.fixture
def drive(environment: Path, home: Path) -> Callable:
    """Return a function that runs a `drive_….py` with the client's Python, and returns the JSON of its last line."""

    def run(script: str, *arguments: str, server) -> object:
        own = {"LLMRING_SERVER_URL": server.url, "LLMRING_API_KEY": KEY}
        done = subprocess.run(
            [str(environment / "bin" / "python"), str(HERE / script), *arguments],
            env={**client_environment(home), **own},
            cwd=home,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
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
