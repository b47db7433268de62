"""A private directory shared by processes of one user, with atomic file replacement and an exclusive lock."""

import fcntl
import os
import shutil
import stat
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

LOCK = "lock"
LOCK_SECONDS = 5.0
POLL_SECONDS = 0.005
NO_STORE = 0o700


class SharedDirectory:
    """The directory at `path`, created when locked."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the directory while the block runs, and create it if it does not exist.

        Raises:
            OSError: it cannot be created, is not private to this user, or is locked by another process for too long.
        """
        deadline = time.monotonic() + LOCK_SECONDS
        while (file := self._open_locked(deadline)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.path} is removed again and again")
        with file:
            yield

    def empty(self) -> None:
        """Delete all files in the directory; requires the lock."""
        for path in self.path.iterdir():
            if path.name != LOCK:
                path.unlink()

    def remove(self) -> None:
        """Remove the directory; requires the lock. A process that waits for the lock creates a new one."""
        removed = self.path.with_name(f"{self.path.name}-{uuid.uuid4().hex[:8]}")
        self.path.rename(removed)
        shutil.rmtree(removed)

    def read(self, name: str) -> bytes | None:
        """Return a file's content, or None if it does not exist."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None

    def replace(self, name: str, content: bytes) -> None:
        """Replace a file atomically; there must be only one writer per name."""
        fresh = self.path / f"{name}.new"
        fresh.write_bytes(content)
        fresh.replace(self.path / name)

    def _open_locked(self, deadline: float) -> IO[bytes] | None:
        """Return the locked lock file, or None if the previous holder has removed the directory."""
        with ExitStack() as stack, suppress(FileNotFoundError):
            with suppress(FileExistsError):
                self.path.mkdir(mode=NO_STORE, parents=True)
            _check_owner(self.path)
            file = stack.enter_context((self.path / LOCK).open("ab"))
            _lock(file, deadline)
            if os.path.samestat(os.fstat(file.fileno()), (self.path / LOCK).stat()):
                stack.pop_all()
                return file
        return None


def _lock(file: IO[bytes], deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)


def _check_owner(path: Path) -> None:
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise PermissionError(
            f"{path} is not a private directory of this user; remove it, or set LLMRING_METRICS_FOLDER"
        )
