"""The restore guard: a file outside the database with the newest checkpoint that this machine has published.

An older backup that is restored under a log would let it sign other leaves at places that are taken: a fork. The file
tells: a database that is behind it, or has another tree, signs nothing.
"""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from llmring_server.http.errors import StartupError
from llmring_server.tlog import checkpoints
from llmring_server.tlog.checkpoints import Checkpoint, InvalidCheckpoint
from llmring_server.tlog.notes import InvalidNote
from llmring_server.tlog.tiles import Tile, root
from llmring_server.tlog.tree_appender import right_edge
from llmring_transparency.models import LogState
from llmring_transparency.storage import atomic_files


class RestoreGuard:
    """The file `path`, which the processes of one machine share. Its calls block, for the time of an fsync at most."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._noted: Checkpoint | None = None

    def open(self) -> None:
        """Make the file's folder where it is missing, and read what the file has.

        Raises:
            StartupError: the folder cannot be made or written to, or the file holds no checkpoint.
        """
        try:
            self.read_checkpoint()
        except OSError as error:
            raise StartupError(f"the restore guard {self.path}: {error.strerror or error}") from error
        except (InvalidNote, InvalidCheckpoint) as error:
            raise StartupError(
                f"the restore guard {self.path} holds no checkpoint ({error}); put back the file, or, if you know "
                "that the database was not restored from a backup, delete it"
            ) from error

    def read_checkpoint(self) -> Checkpoint | None:
        """Return the newest checkpoint that this machine has published, or None for none."""
        with self._locked():
            self._noted = self._read()
        return self._noted

    def matches(self, state: LogState) -> bool:
        """Whether the checkpoint of a state was the newest that was noted, when the file was last read."""
        noted = self._noted
        return noted is not None and (noted.origin, noted.size, noted.root) == (state.origin, state.size, state.root)

    def record(self, note: bytes) -> None:
        """Note a checkpoint before it is published; one that is older than what the file has changes nothing.

        Whoever calls has seen that it continues what was noted (`fault`): the file is all that shows a fork.
        """
        checkpoint, _ = checkpoints.read(note)
        if self._noted and self._noted.size >= checkpoint.size:
            return
        with self._locked():
            self._noted = self._read()
            if self._noted is None or self._noted.size < checkpoint.size:
                atomic_files.replace(self.path, note)
                self._noted = checkpoint

    def _read(self) -> Checkpoint | None:
        try:
            return checkpoints.read(self.path.read_bytes())[0]
        except FileNotFoundError:
            return None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(self.path.name + ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def tiles_to_check(noted: Checkpoint | None) -> set[Tile]:
    """Return the tiles that `fault` reads."""
    return right_edge(noted.size) if noted else set()


def find_fault(noted: Checkpoint | None, state: LogState, rows: Mapping[Tile, bytes]) -> str | None:
    """Say in plain words why the database does not continue the log that was published, or None when it does."""
    if noted is None:
        return None
    if noted.origin != state.origin:
        return f"the restore guard is of the log {noted.origin}, the database has {state.origin}"
    if noted.size > state.size:
        return (
            f"a checkpoint of {noted.size} leaves was published, and the database has {state.size}: "
            "it was restored from an older backup"
        )
    try:
        known = root(noted.size, rows)
    except ValueError as error:
        return f"the tree of the {noted.size} leaves that were published cannot be read: {error}"
    if known != noted.root:
        return f"the first {noted.size} leaves are not those that were published: the log was forked"
    return None
