"""Trees that grow: stored as one hash per 256 leaves (`BlockTree`), or in tiles (`TreeAppender`)."""

from collections.abc import Iterable, Mapping

from llmring_server.tlog.hashing import HASH_BYTES, tree_hash
from llmring_server.tlog.proofs import Span, inclusion_spans
from llmring_server.tlog.tiles import WIDTH, Tile, root, span_hash, tiles_of


class BlockTree:
    """A tree that grows by one leaf at a time; `full` has one hash per complete block of 256 leaves."""

    def __init__(self) -> None:
        self.size = 0
        self.full: list[bytes] = []
        self._rest: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add a leaf by its hash."""
        self.size += 1
        self._rest.append(leaf)
        if len(self._rest) == WIDTH:
            self.full.append(tree_hash(self._rest))
            self._rest = []

    def root(self) -> bytes:
        """Return the root over all leaves."""
        return tree_hash([*self.full, *([tree_hash(self._rest)] if self._rest else [])])


def blocks_needed(index: int, size: int) -> list[int]:
    """Return the blocks of 256 leaves that the path of a leaf needs; of the others the hash is enough.

    Raises:
        ValueError: the tree has no such leaf.
    """
    return sorted(tile.number for tile in tiles_of(inclusion_spans(index, size)) if tile.level == 0)


def path(index: int, size: int, leaves: Mapping[int, bytes], full: bytes) -> list[bytes]:
    """Return the hashes that prove leaf `index` of a tree of `size`, from the leaf's sibling up.

    `leaves` has the leaf hashes of the needed blocks, `full` one hash per complete block.
    """
    rows = {Tile(0, number): hashes for number, hashes in leaves.items()} | _above(full)
    return [span_hash(span, rows) for span in inclusion_spans(index, size)]


def _above(full: bytes) -> dict[Tile, bytes]:
    """Return the rows above the leaves."""
    rows: dict[Tile, bytes] = {}
    row, level = full, 1
    step = WIDTH * HASH_BYTES
    while row:
        tiles = [row[place : place + step] for place in range(0, len(row), step)]
        rows |= {Tile(level, number): tile for number, tile in enumerate(tiles)}
        complete = [_split(tile) for tile in tiles if len(tile) == step]
        row, level = b"".join(map(tree_hash, complete)), level + 1
    return rows


def _split(row: bytes) -> list[bytes]:
    return [row[place : place + HASH_BYTES] for place in range(0, len(row), HASH_BYTES)]


def right_edge(size: int) -> set[Tile]:
    """Return the tiles at the right edge of a tree of `size` leaves, which give its root and grow."""
    return tiles_of([Span(0, size)])


class TreeAppender:
    """Appends leaves to a tree's right edge; `changed` has the tiles that are new or have grown.

    `rows` are the tiles that `right_edge` names.
    """

    def __init__(self, size: int, rows: Mapping[Tile, bytes]) -> None:
        self.size = size
        self.changed: dict[Tile, bytes] = {}
        self._rows = dict(rows)

    def root(self) -> bytes:
        """Return the root of the current tree.

        Raises:
            ValueError: the given rows do not belong to a tree of this size.
        """
        return root(self.size, self._rows | self.changed)

    def append(self, hashes: Iterable[bytes]) -> None:
        """Append leaves by their hashes."""
        level, row, added = 0, self.size, list(hashes)
        self.size += len(added)
        while added:
            added, row, level = self._extend(level, row, added), row // WIDTH, level + 1

    def _extend(self, level: int, row: int, added: list[bytes]) -> list[bytes]:
        """Append hashes to a level with `row` hashes; return the hashes of tiles that became full."""
        full = []
        while added:
            number, width = divmod(row, WIDTH)
            now, added = added[: WIDTH - width], added[WIDTH - width :]
            tile = Tile(level, number)
            content = self._row(tile)[: width * HASH_BYTES] + b"".join(now)
            self.changed[tile] = content
            row += len(now)
            if row % WIDTH == 0:
                full.append(tree_hash([content[i : i + HASH_BYTES] for i in range(0, WIDTH * HASH_BYTES, HASH_BYTES)]))
        return full

    def _row(self, tile: Tile) -> bytes:
        return self.changed.get(tile) or self._rows.get(tile, b"")
