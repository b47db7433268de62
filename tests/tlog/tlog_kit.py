"""Trees exactly as RFC 6962 defines them: slow, and independent of the server's code."""

import functools
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from llmring_server.tlog import notes
from llmring_server.tlog.growing_trees import TreeAppender
from llmring_server.tlog.hashing import leaf_hash
from llmring_server.tlog.tiles import span_hash

SIZES = [1, 2, 3, 255, 256, 257, 70_000]
ORIGIN = "log.example/receipts"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
LOG = notes.verifier(ORIGIN, KEY)
WITNESSED = notes.verifier("witness.example/w1", WITNESS, notes.KeyType.COSIGNATURE)


def entry(index):
    return b"\x01\x01" + hashlib.sha256(index.to_bytes(8, "big")).digest()


def leaves(size):
    return [leaf_hash(entry(index)) for index in range(size)]


def split(size):
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


@functools.cache
def root(start, end):
    """MTH(D[start:end]), RFC 6962 §2.1."""
    if start == end:
        return sha256()
    if end - start == 1:
        return sha256(b"\0", entry(start))
    middle = start + split(end - start)
    return sha256(b"\1", root(start, middle), root(middle, end))


def path(index, start, end):
    """PATH(m, D[n]), RFC 6962 §2.1.1."""
    if end - start == 1:
        return []
    middle = start + split(end - start)
    if index < middle:
        return [*path(index, start, middle), root(middle, end)]
    return [*path(index, middle, end), root(start, middle)]


def proof(old, new):
    """PROOF(m, D[n]), RFC 6962 §2.1.2."""
    return _subproof(old, 0, new, whole=True)


def _subproof(old, start, end, whole):
    if old == end:
        return [] if whole else [root(start, end)]
    middle = start + split(end - start)
    if old <= middle:
        return [*_subproof(old, start, middle, whole), root(middle, end)]
    return [*_subproof(old, middle, end, False), root(start, middle)]


class Tree:
    """A log in tiles, grown in steps of any sizes."""

    def __init__(self):
        self.growth = TreeAppender(0, {})
        self.rows = {}

    def grow(self, size):
        added = [leaf_hash(entry(index)) for index in range(self.growth.size, size)]
        growth = TreeAppender(self.growth.size, self.rows)
        growth.append(added)
        self.rows |= growth.changed
        self.growth = growth
        return self

    def hashes(self, spans):
        return [span_hash(span, self.rows) for span in spans]


def flips(content):
    """Yield the content with one byte changed, for every byte; each of its bits in turn."""
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        yield place, bytes(changed)
