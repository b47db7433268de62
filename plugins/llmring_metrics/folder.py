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

from llmring_metrics.models import Everyone, Snapshot
from llmring_metrics.place import Place
from llmring_server.contracts.figures import Labels

GONE = "gone.json"
LABELS = "labels"
ALIVE = ".alive"
SNAPSHOT = ".json"

_snapshots = msgspec.json.Decoder(Snapshot)
_labels = msgspec.json.Decoder(Labels)


class Gone(msgspec.Struct, frozen=True):
    """The counters of exited workers; they include the workers in `counted`, whose files may still exist."""

    snapshot: Snapshot = {}
    counted: tuple[str, ...] = ()


_gone = msgspec.json.Decoder(Gone)


class Folder:
    """One worker's access to the snapshots; `remains` merges the snapshots of exited workers."""

    def __init__(self, path: Path, remains: Callable[[Sequence[Snapshot]], Snapshot]) -> None:
        self.path = path
        self.name = ""
        self._place = Place(path)
        self._remains = remains
        self._life: IO[bytes] | None = None

    def enter(self, first: Snapshot) -> None:
        """Join with a first snapshot, and merge the counters of exited workers.

        Raises:
            OSError: the directory cannot be created or written, has another owner, or is locked for too long.
        """
        with self._place.held():
            dead, living = self._workers()
            if living:
                self._bury(dead)
            else:
                self._place.empty()
            self._live(first)

    def leave(self) -> None:
        """Leave this worker's counters to the others, or remove the directory if it was the last one."""
        with self._place.held():
            if self._life is not None:
                self._life.close()
            dead, living = self._workers()
            if living:
                self._bury(dead)
            else:
                self._place.remove()

    def remove_abandoned(self) -> None:
        """Remove the directory if it has no running worker, since its server was killed."""
        with self._place.held():
            if not self._workers()[1]:
                self._place.remove()

    def publish(self, snapshot: Snapshot) -> None:
        """Replace this worker's snapshot."""
        self._place.replace(f"{self.name}{SNAPSHOT}", msgspec.json.encode(snapshot))
        if self._life is not None:
            os.utime(self._life.fileno())  # keeps cleaners of temporary files away

    def everyone(self) -> Everyone:
        """Return the last snapshot of every worker, consistent with `gone.json`."""
        while True:
            before = self._gone()
            names = {path.stem for path in self.path.glob(f"*{SNAPSHOT}") if path.name != GONE}
            read = {name: self._snapshot(name) for name in names.difference(before.counted)}
            if self._gone() == before:
                break
        found = {name: snapshot for name, snapshot in read.items() if snapshot is not None}
        living = {name for name in found if self._lives(name)}
        gone = [snapshot for name, snapshot in found.items() if name not in living]
        return Everyone([found[name] for name in living], [before.snapshot, *gone])

    def admit(self, wanted: Iterable[Labels], most: int) -> list[Labels]:
        """Add label sets to those of all workers, and return the first `most` of them.

        Every worker appends to one file, so that all read the same order.
        """
        with (self.path / LABELS).open("ab", buffering=0) as file:
            file.write(b"".join(msgspec.json.encode(labels) + b"\n" for labels in wanted))
        lines = (self.path / LABELS).read_bytes().split(b"\n")[:-1]
        return list(_admitted(dict.fromkeys(lines)))[:most]

    def _live(self, first: Snapshot) -> None:
        self.name = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        with ExitStack() as stack:
            life = stack.enter_context((self.path / f"{self.name}{ALIVE}").open("wb"))
            fcntl.flock(life, fcntl.LOCK_EX)
            self.publish(first)
            self._life = life
            stack.pop_all()

    def _workers(self) -> tuple[list[str], list[str]]:
        """Return the names of exited and of running workers."""
        names = [path.stem for path in self.path.glob(f"*{ALIVE}")]
        living = [name for name in names if self._lives(name)]
        return [name for name in names if name not in living], living

    def _lives(self, name: str) -> bool:
        try:
            with (self.path / f"{name}{ALIVE}").open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        return False

    def _bury(self, dead: Sequence[str]) -> None:
        """Merge exited workers' counters into `gone.json` and delete their files (crash-safe)."""
        if not dead:
            return
        gone = self._gone()
        news = [self._snapshot(name) for name in dead if name not in gone.counted]
        whole = self._remains([gone.snapshot, *(snapshot for snapshot in news if snapshot is not None)])
        self._place.replace(GONE, msgspec.json.encode(Gone(whole, tuple(dead))))
        for path in [path for name in dead for path in self.path.glob(f"{name}.*")]:
            path.unlink()

    def _gone(self) -> Gone:
        content = self._place.read(GONE)
        return Gone() if content is None else _gone.decode(content)

    def _snapshot(self, name: str) -> Snapshot | None:
        content = self._place.read(f"{name}{SNAPSHOT}")
        return None if content is None else _snapshots.decode(content)


def _admitted(lines: Iterable[bytes]) -> Iterator[Labels]:
    """Decode each line, skipping those truncated by a full disk."""
    for line in lines:
        with suppress(msgspec.DecodeError):
            yield _labels.decode(line)
