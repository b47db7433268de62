"""Calls of the journal whose key was revoked before their replay: set aside in files of their own, never dropped.

A file has the format and the name of the segment from which its calls come, and the suffix `QUARANTINED`.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from llmring_usage.journal import records
from llmring_usage.journal.segments import Segment
from llmring_usage.models.rows import UsageRow

log = logging.getLogger(__name__)

QUARANTINED = ".quarantine"


class Quarantine:
    """The quarantined calls of one segment; the file is created with the first, again in a repeated replay."""

    def __init__(self, segment: Path) -> None:
        self._path = segment.with_suffix(QUARANTINED)
        self._file: Segment | None = None
        self._calls = 0

    def __enter__(self) -> Self:
        """Return the quarantine."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file, and report its calls."""
        if self._file is None:
            return
        self._file.close()
        log.error(
            "%d calls are quarantined in %s, because their keys were revoked; see `llmring-server usage quarantine`",
            self._calls, self._path.name,
        )  # fmt: skip

    def append(self, rows: Sequence[UsageRow]) -> None:
        """Append calls; they are synced to disk when this returns. Blocks.

        Raises:
            OSError: the disk is full or faulty.
        """
        if self._file is None:
            self._file = Segment.create(self._path.parent, self._path.name)
        self._file.append(records.encode(rows))
        self._calls += len(rows)


def list_quarantined(folder: Path) -> list[Path]:
    """Return the quarantine files of a folder, oldest first."""
    return sorted(folder.glob(f"*{QUARANTINED}"))


def read_quarantined(path: Path) -> Iterator[list[UsageRow]]:
    """Yield the calls of a quarantine file, record by record.

    Raises:
        FileNotFoundError, BlockingIOError: the file does not exist, or a server is writing it.
        DamagedSegment, msgspec.MsgspecError: the file is damaged.
    """
    file = _claim(path)
    try:
        yield from map(records.decode, file.records())
    finally:
        file.close()


def release(path: Path) -> int:
    """Move the calls of a quarantine file to a new segment, whose replay stores them; return their number. Blocks.

    Raises:
        OSError: the file does not exist, a server is writing it, or the disk is full.
        DamagedSegment, msgspec.MsgspecError: the file is damaged.
    """
    calls, file, segment = 0, _claim(path), Segment.create(path.parent)
    try:
        for record in file.records():
            rows = [msgspec.structs.replace(row, unconfirmed_key=None) for row in records.decode(record)]
            segment.append(records.encode(rows))
            calls += len(rows)
    except BaseException:
        segment.remove()
        file.close()
        raise
    file.remove()
    segment.close()
    return calls


def _claim(path: Path) -> Segment:
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    file = Segment.claim(path)
    if file is None:
        raise BlockingIOError(f"a server is writing {path}; try again")
    return file
