"""A folder that several processes of one user share: private, of whole files, held by one of them where it matters."""

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
PRIVATE = 0o700


class Place:
    """The folder at `path`; it is there while somebody holds it, and until it is removed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder while the block runs; it is made when it is not there.

        Raises:
            OSError: it cannot be made, is not this user's alone, or another process holds it for too long.
        """
        deadline = time.monotonic() + LOCK_SECONDS
        while (file := self._hold(deadline)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.path} comes and goes")
        with file:
            yield

    def empty(self) -> None:
        """Remove all that is in the folder; only its holder may do so."""
        for path in self.path.iterdir():
            if path.name != LOCK:
                path.unlink()

    def remove(self) -> None:
        """Remove the folder; only its holder may do so. Whoever comes meanwhile makes another."""
        removed = self.path.with_name(f"{self.path.name}-{uuid.uuid4().hex[:8]}")
        self.path.rename(removed)
        shutil.rmtree(removed)

    def read(self, name: str) -> bytes | None:
        """Return a file's content, or None when it is not there."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None

    def replace(self, name: str, content: bytes) -> None:
        """Write a file so that readers find the old content or the new, and nothing between; one writer a name."""
        fresh = self.path / f"{name}.new"
        fresh.write_bytes(content)
        fresh.replace(self.path / name)

    def _hold(self, deadline: float) -> IO[bytes] | None:
        """Return the folder's lock file, locked, or None when whoever held it has removed the folder."""
        with ExitStack() as stack, suppress(FileNotFoundError):
            with suppress(FileExistsError):
                self.path.mkdir(mode=PRIVATE, parents=True)
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
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError(f"{path} is not a folder of this user's alone; remove it, or set LLMRING_METRICS_FOLDER")
