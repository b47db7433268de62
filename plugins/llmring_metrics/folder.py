"""The folder in which the worker processes of one server meet. Blocks: call it in a thread.

A worker holds a lock on `<name>.alive` for as long as it lives; the kernel takes the lock back however the worker
ends. `<name>.json` is its last snapshot, `gone.json` what those who are gone had counted, so that no count is lost.
The first worker to come empties the folder, the last to go removes it. Readers hold nothing.
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
    """What the workers that are gone had counted; the files of `counted`, if they are still there, are part of it."""

    snapshot: Snapshot = {}
    counted: tuple[str, ...] = ()


_gone = msgspec.json.Decoder(Gone)


class Folder:
    """One worker's view of the folder; `remains` makes one snapshot of those that are gone."""

    def __init__(self, path: Path, remains: Callable[[Sequence[Snapshot]], Snapshot]) -> None:
        self.path = path
        self.name = ""
        self._place = Place(path)
        self._remains = remains
        self._life: IO[bytes] | None = None

    def enter(self, first: Snapshot) -> None:
        """Come in with a first snapshot; what those who are gone had counted is put together.

        Raises:
            OSError: the folder cannot be made or written, is somebody else's, or is held for too long.
        """
        with self._place.held():
            dead, living = self._workers()
            if living:
                self._bury(dead)
            else:
                self._place.empty()
            self._live(first)

    def leave(self) -> None:
        """Go; what this worker counted stays for the others, and nothing when it was the last."""
        with self._place.held():
            if self._life is not None:
                self._life.close()
            dead, living = self._workers()
            if living:
                self._bury(dead)
            else:
                self._place.remove()

    def remove_abandoned(self) -> None:
        """Remove the folder when nobody lives in it: its server was killed."""
        with self._place.held():
            if not self._workers()[1]:
                self._place.remove()

    def publish(self, snapshot: Snapshot) -> None:
        """Replace this worker's snapshot."""
        self._place.replace(f"{self.name}{SNAPSHOT}", msgspec.json.encode(snapshot))
        if self._life is not None:
            os.utime(self._life.fileno())  # systems that clear away old temporary files go by this time

    def everyone(self) -> Everyone:
        """Return the last snapshot of every worker, as they were while nobody was buried."""
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
        """Ask for sets of label values to be among the first `most` of all workers, and return those first ones.

        They stand in a file to which each worker appends, so that all read the same order.
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
        """Return who is dead and who lives, of all who have come."""
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
        """Add what the dead had counted to `gone.json`, and remove their files; a crash in between does no harm."""
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
    """Give the labels of each line; one that a full disk cut short is nobody's."""
    for line in lines:
        with suppress(msgspec.DecodeError):
            yield _labels.decode(line)
