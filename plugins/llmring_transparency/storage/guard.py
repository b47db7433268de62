"""The restore guard: a file outside the database with the newest checkpoint that this machine has published.

With an older backup restored, the log would sign other leaves at used indices: a fork. The file detects it: while the
database is behind the file, or has another tree, nothing is signed.
"""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from llmring_server.errors import StartupError
from llmring_server.tlog import checkpoints
from llmring_server.tlog.checkpoints import Checkpoint, InvalidCheckpoint
from llmring_server.tlog.growing_trees import right_edge
from llmring_server.tlog.notes import InvalidNote
from llmring_server.tlog.tiles import Tile, root
from llmring_transparency.models import LogState
from llmring_transparency.storage import atomic_files


class RestoreGuard:
    """The file `path`, shared by the processes of a machine. Calls block, at most for an fsync."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._recorded: Checkpoint | None = None

    def open(self) -> None:
        """Create the file's folder if it is missing, and read the file.

        Raises:
            StartupError: the folder cannot be created or written, or the file is not a checkpoint.
        """
        try:
            self.read_checkpoint()
        except OSError as error:
            raise StartupError(f"the restore guard {self.path}: {error.strerror or error}") from error
        except (InvalidNote, InvalidCheckpoint) as error:
            raise StartupError(
                f"the restore guard {self.path} is not a checkpoint ({error}); restore the file, or, if you know "
                "that the database was not restored from a backup, delete it"
            ) from error

    def read_checkpoint(self) -> Checkpoint | None:
        """Return the newest checkpoint that this machine has published, or None."""
        with self._locked():
            self._recorded = self._read()
        return self._recorded

    def matches(self, state: LogState) -> bool:
        """Return whether a state's checkpoint equals the recorded one, as of the last read of the file."""
        recorded = self._recorded
        return recorded is not None and (recorded.origin, recorded.size, recorded.root) == (
            state.origin,
            state.size,
            state.root,
        )

    def record(self, note: bytes) -> None:
        """Record a checkpoint before it is published; one that is older than the recorded one is ignored.

        Check with `find_fault` first that it continues the recorded one: only this file reveals a fork.
        """
        checkpoint, _ = checkpoints.read(note)
        if self._recorded and self._recorded.size >= checkpoint.size:
            return
        with self._locked():
            self._recorded = self._read()
            if self._recorded is None or self._recorded.size < checkpoint.size:
                atomic_files.replace(self.path, note)
                self._recorded = checkpoint

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


def tiles_to_check(recorded: Checkpoint | None) -> set[Tile]:
    """Return the tiles that `find_fault` reads."""
    return right_edge(recorded.size) if recorded else set()


def find_fault(recorded: Checkpoint | None, state: LogState, rows: Mapping[Tile, bytes]) -> str | None:
    """Return why the database does not continue the published log, or None if it does."""
    if recorded is None:
        return None
    if recorded.origin != state.origin:
        return f"the restore guard is for the log {recorded.origin}, the database has {state.origin}"
    if recorded.size > state.size:
        return (
            f"a checkpoint of {recorded.size} leaves was published, and the database has {state.size}: "
            "it was restored from an older backup"
        )
    try:
        known = root(recorded.size, rows)
    except ValueError as error:
        return f"the tree of the {recorded.size} leaves that were published cannot be read: {error}"
    if known != recorded.root:
        return f"the first {recorded.size} leaves are not those that were published: the log was forked"
    return None
