"""uvicorn as a separate process, with its CPU time and memory."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from llmring_server.testing.process import clean_environment, free_port

OURS = "llmring_server.asgi:app"
BARE = "benchmarks.bare:app"
QUIET = ("--log-level", "warning", "--no-access-log")
ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
POLL_SECONDS = 0.005
MEBIBYTE = 1024 * 1024


class Uvicorn:
    """One worker on a free port: ours as `uvicorn llmring_server.asgi:app` starts it, bare without an access log."""

    def __init__(self, app: str, log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._began = time.perf_counter()
        options = () if app == OURS else QUIET
        command = [sys.executable, "-m", "uvicorn", app, "--port", str(self.port), *options]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=clean_environment(environment or {}), stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip

    def wait_until_up(self) -> float:
        """Return the seconds from the start of the process to its first response.

        Raises:
            RuntimeError: it ended, or did not respond in time; the message has its log.
        """
        while time.perf_counter() - self._began < START_SECONDS and self.process.poll() is None:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/health/live", timeout=1).is_success:
                    return time.perf_counter() - self._began
            time.sleep(POLL_SECONDS)
        raise RuntimeError(f"the server does not answer:\n{self.log.read_text(errors='replace')}")

    def memory(self) -> float:
        """Return the resident memory (VmRSS) in MiB."""
        resident: int = psutil.Process(self.process.pid).memory_info().rss
        return resident / MEBIBYTE

    def stop(self) -> None:
        """Terminate the process, or kill it if it does not end."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)


@contextmanager
def serve(app: str, log: Path, environment: Mapping[str, str] | None = None) -> Iterator[Uvicorn]:
    """Run an application, and yield it once it responds."""
    server = Uvicorn(app, log, environment)
    try:
        server.wait_until_up()
        yield server
    finally:
        server.stop()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time (user and system) of a process and its children, including ended ones."""
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        total += sum(parent.cpu_times()[:4])
        for child in parent.children():
            with suppress(psutil.NoSuchProcess):
                total += sum(child.cpu_times()[:2])
    return total
