"""Tiles: paths and widths as in the specification, and trees that grow in them."""

import random

import pytest
from tlog_kit import SIZES, Tree, entry, leaves, root

from llmring_server.tlog import leaves as entries
from llmring_server.tlog import tiles
from llmring_server.tlog.growing_trees import TreeAppender, right_edge
from llmring_server.tlog.hashing import EMPTY_ROOT, HASH_BYTES
from llmring_server.tlog.proofs import Span
from llmring_server.tlog.tiles import Path, Tile

PATHS = {
    (0, 256): "000",
    (999, 256): "999",
    (1000, 256): "x001/000",
    (1234067, 256): "x001/x234/067",
    (273, 112): "273.p/112",
    (1234067, 8): "x001/x234/067.p/8",
}


@pytest.mark.parametrize(("asked", "text"), PATHS.items())
def test_paths_are_written_as_in_the_specification(asked, text):
    assert tiles.path(*asked) == text
    assert tiles.parse_path(text) == Path(*asked)


@pytest.mark.parametrize(
    "text",
    ["", "0", "00", "0000", "1000", "x001", "001/000", "x000/001", "x1/000", "x001/x234/067.p", "000.p/0", "000.p/256",
     "000.p/01", "000.p/1000", "000.p/-1", "-01", "x001/x234/067/", "/000", "٣٣٣", "000.p/8.p/8"],
)  # fmt: skip
def test_other_texts_are_no_paths(text):
    with pytest.raises(ValueError, match="not the path of a tile"):
        tiles.parse_path(text)


def test_a_tree_of_70_000_has_the_tiles_of_the_specifications_example():
    found = dict(tiles.list_tiles(70_000))
    assert [width for tile, width in found.items() if tile.level == 0] == [256] * 273 + [112]
    assert [width for tile, width in found.items() if tile.level == 1] == [256, 17]
    assert [width for tile, width in found.items() if tile.level == 2] == [1]
    assert len(found) == 277


def test_a_tree_of_256_has_a_full_tile_and_one_of_width_1_above():
    assert dict(tiles.list_tiles(256)) == {Tile(0, 0): 256, Tile(1, 0): 1}


@pytest.mark.parametrize("size", SIZES)
def test_a_tree_grown_at_once_has_the_tiles_and_the_root_of_its_size(size):
    tree = Tree().grow(size)
    assert {tile: len(row) // HASH_BYTES for tile, row in tree.rows.items()} == dict(tiles.list_tiles(size))
    assert tree.growth.root() == root(0, size)
    assert all(tiles.width(tile, size) == width for tile, width in tiles.list_tiles(size))


def test_tiles_hold_the_hashes_that_the_specification_says():
    rows = Tree().grow(70_000).rows
    assert rows[Tile(0, 273)] == b"".join(root(at, at + 1) for at in range(69_888, 70_000))
    assert rows[Tile(1, 1)] == b"".join(root(at, at + 256) for at in range(65_536, 69_888, 256))
    assert rows[Tile(2, 0)] == root(0, 65_536)


def test_a_tree_grown_in_any_steps_is_the_same():
    order = random.Random(7)
    tree = Tree()
    while tree.growth.size < 70_000:
        tree.grow(min(70_000, tree.growth.size + order.choice([1, 2, 255, 256, 257, 1000, 3000])))
        assert tree.growth.root() == root(0, tree.growth.size)
    assert tree.rows == Tree().grow(70_000).rows


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000])
def test_the_right_edge_is_all_that_growing_needs(size):
    whole = Tree().grow(size)
    growth = TreeAppender(size, {tile: whole.rows[tile] for tile in right_edge(size)})
    assert growth.root() == (root(0, size) if size else EMPTY_ROOT)
    growth.append(leaves(70_300)[size:])
    assert growth.root() == root(0, 70_300)


def test_a_changed_hash_at_the_edge_gives_another_root():
    rows = dict(Tree().grow(257).rows)
    rows[Tile(0, 1)] = bytes(HASH_BYTES)
    assert TreeAppender(257, rows).root() != root(0, 257)


def test_a_missing_or_short_tile_is_named():
    rows = dict(Tree().grow(300).rows)
    rows[Tile(0, 1)] = rows[Tile(0, 1)][:-1]
    with pytest.raises(ValueError, match="tile 0/001 has too few hashes"):
        tiles.span_hash(Span(0, 300), rows)


def test_entries_come_out_of_a_bundle_as_they_went_in():
    bundled = [entry(index) for index in range(256)]
    assert entries.unbundle(entries.bundle(bundled)) == bundled
    assert entries.bundle(bundled)[:3] == b"\x00\x22\x01"


@pytest.mark.parametrize("cut", [1, 35])
def test_a_bundle_that_ends_within_an_entry_is_refused(cut):
    with pytest.raises(ValueError, match="within an entry"):
        entries.unbundle(entries.bundle([entry(0)])[:cut])
