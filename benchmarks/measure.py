"""Measurement: load on one URL, its CPU time, and rounds that alternate between the bare application and ours."""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import ROOT, Uvicorn, cpu_seconds

WRK = shutil.which("wrk")
SCRIPT = Path(__file__).with_name("wrk.lua")
WARM_SECONDS = 1.0
GRACE_SECONDS = 60.0
FEW = 5


class Request(NamedTuple):
    """A repeated request: GET, or POST of the bodies in turn. Headers as `Name: value`."""

    path: str
    headers: tuple[str, ...] = ()
    bodies: tuple[bytes, ...] = ()


class Case(NamedTuple):
    """One line of the table: a request, its number of connections, entries per request, and the goal."""

    name: str
    request: Request
    connections: int
    goal: str = ""
    entries: int = 1


class Sample(NamedTuple):
    """A measurement: rate, latencies in ms, CPU µs per request of the server's process and of PostgreSQL."""

    per_second: float
    p50: float
    p99: float
    errors: float
    server_us: float
    database_us: float


class Measured(NamedTuple):
    """The medians of a case over its rounds, and those of the bare application."""

    case: Case
    ours: Sample
    bare: Sample


class Effort(NamedTuple):
    """The effort of a run: seconds per measurement, and number of rounds."""

    seconds: float
    rounds: int


class Bench:
    """A server and a bare application, measured alternately."""

    def __init__(self, server: Uvicorn, bare: Uvicorn, postmaster: int, effort: Effort) -> None:
        self.server = server
        self.bare = bare
        self._postmaster = postmaster
        self._effort = effort

    def run(self, cases: Sequence[Case]) -> list[Measured]:
        """Measure every case in every round, bare first, and return the medians."""
        ours: list[list[Sample]] = [[] for _ in cases]
        bare: list[list[Sample]] = [[] for _ in cases]
        for _ in range(self._effort.rounds):
            for case, mine, its in zip(cases, ours, bare, strict=True):
                its.append(self._sample(self.bare, Request("/"), case.connections, self._effort.seconds / 2))
                mine.append(self._sample(self.server, case.request, case.connections, self._effort.seconds))
                print(f"  {case.name}: {mine[-1].per_second * case.entries:,.0f}/s", file=sys.stderr, flush=True)
        return [Measured(*each) for each in zip(cases, map(median, ours), map(median, bare), strict=True)]

    def _sample(self, server: Uvicorn, request: Request, connections: int, seconds: float) -> Sample:
        """Warm up and measure; a request too slow for the given time is sent a few times without a time limit."""
        drive(server.url, request, connections, min(WARM_SECONDS, seconds / 5))
        before = self._cpu(server)
        seen = drive(server.url, request, connections, seconds)
        if seen["requests"] < FEW:
            before = self._cpu(server)
            seen = drive(server.url, request, connections, GRACE_SECONDS, requests=FEW)
        number = max(seen["requests"], 1)
        cpu = [(late - early) * 1e6 / number for early, late in zip(before, self._cpu(server), strict=True)]
        return Sample(seen["requests"] / seen["seconds"], seen["p50"], seen["p99"], seen["errors"], *cpu)

    def _cpu(self, server: Uvicorn) -> tuple[float, float]:
        return cpu_seconds(server.process.pid), cpu_seconds(self._postmaster)


def median(samples: Sequence[Sample]) -> Sample:
    """Return the median of each figure; errors are summed, so that none is lost."""
    medians = Sample(*(statistics.median(figures) for figures in zip(*samples, strict=True)))
    return medians._replace(errors=sum(sample.errors for sample in samples))


def drive(
    url: str, request: Request, connections: int, seconds: float, requests: int | None = None
) -> dict[str, float]:
    """Put load on a URL, with wrk if installed and no number of requests is given; return the figures."""
    with tempfile.NamedTemporaryFile(prefix="llmring-bench-") as file:
        file.write(b"\n".join(request.bodies))
        file.flush()
        if WRK and requests is None:
            whole = f"{max(round(seconds), 1)}s"
            command = [WRK, "-t1", f"-c{connections}", f"-d{whole}", "--timeout", "30s", "-s", str(SCRIPT)]
            bodies = ["--", file.name] if request.bodies else []
        else:
            command = [sys.executable, "-m", "benchmarks.load", f"-c{connections}", f"-d{seconds}"]
            command += [f"-n{requests}"] if requests else []
            bodies = ["--bodies", file.name] if request.bodies else []
        command += [part for header in request.headers for part in ("-H", header)]
        ran = subprocess.run(
            [*command, url + request.path, *bodies],
            cwd=ROOT, capture_output=True, text=True, check=True, timeout=seconds + GRACE_SECONDS,
        )  # fmt: skip
    figures: dict[str, float] = json.loads(ran.stdout.strip().splitlines()[-1])
    return figures
