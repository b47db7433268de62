"""Append to a tree in tiles: only the right edge is read, and only changed tiles are written."""

from collections.abc import Iterable, Mapping

from llmring_server.tlog.hashing import HASH_BYTES, tree_hash
from llmring_server.tlog.proofs import Span
from llmring_server.tlog.tiles import WIDTH, Tile, root, tiles_of


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
