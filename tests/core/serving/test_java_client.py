"""The HTTP client of the JDK, in its defaults, with `llmring-server serve`."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("LogCalls.java")


def test_calls_of_the_jdk_client_are_logged(llmring_process):
    java = shutil.which("java")
    if java is None:
        pytest.skip("no java; install a JDK (Debian: apt install default-jdk-headless) and run again")
    server = llmring_process(serve=True, LLMRING_PLUGINS="usage").wait_until_up()
    done = subprocess.run([java, str(PROGRAM), server.url], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    *statuses, stats = done.stdout.splitlines()
    assert statuses == ["200"] * 6
    assert json.loads(stats)["summary"]["total_requests"] == 4
