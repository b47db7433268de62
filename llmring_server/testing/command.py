"""The command line as a separate process."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from llmring_server.testing.process import build_environment, clean_environment

COMMAND_SECONDS = 60.0
FORKS = (sys.executable, "-m", "llmring_server.testing.forks")
NAMES = ("stdin", "stdout", "stderr")


class Commands:
    """Runs `llmring-server` in forks of one process, since importing it takes longer than most commands."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def run(
        self, *arguments: str, environment: Mapping[str, str], stdin: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """Run one command in the current folder; return its output and exit status.

        Raises:
            subprocess.TimeoutExpired: the command runs for more than a minute.
        """
        with tempfile.TemporaryDirectory(prefix="llmring-command-") as folder:
            files = [Path(folder) / name for name in NAMES]
            for file in files:
                file.write_text(stdin if file.name == "stdin" else "")
            status = self._request(
                arguments=arguments,
                environment=clean_environment(environment),
                folder=str(Path.cwd()),
                files=[str(file) for file in files],
            )
            _, output, errors = (file.read_text() for file in files)
        return subprocess.CompletedProcess(["llmring-server", *arguments], status, output, errors)

    def _request(self, **request: Any) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        if not select.select([self._process.stdout], [], [], COMMAND_SECONDS)[0]:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(["llmring-server", *request["arguments"]], COMMAND_SECONDS)
        return int(self._process.stdout.readline())


@contextmanager
def running_commands() -> Iterator[Commands]:
    """Yield what runs commands; see the fixture `llmring_commands`."""
    with subprocess.Popen(
        FORKS,
        env=clean_environment({}),
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            yield Commands(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def command_line(commands: Commands, database: Mapping[str, Any]) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Return a function that runs `llmring-server` on a database; see the fixture `llmring_cli`."""

    def run(*arguments: str, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        return commands.run(*arguments, environment=build_environment(database, environment), stdin=stdin)

    return run
