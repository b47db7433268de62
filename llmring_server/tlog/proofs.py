"""Inclusion and consistency proofs: their parts of the tree, and their verification.

Creation follows RFC 6962 §2.1.1–2.1.2, which use ranges of leaves; verification follows RFC 9162 §2.1.3.2 and §2.1.4.2,
which walk up from the leaf. The two share no code.
"""

from collections.abc import Sequence
from typing import NamedTuple

from llmring_server.tlog.hashing import HASH_BYTES, node_hash

MAX_HASHES = 63


class InvalidProof(ValueError):
    """A proof is not valid; the message gives the reason as a sentence."""


class Span(NamedTuple):
    """The leaves from `start` up to, not including, `end`."""

    start: int
    end: int


def inclusion_spans(index: int, size: int) -> list[Span]:
    """Return the parts of a tree of `size` leaves whose hashes prove leaf `index`, from the leaf's sibling up.

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} has no leaf {index}")
    spans, start, end = [], 0, size
    while end - start > 1:
        middle = start + _half(end - start)
        if index < middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """Return the parts of a tree of `new` leaves whose hashes prove that its first `old` ones are the old tree.

    Raises:
        ValueError: the old tree is the larger one, or a size is negative.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} is not a prefix of a tree of {new}")
    if old == 0:
        return []
    spans, start, end = [], 0, new
    while old != end:
        middle = start + _half(end - start)
        if old <= middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    if start:
        spans.append(Span(start, end))
    return spans[::-1]


def check_inclusion(index: int, size: int, leaf: bytes, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the leaf with hash `leaf` is number `index` of the tree with this size and root.

    Raises:
        InvalidProof: it is not, or the proof does not show it.
    """
    if not 0 <= index < size:
        raise InvalidProof(f"A tree of {size} has no leaf {index}.")
    check_hashes(proof)
    walk, found = _PathToRoot(index, size - 1), leaf
    for step in proof:
        found = node_hash(step, found) if walk.from_left() else node_hash(found, step)
    if not walk.ended:
        raise InvalidProof("The inclusion proof is too short for this tree.")
    if found != root:
        raise InvalidProof("The inclusion proof leads to another root: the leaf, its index or the proof was changed.")


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `old` leaves is a prefix of the tree of `new` leaves.

    Raises:
        InvalidProof: it is not, or the proof does not show it.
    """
    if not 0 <= old <= new:
        raise InvalidProof(f"A tree of {old} is not a prefix of a tree of {new}.")
    check_hashes(proof)
    if old in (0, new):
        _check_without_proof(old, new, old_root, new_root, proof)
        return
    steps = [old_root, *proof] if _is_power(old) else list(proof)
    if not steps:
        raise InvalidProof("The consistency proof is empty.")
    walk = _PathToRoot(old - 1, new - 1)
    walk.skip_right_turns()
    was = grown = steps[0]
    for step in steps[1:]:
        if walk.from_left():
            was, grown = node_hash(step, was), node_hash(step, grown)
        else:
            grown = node_hash(grown, step)
    if not walk.ended:
        raise InvalidProof("The consistency proof is too short for these trees.")
    if was != old_root:
        raise InvalidProof("The consistency proof leads to another old root: the log's history was changed.")
    if grown != new_root:
        raise InvalidProof("The consistency proof leads to another new root.")


def check_hashes(proof: Sequence[bytes]) -> None:
    """Check that a proof consists of hashes, at most as many as any tree needs.

    Raises:
        InvalidProof: it is not.
    """
    if len(proof) > MAX_HASHES or any(len(step) != HASH_BYTES for step in proof):
        raise InvalidProof(f"A proof has at most {MAX_HASHES} hashes of {HASH_BYTES} bytes.")


class _PathToRoot:
    """The path from a node at the right edge of the known tree to the root."""

    def __init__(self, node: int, last: int) -> None:
        self._node = node
        self._last = last

    @property
    def ended(self) -> bool:
        return self._last == 0

    def skip_right_turns(self) -> None:
        while self._node & 1:
            self._up()

    def from_left(self) -> bool:
        """Go up by one hash of a proof, and return whether that hash is the left child."""
        if self.ended:
            raise InvalidProof("The proof is too long for this tree.")
        left = bool(self._node & 1) or self._node == self._last
        while left and not self._node & 1 and self._node:
            self._up()
        self._up()
        return left

    def _up(self) -> None:
        self._node >>= 1
        self._last >>= 1


def _check_without_proof(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise InvalidProof("The proof must be empty for these sizes.")
    if old == new and old_root != new_root:
        raise InvalidProof("Two different roots for one size: the log was forked.")


def _half(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _is_power(size: int) -> bool:
    return size & (size - 1) == 0
