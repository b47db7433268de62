"""The command line as a separate process."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from llmring_server.plugins.manager import installed_plugins
from llmring_server.testing.forks import Forks, running_forks
from llmring_server.testing.process import RUN_MODULE, build_environment, clean_environment

MODULES = ("llmring_server.cli.main", "uvicorn.main")
DISTRIBUTION = "llmring-server"


@contextmanager
def running_commands() -> Iterator[Forks]:
    """Yield what runs commands without importing our modules for each; see the fixture `llmring_commands`."""
    points = installed_plugins().values()
    plugins = [point.module for point in points if point.dist and point.dist.name == DISTRIBUTION]
    with running_forks(sys.executable, *MODULES, *plugins, environment=clean_environment({})) as forks:
        yield forks


def command_line(forks: Forks, database: Mapping[str, Any]) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Return a function that runs `llmring-server` on a database; see the fixture `llmring_cli`."""

    def run(*arguments: str, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        given = clean_environment(build_environment(database, environment))
        return forks.run(RUN_MODULE.format("llmring_server"), *arguments, environment=given, stdin=stdin)

    return run
