"""Python code as separate processes that need not import its modules again: forks of a process that has imported them.

This module is that process too, run by any interpreter: `python forks.py MODULE…`. A request is a line of JSON on
standard input: what to start, answered by the id of the process, or the process whose exit status is wanted.
"""

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SECONDS = 120.0
POLL_SECONDS = 0.005
NAMES = ("stdin", "stdout", "stderr")
OUTPUT = os.O_WRONLY | os.O_APPEND | os.O_CREAT
FLAGS = (os.O_RDONLY, OUTPUT, OUTPUT)


class Forks:
    """Runs code in forks of one process; threads may share it."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._lock = threading.Lock()

    def run(
        self,
        code: str,
        *arguments: str,
        environment: Mapping[str, str],
        folder: Path | None = None,
        stdin: str = "",
    ) -> "subprocess.CompletedProcess[str]":
        """Run code as `python -c` does, by default in the current folder; return its output and exit status.

        Raises:
            subprocess.TimeoutExpired: it runs for more than two minutes.
        """
        with tempfile.TemporaryDirectory(prefix="llmring-forks-") as holder:
            files = [Path(holder) / name for name in NAMES]
            files[0].write_text(stdin, encoding="utf-8")
            fork = self.start(code, *arguments, environment=environment, folder=folder, files=files)
            try:
                status = fork.wait(SECONDS)
            finally:
                fork.kill()
            output, errors = (file.read_text(encoding="utf-8") for file in files[1:])
        return subprocess.CompletedProcess(arguments, status, output, errors)

    def start(
        self,
        code: str,
        *arguments: str,
        environment: Mapping[str, str],
        folder: Path | None = None,
        files: Iterable[Path],
    ) -> "Fork":
        """Start a process with these files as standard input, output and error, in a group of its own."""
        pid = self.ask(
            code=code,
            arguments=["-c", *arguments],
            environment=dict(environment),
            folder=str(folder or Path.cwd()),
            files=[str(file) for file in files],
        )
        assert pid is not None
        return Fork(self, pid)

    def ask(self, **request: Any) -> int | None:
        """Send a request and return the response."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            answer: int | None = json.loads(self._process.stdout.readline())
        return answer


class Fork:
    """A fork, with those methods of `subprocess.Popen` that tests need."""

    def __init__(self, forks: Forks, pid: int) -> None:
        self.pid = pid
        self._forks = forks
        self._status: int | None = None

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        if self._status is None:
            self._status = self._forks.ask(poll=self.pid)
        return self._status

    def wait(self, timeout: float) -> int:
        """Wait for the end and return the exit status.

        Raises:
            subprocess.TimeoutExpired: it runs for longer.
        """
        deadline = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(POLL_SECONDS)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it immediately."""
        self.send_signal(signal.SIGKILL)


@contextmanager
def running_forks(python: str, *modules: str, environment: Mapping[str, str]) -> Iterator[Forks]:
    """Yield what runs code in forks of an interpreter that has imported these modules."""
    with subprocess.Popen(
        [python, __file__, *modules],
        env=environment,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            yield Forks(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _serve(*modules: str) -> None:
    """Run what is requested until standard input ends; a fork ends as its own process does."""
    for module in modules:
        importlib.import_module(module)
    gc.freeze()  # or each exit would collect all that is imported, which takes longer than most commands
    while line := sys.stdin.readline():
        request = json.loads(line)
        if "poll" in request:
            pid, status = os.waitpid(request["poll"], os.WNOHANG)
            _respond(os.waitstatus_to_exitcode(status) if pid else None)
        elif pid := os.fork():
            os.setpgid(pid, pid)
            _respond(pid)
        else:
            _adopt(request)
            exec(compile(request["code"], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
            return


def _respond(answer: int | None) -> None:
    print(json.dumps(answer), flush=True)  # noqa: T201


def _adopt(request: dict[str, Any]) -> None:
    """Give this process what a new one would have: a group, arguments, environment, folder and files."""
    os.setpgid(0, 0)
    sys.argv = request["arguments"]
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.chdir(request["folder"])
    sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    for number, (path, flags) in enumerate(zip(request["files"], FLAGS, strict=True)):
        opened = os.open(path, flags)
        os.dup2(opened, number)
        os.close(opened)


if __name__ == "__main__":
    del sys.path[0]  # the folder of this file, whose modules are those of a package
    _serve(*sys.argv[1:])
