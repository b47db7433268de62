"""Python code as separate processes that need not import its modules again: forks of a process that has imported them.

This module is that process too, run by any interpreter: `python forks.py MODULE…`. A request is a line of JSON on
standard input: code, arguments, environment, folder, and the files of standard input, output and error. The response
is a line with the exit status.
"""

import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SECONDS = 120.0
NAMES = ("stdin", "stdout", "stderr")
FLAGS = (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)


class Forks:
    """Runs code in forks of one process."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

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
            for file in files:
                file.write_text(stdin if file.name == "stdin" else "", encoding="utf-8")
            status = self._request(
                code=code,
                arguments=["-c", *arguments],
                environment=dict(environment),
                folder=str(folder or Path.cwd()),
                files=[str(file) for file in files],
            )
            _, output, errors = (file.read_text(encoding="utf-8") for file in files)
        return subprocess.CompletedProcess(arguments, status, output, errors)

    def _request(self, **request: Any) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        if not select.select([self._process.stdout], [], [], SECONDS)[0]:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(request["arguments"], SECONDS)
        return int(self._process.stdout.readline())


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
        pid = os.fork()
        if pid == 0:
            _adopt(request)
            exec(compile(request["code"], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
            return
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def _adopt(request: dict[str, Any]) -> None:
    """Give this process what a new one would have: arguments, environment, folder and files."""
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
