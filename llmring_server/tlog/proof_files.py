"""Proof files (C2SP tlog-proof): an entry's index, its inclusion proof, and the checkpoint."""

import msgspec

from llmring_server.tlog import base64, checkpoints
from llmring_server.tlog.checkpoints import InvalidCheckpoint
from llmring_server.tlog.hashing import leaf_hash
from llmring_server.tlog.notes import Verifier
from llmring_server.tlog.proofs import InvalidProof, check_hashes, check_inclusion

HEADER = "c2sp.org/tlog-proof@v1"


class InclusionProof(msgspec.Struct, frozen=True):
    """Proves that an entry is in a log; `extra`, which is not signed, opens the entry."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def content(self) -> bytes:
        """Return the proof as a file."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {base64.encode(self.extra)}")
        lines += [f"index {self.index}", *map(base64.encode, self.hashes), "", ""]
        return "\n".join(lines).encode() + self.checkpoint

    def check(self, entry: bytes, log: Verifier) -> checkpoints.Checkpoint:
        """Check that an entry is in the log, by the log's signature; return the checkpoint.

        Raises:
            InvalidNote, InvalidCheckpoint: the checkpoint is not the log's.
            InvalidProof: the proof does not lead from the entry to the checkpoint.
        """
        found = checkpoints.open_checkpoint(self.checkpoint, log)
        check_inclusion(self.index, found.size, leaf_hash(entry), found.root, self.hashes)
        return found


def parse(content: bytes) -> InclusionProof:
    """Return the proof in a file; only its format is checked.

    Raises:
        InvalidProof: not a proof.
    """
    head, blank, checkpoint = content.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
        if not blank or lines.pop(0) != HEADER:
            raise InvalidProof(f"Not a proof: it does not begin with {HEADER}.")
        extra = base64.decode(_after("extra ", lines.pop(0))) if lines and lines[0].startswith("extra ") else None
        index = checkpoints.parse_size(_after("index ", lines.pop(0) if lines else ""))
        hashes = parse_hashes(lines)
    except (UnicodeDecodeError, InvalidCheckpoint) as error:
        raise InvalidProof("Not a proof: its head is not an index and hashes.") from error
    except InvalidProof:
        raise
    except ValueError as error:
        raise InvalidProof("Not a proof: it contains malformed base64.") from error
    return InclusionProof(index, hashes, checkpoint, extra)


def parse_hashes(lines: list[str]) -> tuple[bytes, ...]:
    """Return the hashes of a proof, one per line.

    Raises:
        InvalidProof: a line is not a hash, or there are more than any tree needs.
    """
    try:
        hashes = tuple(map(base64.decode, lines))
    except ValueError as error:
        raise InvalidProof("A line of the proof is not base64.") from error
    check_hashes(hashes)
    return hashes


def _after(word: str, line: str) -> str:
    if not line.startswith(word):
        raise InvalidProof(f"Not a proof: the line {word.strip()!r} is missing.")
    return line.removeprefix(word)
