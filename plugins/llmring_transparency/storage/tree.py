"""Read proofs and entries from the tiles in the database."""

from collections.abc import Sequence

from llmring_server.database.connections import Connection
from llmring_server.tlog import proofs, tiles
from llmring_server.tlog.hashing import HASH_BYTES
from llmring_server.tlog.leaves import ENTRY_BYTES
from llmring_server.tlog.proofs import Span
from llmring_server.tlog.tiles import Tile
from llmring_transparency.storage.store import ENTRIES_LEVEL, LogStore

BUNDLED_BYTES = 2 + ENTRY_BYTES


class Tree:
    """The tree of leaves; sizes and indices must be within the log."""

    def __init__(self, store: LogStore) -> None:
        self._store = store

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the hashes that prove a leaf in the tree of this size.

        Raises:
            ValueError: that tree has no such leaf.
        """
        return await self._hashes(proofs.inclusion_spans(index, size))

    async def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the hashes that prove that a tree is a prefix of another.

        Raises:
            ValueError: the old tree is the larger one.
        """
        return await self._hashes(proofs.consistency_spans(old, new))

    async def content(self, tile: Tile, width: int) -> bytes | None:
        """Return a tile's first `width` hashes, or entries at level -1; None if it has fewer."""
        found = (await self._store.tiles([tile])).get(tile, b"")
        wanted = width * (BUNDLED_BYTES if tile.level == ENTRIES_LEVEL else HASH_BYTES)
        return found[:wanted] if len(found) >= wanted else None

    async def _hashes(self, spans: Sequence[Span], connection: Connection | None = None) -> list[bytes]:
        rows = await self._store.tiles(tiles.tiles_of(spans), connection)
        return [tiles.span_hash(span, rows) for span in spans]
