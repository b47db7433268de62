"""Entries of the log: 34 bytes each, `0x01 ‖ kind ‖ commitment`, which do not reveal the project of a receipt."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from enum import IntEnum

import msgspec

from llmring_server.tlog import base64

VERSION = b"\x01"
ENTRY_BYTES = 34
SALT_BYTES = 32
MAX_NAME_BYTES = 255
SEQ_LIMIT = 2**64  # hashed as eight bytes

_RECEIPT = b"llmring-receipt-leaf/v1\0"
_PUBLIC = {2: b"llmring-statement-leaf/v1\0", 3: b"llmring-key-event-leaf/v1\0", 4: b"llmring-tombstone-leaf/v1\0"}


class EntryKind(IntEnum):
    """The content of an entry: a receipt is hidden by its salt, the others are plain digests."""

    RECEIPT = 1
    STATEMENT = 2
    KEY_EVENT = 3
    TOMBSTONE = 4


class LeafOpening(msgspec.Struct, frozen=True):
    """Proves that an entry is a certain receipt: the project's id, the receipt's number from 1 on, and the salt."""

    project: str
    seq: int
    salt: bytes

    def text(self) -> bytes:
        """Return the opening as JSON, as in the line `extra` of a proof."""
        members = {"project": self.project, "salt": base64.encode(self.salt), "seq": self.seq}
        return json.dumps(members, separators=(",", ":")).encode()


def parse_opening(text: bytes) -> LeafOpening:
    """Return the opening of a JSON text.

    Raises:
        ValueError: it is not an opening.
    """
    try:
        found = msgspec.json.decode(text, type=LeafOpening)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"not an opening of a receipt's entry: {error}") from error
    if len(found.salt) != SALT_BYTES or not 0 < found.seq < SEQ_LIMIT or found.text() != text:
        raise ValueError(
            "not an opening of a receipt's entry: a project, a seq from 1 to 2^64−1, and a salt of 32 bytes"
        )
    return found


def receipt_entry(opened: LeafOpening, receipt: bytes) -> bytes:
    """Return the entry of a receipt, given its signed canonical bytes.

    Raises:
        ValueError: the project's id is empty or longer than 255 bytes.
    """
    project = opened.project.encode()
    if not 0 < len(project) <= MAX_NAME_BYTES:
        raise ValueError("a project's id has 1 to 255 bytes")
    message = _RECEIPT + bytes([len(project)]) + project + opened.seq.to_bytes(8, "big") + receipt
    return _entry(EntryKind.RECEIPT, hmac.digest(opened.salt, message, "sha256"))


def public_entry(kind: EntryKind, content: bytes) -> bytes:
    """Return the entry of a statement, a key event or a tombstone, given its canonical bytes.

    Raises:
        ValueError: receipts are hidden; use `receipt_entry`.
    """
    if kind not in _PUBLIC:
        raise ValueError("a receipt's entry is hidden by a salt")
    return _entry(kind, hashlib.sha256(_PUBLIC[kind] + content).digest())


def _entry(kind: EntryKind, commitment: bytes) -> bytes:
    return VERSION + bytes([kind]) + commitment


def bundle(entries: Sequence[bytes]) -> bytes:
    """Return the content of a tile of entries, each after its length in two bytes (C2SP tlog-tiles)."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundle(content: bytes) -> list[bytes]:
    """Return the entries of a tile of entries.

    Raises:
        ValueError: it ends within an entry.
    """
    found, place = [], 0
    while place < len(content):
        start = place + 2
        place = start + int.from_bytes(content[place:start], "big")
        if place > len(content) or start > len(content):
            raise ValueError("the bundle ends within an entry")
        found.append(content[start:place])
    return found
