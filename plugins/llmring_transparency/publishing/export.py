"""Write the whole log as files, under the paths where it is served."""

from collections.abc import Iterator
from pathlib import Path

from llmring_server.tlog import checkpoints, tiles
from llmring_server.tlog.tiles import Tile
from llmring_transparency.models import LogState
from llmring_transparency.storage import atomic_files
from llmring_transparency.storage.integrity import find_changed_tile
from llmring_transparency.storage.store import ENTRIES_LEVEL, LogStore
from llmring_transparency.storage.tree import Tree

CHECKPOINT = "checkpoint"


async def export(folder: Path, state: LogState, store: LogStore, tree: Tree) -> int:
    """Write the tiles of a log, then its checkpoint, so that a folder with one is complete; return the size.

    Existing full tiles are not written again: they never change.

    Raises:
        OSError: a file cannot be written.
        ValueError: a tile in the database is not of the signed tree; nothing was written.
    """
    checkpoint = state.published or b""
    signed, _ = checkpoints.read(checkpoint)
    size = signed.size
    if fault := await find_changed_tile(store, size, signed.root):
        raise ValueError(fault)
    for tile, width in _list_files(size):
        name = tiles.ENTRIES if tile.level == ENTRIES_LEVEL else str(tile.level)
        path = folder / "tile" / name / tiles.path(tile.number, width)
        if width == tiles.WIDTH and path.is_file():
            continue
        content = await tree.content(tile, width)
        if content is None:
            raise ValueError(f"the database lacks tile {name}/{tiles.path(tile.number, width)}")
        _write(path, content)
    _write(folder / CHECKPOINT, checkpoint)
    return size


def _list_files(size: int) -> Iterator[tuple[Tile, int]]:
    for tile, width in tiles.list_tiles(size):
        yield tile, width
        if tile.level == 0:
            yield Tile(ENTRIES_LEVEL, tile.number), width


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_files.replace(path, content, synced=False)
