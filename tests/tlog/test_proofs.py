"""Trees and proofs against RFC 6962's own definitions, and what is rejected."""

import pytest
from tlog_kit import SIZES, Tree, entry, path, proof, root

from llmring_server.tlog import proofs
from llmring_server.tlog.hashing import EMPTY_ROOT, leaf_hash, node_hash, tree_hash
from llmring_server.tlog.proofs import InvalidProof, check_consistency, check_inclusion

# The inputs and roots that implementations of certificate transparency share.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LARGEST = 70_000


@pytest.fixture(scope="module")
def tree():
    return Tree().grow(LARGEST)


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_rfc_6962(size):
    assert tree_hash([leaf_hash(bytes.fromhex(text)) for text in INPUTS[:size]]).hex() == ROOTS[size]


def test_an_inner_node_cannot_be_taken_for_a_leaf():
    assert node_hash(EMPTY_ROOT, EMPTY_ROOT) != leaf_hash(EMPTY_ROOT + EMPTY_ROOT)


def places(size):
    """Return all leaves of a small tree, and of a large one those at its ends and at the ends of its tiles."""
    if size <= 257:
        return range(size)
    return sorted({0, 1, 255, 256, 65_535, 65_536, 65_791, 65_792, size // 2, size - 113, size - 112, size - 1})


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_is_proven_by_the_path_of_rfc_6962(size, tree):
    for index in places(size):
        made = tree.hashes(proofs.inclusion_spans(index, size))
        assert made == path(index, 0, size)
        check_inclusion(index, size, leaf_hash(entry(index)), root(0, size), made)


@pytest.mark.parametrize("new", range(65))
def test_every_older_tree_is_proven_by_the_proof_of_rfc_6962(new, tree):
    for old in range(new + 1):
        made = tree.hashes(proofs.consistency_spans(old, new))
        assert made == (proof(old, new) if old else []), "the empty tree needs no proof"
        check_consistency(old, new, root(0, old), root(0, new), made)


@pytest.mark.parametrize("old", SIZES)
def test_older_trees_of_every_size_are_the_beginning_of_the_largest(old, tree):
    made = tree.hashes(proofs.consistency_spans(old, LARGEST))
    assert made == proof(old, LARGEST)
    check_consistency(old, LARGEST, root(0, old), root(0, LARGEST), made)


def test_the_empty_tree_is_the_beginning_of_every_tree():
    assert proofs.consistency_spans(0, 5) == []
    check_consistency(0, 5, EMPTY_ROOT, root(0, 5), [])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 255, 256, 257])
def test_a_leaf_is_proven_at_no_other_place(size, tree):
    for index in places(size):
        made = tree.hashes(proofs.inclusion_spans(index, size))
        for other in {0, index ^ 1, size - 1, size, -1} - {index}:
            with pytest.raises(InvalidProof):
                check_inclusion(other, size, leaf_hash(entry(index)), root(0, size), made)


@pytest.mark.parametrize("size", [2, 3, 7, 8, 33, 64])
def test_a_flipped_byte_of_an_inclusion_proof_is_refused(size, tree):
    for index in range(size):
        made = tree.hashes(proofs.inclusion_spans(index, size))
        for changed in changes(made):
            with pytest.raises(InvalidProof):
                check_inclusion(index, size, leaf_hash(entry(index)), root(0, size), changed)


@pytest.mark.parametrize("new", [3, 7, 8, 33, 64])
def test_a_flipped_byte_of_a_consistency_proof_is_refused(new, tree):
    for old in range(1, new):
        made = tree.hashes(proofs.consistency_spans(old, new))
        for changed in changes(made):
            with pytest.raises(InvalidProof):
                check_consistency(old, new, root(0, old), root(0, new), changed)


@pytest.mark.parametrize("new", range(2, 33))
def test_a_tree_with_another_past_is_refused(new, tree):
    for old in range(1, new):
        made = tree.hashes(proofs.consistency_spans(old, new))
        with pytest.raises(InvalidProof):
            check_consistency(old, new, root(1, old + 1), root(0, new), made)
        with pytest.raises(InvalidProof):
            check_consistency(old, new, root(0, old), root(1, new + 1), made)


def test_two_roots_for_one_size_are_a_fork():
    with pytest.raises(InvalidProof, match="forked"):
        check_consistency(5, 5, root(0, 5), root(1, 6), [])


@pytest.mark.parametrize(("old", "new"), [(6, 5), (-1, 5)])
def test_a_larger_tree_is_no_beginning_of_a_smaller(old, new):
    with pytest.raises(InvalidProof, match="not a prefix"):
        check_consistency(old, new, root(0, 5), root(0, 5), [])
    with pytest.raises(ValueError, match="not a prefix"):
        proofs.consistency_spans(old, new)


def test_a_leaf_past_the_end_has_no_proof():
    with pytest.raises(ValueError, match="no leaf 5"):
        proofs.inclusion_spans(5, 5)


def test_a_proof_where_none_is_due_is_refused():
    with pytest.raises(InvalidProof, match="empty"):
        check_consistency(0, 5, EMPTY_ROOT, root(0, 5), [root(0, 5)])
    with pytest.raises(InvalidProof, match="empty"):
        check_consistency(3, 5, root(0, 3), root(0, 5), [])


def changes(made):
    """Yield a proof with one byte of each hash flipped, a hash too few, and a hash too many."""
    for place, step in enumerate(made):
        at = place % len(step)
        flipped = step[:at] + bytes([step[at] ^ 1]) + step[at + 1 :]
        yield [*made[:place], flipped, *made[place + 1 :]]
        yield [*made[:place], *made[place + 1 :]]
        yield [*made[:place], step[:-1], *made[place + 1 :]]
    yield [*made, made[-1] if made else bytes(32)]
