"""PostgreSQL's programs (psql, pg_dump, pg_restore …), run on this deployment's database."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from psycopg import pq

from llmring_server.errors import StartupError


def run(program: str, arguments: Sequence[str], conninfo: str, folder: Path | None) -> int:
    """Run a program and return its exit status; the address is in its environment, which other users cannot read.

    `folder` is the folder of the programs; None means the PATH. Blocks.

    Raises:
        StartupError: there is no such program.
    """
    found = shutil.which(program, path=str(folder) if folder else None)
    if found is None:
        where = "in the bundled PostgreSQL" if folder else "on the PATH; install PostgreSQL's client programs"
        raise StartupError(f"there is no {program} {where}")
    return subprocess.run([found, *arguments], env={**os.environ, **environment(conninfo)}).returncode  # noqa: S603


def environment(conninfo: str) -> dict[str, str]:
    """Return an address as libpq's environment variables."""
    parts = pq.Conninfo.parse(conninfo.encode())
    return {part.envvar.decode(): part.val.decode() for part in parts if part.envvar and part.val}
