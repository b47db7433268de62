"""Checkpoints (C2SP tlog-checkpoint): a log's name, size and root, as the text of a signed note."""

import re

import msgspec

from llmring_server.tlog import base64, notes
from llmring_server.tlog.hashing import HASH_BYTES

MAX_SIZE = 2**63 - 1

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class InvalidCheckpoint(ValueError):
    """A text is not a checkpoint; the message gives the reason."""


class Checkpoint(msgspec.Struct, frozen=True):
    """A tree of `size` leaves with this root, in the log `origin`; further lines are in `extensions`."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the text that is signed."""
        lines = [self.origin, str(self.size), base64.encode(self.root), *self.extensions]
        return "".join(f"{line}\n" for line in lines)


def parse(text: str) -> Checkpoint:
    """Return the checkpoint of a note's text.

    Raises:
        InvalidCheckpoint: it is not a checkpoint.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise InvalidCheckpoint("a checkpoint has at least three lines, name, size and root, none of them empty")
    origin, size, root, *extensions = lines[:-1]
    count = parse_size(size)
    try:
        digest = base64.decode(root)
    except ValueError as error:
        raise InvalidCheckpoint("the checkpoint's root is not base64") from error
    if len(digest) != HASH_BYTES:
        raise InvalidCheckpoint(f"the checkpoint's root is not {HASH_BYTES} bytes long")
    return Checkpoint(origin, count, digest, tuple(extensions))


def parse_size(text: str) -> int:
    """Return a tree's size.

    Raises:
        InvalidCheckpoint: not a decimal number, with leading zeros, or above 2^63−1.
    """
    if not _SIZE.fullmatch(text) or int(text) > MAX_SIZE:
        raise InvalidCheckpoint("a tree's size is a decimal number without leading zeros, at most 2^63−1")
    return int(text)


def read(content: bytes) -> tuple[Checkpoint, notes.Note]:
    """Return the checkpoint of a signed note, and the note; the signatures are not checked.

    Raises:
        InvalidNote: not a signed note.
        InvalidCheckpoint: its text is not a checkpoint.
    """
    note = notes.parse(content)
    return parse(note.text), note


def open_checkpoint(content: bytes, *keys: notes.Verifier) -> Checkpoint:
    """Return the checkpoint of a note that the log has signed with one of its keys.

    Raises:
        InvalidNote: not a signed note, or the log's signature is missing or not valid.
        InvalidCheckpoint: its text is not a checkpoint, or the checkpoint of another log.
    """
    checkpoint, note = read(content)
    signed = note.signatures(keys)
    if not signed:
        names = " or ".join(f"{key.name}+{key.key_id.hex()}" for key in keys)
        raise notes.InvalidNote(f"the note is not signed with the log's key {names}")
    if checkpoint.origin not in {signature.verifier.name for signature in signed}:
        raise InvalidCheckpoint(
            f"the checkpoint is for the log {checkpoint.origin!r}, not for {signed[0].verifier.name!r}"
        )
    return checkpoint
