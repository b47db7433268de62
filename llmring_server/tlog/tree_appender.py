"""Appending to a tree that is kept in tiles: only the right edge is read, only what changes is written."""

from collections.abc import Iterable, Mapping

from llmring_server.tlog.hashing import HASH_BYTES, tree_hash
from llmring_server.tlog.proofs import Span
from llmring_server.tlog.tiles import WIDTH, Tile, root, tiles_of


def right_edge(size: int) -> set[Tile]:
    """Return the tiles at the right edge of a tree of `size` leaves: its root is read from them, and they grow."""
    return tiles_of([Span(0, size)])


class TreeAppender:
    """A tree's right edge while leaves are appended; `changed` are the rows that are new or longer since.

    `rows` are the tiles that `edge` names.
    """

    def __init__(self, size: int, rows: Mapping[Tile, bytes]) -> None:
        self.size = size
        self.changed: dict[Tile, bytes] = {}
        self._rows = dict(rows)

    def root(self) -> bytes:
        """Return the root of the tree as it stands.

        Raises:
            ValueError: the rows given are not those of a tree of this size.
        """
        return root(self.size, self._rows | self.changed)

    def append(self, hashes: Iterable[bytes]) -> None:
        """Append leaves by their hashes."""
        level, row, added = 0, self.size, list(hashes)
        self.size += len(added)
        while added:
            added, row, level = self._extend(level, row, added), row // WIDTH, level + 1

    def _extend(self, level: int, row: int, added: list[bytes]) -> list[bytes]:
        """Put hashes at the end of a level that has `row` of them; return those of the tiles that became full."""
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
