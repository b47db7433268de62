"""The server as a separate process: for kills, restarts, several workers, and several servers on one database."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from llmring_server.serving.connection import HTTP
from llmring_server.testing.forks import Fork, Forks

UVICORN = ("uvicorn", "llmring_server.asgi:app", "--http", HTTP)
SERVE = ("llmring_server", "serve", "--host", "127.0.0.1")
RUN_MODULE = 'import runpy; runpy.run_module("{}", run_name="__main__", alter_sys=True)'
PORTS = (12_000, 32_000)
START_SECONDS = 60.0
POLL_SECONDS = 0.05


class ServerProcess:
    """`uvicorn llmring_server.asgi:app` on a free port, with only the given `LLMRING_` variables.

    With `serve` it is `llmring-server serve` instead. `python` is its interpreter, by default that of the test. With
    `forks` it is a fork of a process that has imported our modules, which takes a fifth of the time to start.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        log: Path,
        *options: str,
        port: int | None = None,
        python: str = sys.executable,
        serve: bool = False,
        forks: Forks | None = None,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        served = SERVE if serve else UVICORN
        module, *command = [*served, "--port", str(self.port), *options]
        given = clean_environment(environment)
        self._process: subprocess.Popen[bytes] | Fork
        if forks is not None:
            files = (Path(os.devnull), log, log)
            self._process = forks.start(RUN_MODULE.format(module), *command, environment=given, files=files)
            return
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [python, "-m", module, *command], env=given, stdout=output, stderr=output, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """The id of the process (with several workers, of their parent)."""
        return self._process.pid

    def wait_until_up(self, seconds: float = START_SECONDS) -> "ServerProcess":
        """Return once `/health/live` responds.

        Raises:
            RuntimeError: the process ended; the message has its log.
            TimeoutError: it did not respond in time.
        """
        deadline = time.monotonic() + seconds
        with httpx.Client(base_url=self.url, timeout=1) as client:
            while time.monotonic() < deadline:
                if (status := self._process.poll()) is not None:
                    raise RuntimeError(f"the server ended with {status}:\n{self.output()}")
                with suppress(httpx.HTTPError):
                    if client.get("/health/live").is_success:
                        return self
                time.sleep(POLL_SECONDS)
        raise TimeoutError(f"the server is not up after {seconds} s:\n{self.output()}")

    def wait(self, seconds: float = START_SECONDS) -> int:
        """Wait for the process to end and return its exit status."""
        return self._process.wait(seconds)

    def kill(self) -> None:
        """Kill the process (and its workers) immediately, as `kill -9` does."""
        self._signal(signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send the process a signal."""
        self._process.send_signal(number)

    def stop(self) -> int:
        """Terminate the process, and return its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
        return self._process.wait(20)

    def output(self) -> str:
        """Return the output of the process so far."""
        return self.log.read_text(errors="replace")

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
        self._process.wait(20)


@contextmanager
def server_processes(forks: Forks, database: Mapping[str, Any], folder: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Yield a function that starts server processes on a database; see the fixture `llmring_process`.

    Those of another interpreter, and those with several workers, which uvicorn starts again itself, are no forks.
    """
    with ExitStack() as stack:
        started: list[ServerProcess] = []

        def start(
            *options: str,
            port: int | None = None,
            python: str = sys.executable,
            serve: bool = False,
            **environment: str,
        ) -> ServerProcess:
            log = folder / f"server-{len(started)}.log"
            given = build_environment(database, environment)
            forked = None if "--workers" in options or python != sys.executable else forks
            process = ServerProcess(given, log, *options, port=port, python=python, serve=serve, forks=forked)
            started.append(process)
            stack.callback(process.stop)
            return process

        yield start


def build_environment(database: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process on the fixture's database; `given` overrides it.

    A database in `given` is not a Citus cluster, even if the fixture's is.
    """
    own = {"database_distribute": False} if "LLMRING_DATABASE_URL" in given else {}
    return {**variables({**database, **own}), **given}


def variables(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the host's settings as environment variables."""
    plain = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in settings.items()
    }
    return {f"LLMRING_{name.upper()}": str(value) for name, value in plain.items()}


def clean_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without its `LLMRING_` variables, and with the given ones.

    Bytecode is always cached, even if this process does not: half of the start-up time is compiling.
    """
    dropped = ("LLMRING_", "PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**inherited, **given}


def free_port() -> int:
    """Return a free port of the loopback interface, below the ephemeral ports of clients."""
    chance = random.SystemRandom()
    while True:
        port = chance.randrange(*PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
