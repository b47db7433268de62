"""A process that has imported the command line, and runs each command in a fork of itself.

A request is a line of JSON on standard input: arguments, environment, and the files of standard input, output and
error. The response is a line with the exit status.
"""

import gc
import json
import os
import sys
import time
from typing import Any

from llmring_server.cli.main import main
from llmring_server.plugins.manager import installed_plugins

DISTRIBUTION = "llmring-server"  # whose plugins are imported once too
FLAGS = (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)  # of standard input, output and error


def serve() -> None:
    """Run commands until standard input ends; in the fork, run the command and exit as its process does."""
    for plugin in installed_plugins().values():
        if plugin.dist and plugin.dist.name == DISTRIBUTION:
            plugin.load()
    gc.freeze()  # or each exit would collect all of these modules, which takes longer than most commands
    while line := sys.stdin.readline():
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _adopt(request)
            main(request["arguments"], prog_name="llmring-server")
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def _adopt(request: dict[str, Any]) -> None:
    """Give this process the environment, the working folder and the files that a new process would have."""
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
    serve()
