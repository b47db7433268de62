"""The command line as a separate process."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

from llmring_server.testing.process import build_environment, clean_environment

COMMAND_SECONDS = 60.0


def command_line(database: Mapping[str, Any]) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Return a function that runs `llmring-server` on a database; see the fixture `llmring_cli`."""

    def run(*arguments: str, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "llmring_server", *arguments],
            env=clean_environment(build_environment(database, environment)),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )

    return run
