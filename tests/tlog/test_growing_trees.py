"""Trees stored as one hash per block have the same roots and paths as whole trees."""

import pytest
from tlog_kit import leaves, path, root

from llmring_server.tlog import growing_trees
from llmring_server.tlog.growing_trees import BlockTree
from llmring_server.tlog.proofs import check_inclusion
from llmring_server.tlog.tiles import WIDTH

SIZES = [1, 2, 3, 255, 256, 257, 512, 700, 70_000]


def grown(size):
    tree = BlockTree()
    for leaf in leaves(size):
        tree.add(leaf)
    return tree


def in_blocks(hashes, numbers):
    return {number: b"".join(hashes[number * WIDTH : (number + 1) * WIDTH]) for number in numbers}


@pytest.mark.parametrize("size", [0, *SIZES])
def test_the_root_is_that_of_rfc_6962(size):
    assert grown(size).root() == root(0, size)


@pytest.mark.parametrize("size", SIZES)
def test_the_path_of_a_leaf_is_that_of_rfc_6962_and_reads_few_blocks(size):
    tree, hashes = grown(size), leaves(size)
    for index in sorted({0, 1, size // 3, size // 2, size - 2, size - 1} & set(range(size))):
        needed = growing_trees.blocks_needed(index, size)
        assert len(needed) <= 2
        found = growing_trees.path(index, size, in_blocks(hashes, needed), b"".join(tree.full))
        assert found == path(index, 0, size)
        check_inclusion(index, size, hashes[index], tree.root(), found)


def test_there_is_no_path_of_a_leaf_that_is_not_there():
    with pytest.raises(ValueError, match="has no leaf 3"):
        growing_trees.blocks_needed(3, 3)
