"""The journal's files: append-only segments of records with checksums, each locked by one process at a time.

A segment begins with `MAGIC`; a record is its length, its CRC-32 and the CRC-32 of these two (big-endian, 4 bytes
each), then its bytes. Each is synced before the next is begun, so only the last can be torn. The process that writes or
reads a segment locks it (`flock`, which a killed process releases). Functions here block; call them in a thread.
"""

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import uuid_utils

MAGIC = b"llmring journal 1\n"
HEAD = struct.Struct(">III")
SUFFIX = ".journal"
DAMAGED = ".damaged"


class DamagedSegment(Exception):
    """A record whose checksum does not match, with more data after it; the message has its position."""


class Segment:
    """One file of the journal, open and locked."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def create(cls, folder: Path, name: str | None = None) -> Self:
        """Create a segment to append to; by default its name, a UUIDv7, sorts it after earlier ones.

        A file that has this `name` is replaced.

        Raises:
            OSError: the folder is not writable, or its disk is full.
        """
        path = folder / (name or f"{uuid_utils.uuid7()}{SUFFIX}")
        unfinished = path.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write(descriptor, MAGIC, 0)
            unfinished.rename(path)
            _sync_folder(folder)
        except OSError:
            os.close(descriptor)
            unfinished.unlink(missing_ok=True)
            raise
        return cls(path, descriptor)

    @classmethod
    def claim(cls, path: Path) -> Self | None:
        """Open a segment that no process has locked, or return None."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if os.fstat(descriptor).st_nlink == 0:
            os.close(descriptor)
            return None
        return cls(path, descriptor)

    @property
    def size(self) -> int:
        """The bytes written so far."""
        return os.fstat(self._descriptor).st_size

    def append(self, record: bytes) -> None:
        """Append a record, synced when this returns; a failure leaves the segment unchanged.

        Raises:
            OSError: the disk is full or faulty.
        """
        end = self.size
        try:
            _write(self._descriptor, _head(record) + record, end)
        except OSError:
            os.ftruncate(self._descriptor, end)
            raise

    def records(self) -> Iterator[bytes]:
        """Yield the records in order; a torn record at the end was never acknowledged and is skipped.

        Raises:
            Damaged: a record before the end does not match its checksum.
        """
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            file.seek(0)
            begin = file.read(len(MAGIC))
            if begin != MAGIC and not MAGIC.startswith(begin):
                raise DamagedSegment(f"{self.path.name} does not begin with the journal's header")
            while len(head := file.read(HEAD.size)) == HEAD.size and any(head):
                length, check, own = HEAD.unpack(head)
                record = file.read(length) if own == zlib.crc32(head[:8]) else b""
                if own != zlib.crc32(head[:8]) or (zlib.crc32(record) != check and file.read(1)):
                    raise DamagedSegment(f"{self.path.name} has a wrong checksum before byte {file.tell()}")
                if len(record) < length or zlib.crc32(record) != check:
                    return
                yield record

    def close(self) -> None:
        """Close and unlock the segment: another process may claim it."""
        os.close(self._descriptor)

    def remove(self) -> None:
        """Delete and close the segment."""
        self.path.unlink()
        _sync_folder(self.path.parent)
        self.close()

    def quarantine(self) -> Path:
        """Rename a damaged segment so that it is never read again, close it, and return its new path."""
        aside = self.path.with_suffix(DAMAGED)
        self.path.rename(aside)
        self.close()
        return aside


def list_segments(folder: Path) -> list[Path]:
    """Return the segments of a folder, oldest first, including those in use."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def _head(record: bytes) -> bytes:
    sizes = struct.pack(">II", len(record), zlib.crc32(record))
    return sizes + struct.pack(">I", zlib.crc32(sizes))


def _write(descriptor: int, content: bytes, at: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(descriptor, view, at)
        view, at = view[written:], at + written
    os.fdatasync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Sync a folder, so that a created or deleted name survives a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
