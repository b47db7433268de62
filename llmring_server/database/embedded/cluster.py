"""One PostgreSQL data directory and its server, managed with `initdb` and `pg_ctl`."""

import os
import re
import shlex
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from llmring_server.database.embedded.account import Account
from llmring_server.errors import StartupError

PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"
LONGEST_SOCKET_PATH = 103  # bytes, on macOS; Linux allows four more
WAIT_SECONDS = "60"
TRIES_AFTER_CRASH = 20
RETRY_SECONDS = 0.5
PROBE_SECONDS = 5.0
SOCKET_FOLDER_PREFIX = "llmring-"
PASSED_VARIABLES = re.compile(r"PATH|LANG|LC_\w+|TZ|TMPDIR|LD_LIBRARY_PATH|DYLD_\w+")
CREDENTIALS = "3i"  # pid, uid, gid: unix(7)
CREDENTIALS_SIZE = struct.calcsize(CREDENTIALS)


class Postmaster(NamedTuple):
    """A running server: its process, and the folder of its socket."""

    pid: int
    socket_folder: Path


class Cluster:
    """A data directory with its programs and account; callers hold a lock.

    Programs run inside the data directory with relative paths, since `pg_ctl` passes them to a shell.
    """

    def __init__(self, pgdata: Path, binaries: Path, account: Account) -> None:
        self.binaries = binaries
        self._pgdata = pgdata
        self._account = account

    def start(self) -> str:
        """Start the server unless it is running, create the data if missing, and return the connection string."""
        if not (self._pgdata / "PG_VERSION").exists():
            self._create()
        found = find_postmaster(self._pgdata) or self._start()
        return f"postgresql://postgres@/postgres?host={quote(str(found.socket_folder))}&port={PORT}"

    def is_alive(self) -> bool:
        """Whether the process that `postmaster.pid` names exists."""
        try:
            os.kill(int((self._pgdata / "postmaster.pid").read_text().partition("\n")[0]), 0)
        except (OSError, ValueError) as error:
            return isinstance(error, PermissionError)
        return True

    def stop(self) -> None:
        """Stop the server if it is running; open sessions end."""
        found = find_postmaster(self._pgdata)
        if found is None:
            return
        arguments = ("stop", "--silent", "--wait", "--timeout", WAIT_SECONDS, "--pgdata", ".", "--mode")
        try:
            self._run("pg_ctl", *arguments, "fast")
        except subprocess.CalledProcessError:
            self._run("pg_ctl", *arguments, "immediate")
        if self._is_temporary(found.socket_folder):
            found.socket_folder.rmdir()

    def _create(self) -> None:
        """Create the data directory under a temporary name, so that an interrupted `initdb` has no effect."""
        fresh = self._pgdata.with_name(f"{self._pgdata.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._account.own(fresh)
        self._run(
            "initdb", "--auth=trust", "--encoding=UTF8", "--username=postgres", "--no-instructions", "--pgdata", ".",
            folder=fresh,
        )  # fmt: skip
        fresh.rename(self._pgdata)

    def _start(self) -> Postmaster:
        """Start the server; after a crash its old processes may take a moment to release the data."""
        crashed = (self._pgdata / "postmaster.pid").exists()
        (self._pgdata / "postmaster.pid").unlink(missing_ok=True)
        options = f"-p {PORT} -k {shlex.quote(self._socket_folder())} -h '' -c unix_socket_permissions=0700"
        arguments = ("start", "--silent", "--wait", "--timeout", WAIT_SECONDS, "--pgdata", ".", "--log", "log")
        for left in reversed(range(TRIES_AFTER_CRASH if crashed else 1)):
            try:
                self._run("pg_ctl", *arguments, "--options", options)
                break
            except subprocess.CalledProcessError:
                if not left:
                    raise
                time.sleep(RETRY_SECONDS)
        found = find_postmaster(self._pgdata)
        if found is None:
            raise StartupError(f"the bundled PostgreSQL in {self._pgdata} exited immediately after its start")
        return found

    def _socket_folder(self) -> str:
        """Return the folder of the socket: the data directory, or a new private one if its path cannot be used.

        The length of a socket's path is limited, libpq splits addresses at commas, and addresses are UTF-8.
        """
        path = self._pgdata / SOCKET
        if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH and "," not in str(path) and _is_utf8(path):
            return "."
        folder = Path(tempfile.mkdtemp(prefix=SOCKET_FOLDER_PREFIX))
        self._account.own(folder)
        return str(folder)

    def _is_temporary(self, folder: Path) -> bool:
        """Whether a folder is one of ours for a socket; its path is from a file that the account can change."""
        status = folder.lstat() if folder.exists() else None
        return (
            folder.name.startswith(SOCKET_FOLDER_PREFIX) and status is not None and status.st_uid == self._account.uid
        )

    def _run(self, program: str, *arguments: str, folder: Path | None = None) -> None:
        """Run a program; its output goes to a file, since the server would keep a pipe open.

        Our environment has secrets, which PostgreSQL's superuser could read, and may have variables of libpq.
        """
        environment = {name: value for name, value in os.environ.items() if PASSED_VARIABLES.fullmatch(name)}
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(  # noqa: S603
                [self.binaries / program, *arguments], cwd=folder or self._pgdata, env=environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, **self._account.options,
            )  # fmt: skip
            output.seek(0)
            if done.returncode:
                shown = output.read().decode(errors="replace")
                raise subprocess.CalledProcessError(done.returncode, f"{program}: {' '.join(shown.split())}")


def find_postmaster(pgdata: Path) -> Postmaster | None:
    """Return the server that is running on `pgdata`, or None, even with a stale `postmaster.pid`.

    The process id in that file may since belong to another process. The server is the process that listens on the
    socket in the private folder.

    Raises:
        StartupError: a server of another container listens there.
    """
    try:
        pid, _, _, _, folder = (pgdata / "postmaster.pid").read_bytes().split(b"\n")[:5]
        found = Postmaster(int(pid), pgdata / os.fsdecode(folder))
    except (FileNotFoundError, ValueError):
        return None
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(PROBE_SECONDS)
        try:
            probe.connect(str(found.socket_folder / SOCKET))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        if _peer(probe) not in (None, found.pid):
            raise StartupError(f"{pgdata} is in use by a PostgreSQL in another container; stop that one")
    return found


def _is_utf8(path: Path) -> bool:
    try:
        return bool(str(path).encode())
    except UnicodeEncodeError:
        return False


def _peer(connection: socket.socket) -> int | None:
    """Return the id of the listening process, or None where the system does not provide it (macOS)."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    pid: int = struct.unpack(CREDENTIALS, connection.getsockopt(socket.SOL_SOCKET, option, CREDENTIALS_SIZE))[0]
    return pid
