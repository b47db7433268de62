"""The check of every tile in the database against the signed root, from the entries up."""

from collections.abc import Iterator, Mapping

from llmring_server.tlog import growing_trees, leaves, tiles
from llmring_server.tlog.hashing import HASH_BYTES, leaf_hash, tree_hash
from llmring_server.tlog.tiles import WIDTH, Tile
from llmring_transparency.storage.store import ENTRIES_LEVEL, LogStore

READ_TILES = 64


async def find_changed_tile(store: LogStore, size: int, root: bytes) -> str | None:
    """Return a sentence about the first tile that does not belong to the tree of this root; None if all do.

    Reads the whole log, some tiles at a time.
    """
    listed = list(tiles.list_tiles(size))
    for start in range(0, len(listed), READ_TILES):
        part = dict(listed[start : start + READ_TILES])
        above = {_parent(tile) for tile in part}
        entries = {Tile(ENTRIES_LEVEL, tile.number) for tile in part if tile.level == 0}
        rows = await store.tiles(part.keys() | above | entries)
        for tile, width in part.items():
            if not _is_intact(tile, width, rows):
                return _describe(tile)
    edge = await store.tiles(growing_trees.right_edge(size))
    if tiles.root(size, edge) != root:
        return f"the tiles of the {size} leaves do not hash to the signed root"
    return None


def _is_intact(tile: Tile, width: int, rows: Mapping[Tile, bytes]) -> bool:
    """Whether a tile is complete, matches its entries, and a full one is in the tile above."""
    content = rows.get(tile, b"")[: width * HASH_BYTES]
    if len(content) < width * HASH_BYTES:
        return False
    if tile.level == 0 and content != _hash_entries(rows.get(Tile(ENTRIES_LEVEL, tile.number), b""), width):
        return False
    place = tile.number % WIDTH * HASH_BYTES
    above = rows.get(_parent(tile), b"")[place : place + HASH_BYTES]
    return width < WIDTH or tree_hash(list(_split(content))) == above


def _hash_entries(bundle: bytes, width: int) -> bytes:
    try:
        return b"".join(map(leaf_hash, leaves.unbundle(bundle)[:width]))
    except ValueError:
        return b""


def _split(content: bytes) -> Iterator[bytes]:
    for place in range(0, len(content), HASH_BYTES):
        yield content[place : place + HASH_BYTES]


def _parent(tile: Tile) -> Tile:
    return Tile(tile.level + 1, tile.number // WIDTH)


def _describe(tile: Tile) -> str:
    name = f"{tile.level}/{tiles.path(tile.number)}"
    return f"tile {name} in the database is not of the signed tree: it, its entries or the tile above were changed"
