"""The command line as a user runs it: a process of its own."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from llmring_server.testing.process import clean_environment, overlaid

COMMAND_SECONDS = 60.0


@pytest.fixture
def llmring_cli(llmring_database: Mapping[str, Any]) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Give a function that runs `llmring-server` on this test's own schema and returns what it printed and its status.

    `llmring_cli("plugins", LLMRING_PLUGINS="usage")`: arguments, then the environment; `stdin` is what it reads.
    """

    def run(*arguments: str, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "llmring_server", *arguments],
            env=clean_environment(overlaid(llmring_database, environment)),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )

    return run
