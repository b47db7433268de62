"""Single measurements: start-up, memory, and the retention of a month."""

import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from benchmarks.cases import AUTHORIZED, BATCH_ENTRIES, JSON, batch, environment, fresh_server, quiet
from benchmarks.database import SEEDED, folder
from benchmarks.measure import Request, drive
from benchmarks.processes import BARE, OURS, ROOT, Uvicorn
from benchmarks.scales import first_month
from benchmarks.seed import last_day
from llmring_server.testing.process import clean_environment

LOG_SECONDS = 300.0
NOT_THERE = "this server has no `llmring-server usage retention` yet"


class Single(NamedTuple):
    """One figure with its unit, the figure of the bare application, and the goal."""

    name: str
    figure: str
    bare: str = ""
    goal: str = ""


def measure_starts(rounds: int) -> Single:
    """Measure from the start of the process to its first response, with an existing bundled PostgreSQL."""
    with folder() as data:
        log = data / "server.log"
        ours = {"LLMRING_DATA_DIR": str(data / "data"), **quiet()}
        _start(OURS, log, ours)
        taken = statistics.median(_start(OURS, log, ours) for _ in range(rounds))
        bare = statistics.median(_start(BARE, log, {}) for _ in range(rounds))
    return Single("start to first answer, embedded, second start", f"{taken:.2f} s", f"{bare:.2f} s", "≤ 2 s")


def _start(app: str, log: Path, settings: dict[str, str]) -> float:
    server = Uvicorn(app, log, settings)
    try:
        return server.wait_until_up()
    finally:
        server.stop()


def measure_memory(url: str, log: Path, bare: Uvicorn, logs: int) -> list[Single]:
    """Measure a worker's memory: idle, after some logs, and after many more."""
    request = Request("/api/v1/log/batch", (AUTHORIZED, JSON), (batch(),))
    with fresh_server(url, log) as server:
        found = [Single("memory of a worker, idle", _mebibytes(server), _mebibytes(bare), "≤ 130 MiB")]
        done = 0
        for many in (logs // 10, logs):
            drive(server.url, request, 4, LOG_SECONDS, requests=(many - done) // BATCH_ENTRIES)
            goal = "no growth" if many == logs else ""
            found.append(Single(f"memory of a worker, after {many:,} logs", _mebibytes(server), goal=goal))
            done = many
    return found


def _mebibytes(server: Uvicorn) -> str:
    return f"{server.memory():.0f} MiB"


def measure_retention(url: str) -> Single:
    """Drop the oldest seeded month, and measure that compared with a dry run of the same command."""
    last = last_day(url)
    assert last is not None, "the database is not seeded"
    end = (first_month(last) + timedelta(days=31)).replace(day=1)
    days = (datetime.now(UTC) - end).days
    name = "retention of a month"
    try:
        idle = _command(url, "usage", "retention", "--days", str(days), "--dry-run")
        whole = _command(url, "usage", "retention", "--days", str(days))
    except subprocess.CalledProcessError as error:
        return Single(name, NOT_THERE if "No such command" in error.stderr else error.stderr.strip(), goal="≤ 1 s")
    figure = f"{max(whole - idle, 0.0):.2f} s (the whole command {whole:.2f} s)"
    return Single(name, figure, goal="≤ 1 s")


def _command(url: str, *arguments: str) -> float:
    """Return the seconds of a command; raises when the command fails."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "llmring_server", *arguments],
        cwd=ROOT, env=clean_environment(environment(url, SEEDED)), capture_output=True, text=True, check=True,
        timeout=60,
    )  # fmt: skip
    return time.perf_counter() - began
