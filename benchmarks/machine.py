"""The description of the machine and the software of a run."""

import importlib.metadata
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from benchmarks.measure import WRK
from llmring_server import __version__

PACKAGES = ("uvicorn", "uvloop", "httptools", "falcon", "msgspec", "psycopg")


def describe(url: str) -> list[str]:
    """Return the description as lines: date, load, processor, system, versions."""
    with psycopg.connect(url) as connection:
        (postgresql,) = connection.execute("SHOW server_version").fetchone() or ("unknown",)
        (fsync,) = connection.execute("SHOW fsync").fetchone() or ("unknown",)
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    load = f"{os.getloadavg()[0]:.1f}"
    return [
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; load average when the run began: {load}",
        f"{processor()}, {os.cpu_count()} cores, {memory()} GiB; {platform.system()} {platform.release()}",
        f"llmring-server {__version__}, Python {platform.python_version()}, {packages}",
        f"PostgreSQL {postgresql} (bundled, its own defaults, fsync {fsync}) on a Unix socket",
        f"Load: {'wrk -t1' if WRK else 'benchmarks/load.py (wrk is not installed)'}, on the same machine",
    ]


def processor() -> str:
    """Return the name of the processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def memory() -> int:
    """Return the machine's memory in GiB."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
