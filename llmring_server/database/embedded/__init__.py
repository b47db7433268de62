"""The bundled PostgreSQL: started when no database URL is given, shared by the worker processes."""

import atexit
import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from llmring_server.database.embedded.account import FOLDER, find_account, open_data_dir
from llmring_server.database.embedded.binaries import find_binaries
from llmring_server.database.embedded.cluster import Cluster
from llmring_server.errors import StartupError

LOCK = "postgres.lock"  # held while the server is started or stopped
OWNER_ONLY = 0o600
USERS = "postgres.users"  # locked for sharing by every process that uses the server


class EmbeddedPostgres:
    """One bundled server on `data_dir`, shared by any number of processes; the last one to stop using it stops it.

    It listens only on a Unix socket. Locks end with the process that holds them, so a killed process is not counted.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._cluster: Cluster | None = None
        self._users: IO[str] | None = None

    def start(self) -> str:
        """Start the server, or use the running one, and return its connection string. Blocks; call it in a thread.

        Raises:
            StartupError: the extra is not installed, the folder cannot be used, or PostgreSQL does not start.
        """
        try:
            folder = self.data_dir.resolve()
            if "\n" in str(folder):  # PostgreSQL writes its path into a file with one value per line
                raise StartupError("the path of the data folder has a line break; set another one as LLMRING_DATA_DIR")
            account = find_account(folder, folder / FOLDER)
            open_data_dir(folder, account)
            binaries = find_binaries(folder, folder / FOLDER, account)
            return self._join(Cluster(folder / FOLDER, binaries, account))
        except (OSError, ValueError, RuntimeError, subprocess.SubprocessError) as error:
            message = (
                f"the bundled PostgreSQL does not start in {self.data_dir} ({type(error).__name__}: {error}); "
                f"see {self.data_dir / FOLDER / 'log'}, or set another folder as LLMRING_DATA_DIR or a server as "
                "LLMRING_DATABASE_URL"
            )
            raise StartupError(" ".join(message.split())) from error

    @property
    def programs(self) -> Path | None:
        """The folder of the server's programs, including psql and pg_dump; None while it is not started."""
        return self._cluster.binaries if self._cluster is not None else None

    def is_alive(self) -> bool:
        """Whether the process of the server exists; only its number is looked up."""
        return self._cluster is not None and self._cluster.is_alive()

    def stop(self) -> bool:
        """Stop the server unless another process uses it, and return whether it was stopped. Blocks."""
        if self._cluster is None or self._users is None:
            return True
        cluster, self._cluster = self._cluster, None
        users, self._users = self._users, None
        atexit.unregister(self.stop)
        with self._lock(), users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            cluster.stop()
            return True

    def _join(self, cluster: Cluster) -> str:
        with self._lock():
            url = cluster.start()
            if self._users is None:
                self._users = _open_lock_file(self.data_dir / USERS)
                atexit.register(self.stop)
            fcntl.flock(self._users, fcntl.LOCK_SH)
        self._cluster = cluster
        return url

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with _open_lock_file(self.data_dir / LOCK) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _open_lock_file(path: Path) -> IO[str]:
    """Open a file that no other user may open, since everyone who can may also lock it; symbolic links are refused."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, OWNER_ONLY), "r+")
    os.fchmod(file.fileno(), OWNER_ONLY)
    return file
