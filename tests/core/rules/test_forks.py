"""Forks of the test kit: what runs in one is as in a new process."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from llmring_server.testing.forks import running_forks

ECHO = "import os, sys; print(sys.argv[1:], sys.stdin.read(), os.environ, os.getcwd(), file=sys.stderr); sys.exit(3)"


@pytest.fixture(scope="module")
def forks():
    with running_forks(sys.executable, "decimal", environment=os.environ) as running:
        yield running


def test_a_fork_has_its_own_arguments_input_environment_and_folder(forks, tmp_path):
    done = forks.run(ECHO, "a", "ü", environment={"ONLY": "this"}, folder=tmp_path, stdin="text")
    assert done.stderr == f"['a', 'ü'] text environ({{'ONLY': 'this'}}) {tmp_path}\n"
    assert (done.stdout, done.returncode) == ("", 3)


def test_the_modules_are_imported_once(forks):
    done = forks.run("import sys; print('decimal' in sys.modules, 'httpx' in sys.modules)", environment={})
    assert done.stdout == "True False\n"


def test_an_exception_is_a_traceback_and_status_1_and_exit_functions_run(forks):
    code = "import atexit; atexit.register(print, 'at exit'); raise ValueError('no')"
    done = forks.run(code, environment={})
    assert (done.stdout, done.returncode) == ("at exit\n", 1)
    assert done.stderr.endswith("ValueError: no\n")


def test_a_signal_ends_a_fork_and_its_group(forks, tmp_path):
    files = [tmp_path / name for name in ("in", "out", "err")]
    files[0].touch()
    fork = forks.start("import time; time.sleep(60)", environment={}, files=files)
    assert fork.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        fork.wait(0.01)
    os.killpg(fork.pid, signal.SIGTERM)
    assert fork.wait(10) == -signal.SIGTERM


def test_threads_get_the_status_of_their_own_forks(forks):
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda number: forks.run(f"exit({number})", environment={}).returncode, range(24)))
    assert done == list(range(24))
