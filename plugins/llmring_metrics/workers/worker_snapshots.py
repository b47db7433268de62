"""The snapshots of all workers of one server, in a shared directory. Blocking: call it in a thread.

A worker holds a lock on `<name>.alive` while it runs; the kernel releases the lock however the worker exits.
`<name>.json` is its last snapshot, `gone.json` has the counters of exited workers, so that no count is lost. The first
worker empties the directory, the last one removes it. Readers hold no lock.
"""

import fcntl
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

import msgspec

from llmring_metrics.models import AllWorkers, Snapshot
from llmring_metrics.workers.shared_directory import SharedDirectory
from llmring_server.contracts.metrics import Labels

EXITED = "gone.json"
LABELS = "labels"
ALIVE = ".alive"
SNAPSHOT = ".json"

_snapshots = msgspec.json.Decoder(Snapshot)
_labels = msgspec.json.Decoder(Labels)


class ExitedWorkers(msgspec.Struct, frozen=True):
    """The counters of exited workers; they include the workers in `counted`, whose files may still exist."""

    snapshot: Snapshot = {}
    counted: tuple[str, ...] = ()


_exited = msgspec.json.Decoder(ExitedWorkers)


class WorkerSnapshots:
    """One worker's access to the snapshots; `merge_exited` merges the snapshots of exited workers."""

    def __init__(self, path: Path, merge_exited: Callable[[Sequence[Snapshot]], Snapshot]) -> None:
        self.path = path
        self.name = ""
        self._directory = SharedDirectory(path)
        self._merge_exited = merge_exited
        self._alive_file: IO[bytes] | None = None

    def enter(self, first: Snapshot) -> None:
        """Join with a first snapshot, and merge the counters of exited workers.

        Raises:
            OSError: the directory cannot be created or written, has another owner, or is locked for too long.
        """
        with self._directory.locked():
            exited, running = self._workers()
            if running:
                self._fold_in(exited)
            else:
                self._directory.empty()
            self._start(first)

    def leave(self) -> None:
        """Leave this worker's counters to the others, or remove the directory if it was the last one."""
        with self._directory.locked():
            if self._alive_file is not None:
                self._alive_file.close()
            exited, running = self._workers()
            if running:
                self._fold_in(exited)
            else:
                self._directory.remove()

    def remove_abandoned(self) -> None:
        """Remove the directory if it has no running worker, since its server was killed."""
        with self._directory.locked():
            if not self._workers()[1]:
                self._directory.remove()

    def publish(self, snapshot: Snapshot) -> None:
        """Replace this worker's snapshot."""
        self._directory.replace(f"{self.name}{SNAPSHOT}", msgspec.json.encode(snapshot))
        if self._alive_file is not None:
            os.utime(self._alive_file.fileno())  # keeps cleaners of temporary files away

    def read_all(self) -> AllWorkers:
        """Return the last snapshot of every worker, consistent with `gone.json`."""
        while True:
            before = self._exited()
            names = {path.stem for path in self.path.glob(f"*{SNAPSHOT}") if path.name != EXITED}
            read = {name: self._snapshot(name) for name in names.difference(before.counted)}
            if self._exited() == before:
                break
        found = {name: snapshot for name, snapshot in read.items() if snapshot is not None}
        running = {name for name in found if self._is_running(name)}
        gone = [snapshot for name, snapshot in found.items() if name not in running]
        return AllWorkers([found[name] for name in running], [before.snapshot, *gone])

    def admit(self, wanted: Iterable[Labels], most: int) -> list[Labels]:
        """Add label sets to those of all workers, and return the first `most` of them.

        Every worker appends to one file, so that all read the same order.
        """
        with (self.path / LABELS).open("ab", buffering=0) as file:
            file.write(b"".join(msgspec.json.encode(labels) + b"\n" for labels in wanted))
        lines = (self.path / LABELS).read_bytes().split(b"\n")[:-1]
        return list(_decode_labels(dict.fromkeys(lines)))[:most]

    def _start(self, first: Snapshot) -> None:
        self.name = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        with ExitStack() as stack:
            file = stack.enter_context((self.path / f"{self.name}{ALIVE}").open("wb"))
            fcntl.flock(file, fcntl.LOCK_EX)
            self.publish(first)
            self._alive_file = file
            stack.pop_all()

    def _workers(self) -> tuple[list[str], list[str]]:
        """Return the names of exited and of running workers."""
        names = [path.stem for path in self.path.glob(f"*{ALIVE}")]
        running = [name for name in names if self._is_running(name)]
        return [name for name in names if name not in running], running

    def _is_running(self, name: str) -> bool:
        try:
            with (self.path / f"{name}{ALIVE}").open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        return False

    def _fold_in(self, exited: Sequence[str]) -> None:
        """Merge exited workers' counters into `gone.json` and delete their files (crash-safe)."""
        if not exited:
            return
        gone = self._exited()
        snapshots = [self._snapshot(name) for name in exited if name not in gone.counted]
        merged = self._merge_exited([gone.snapshot, *(snapshot for snapshot in snapshots if snapshot is not None)])
        self._directory.replace(EXITED, msgspec.json.encode(ExitedWorkers(merged, tuple(exited))))
        for path in [path for name in exited for path in self.path.glob(f"{name}.*")]:
            path.unlink()

    def _exited(self) -> ExitedWorkers:
        content = self._directory.read(EXITED)
        return ExitedWorkers() if content is None else _exited.decode(content)

    def _snapshot(self, name: str) -> Snapshot | None:
        content = self._directory.read(f"{name}{SNAPSHOT}")
        return None if content is None else _snapshots.decode(content)


def _decode_labels(lines: Iterable[bytes]) -> Iterator[Labels]:
    """Decode each line, skipping those truncated by a full disk."""
    for line in lines:
        with suppress(msgspec.DecodeError):
            yield _labels.decode(line)
