"""Tiles (C2SP tlog-tiles): rows of 256 hashes of a tree, their paths, and hashes over spans of leaves."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from llmring_server.tlog.hashing import HASH_BYTES, fold, tree_hash
from llmring_server.tlog.proofs import Span

HEIGHT = 8
WIDTH = 1 << HEIGHT
MAX_LEVEL = 63
ENTRIES = "entries"

_INDEX = re.compile(r"(?:x[0-9]{3}/)*[0-9]{3}")
_PARTIAL = re.compile(r"(?P<index>.*[0-9])\.p/(?P<width>[1-9][0-9]{0,2})")


class Tile(NamedTuple):
    """A tile's position: `level` 0 has leaf hashes; above, each hash is that of a full tile of the level below."""

    level: int
    number: int


class Path(NamedTuple):
    """A tile's number and width, 256 unless the tile is partial."""

    number: int
    width: int


def path(number: int, width: int = WIDTH) -> str:
    """Return the path of a tile below its level: `x001/x234/067`, with `.p/W` when it is partial."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[place : place + 3] for place in range(0, len(digits), 3)]
    whole = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return whole if width == WIDTH else f"{whole}.p/{width}"


def parse_path(text: str) -> Path:
    """Return the number and width in the path of a tile below its level.

    Raises:
        ValueError: it is not a path that `path` returns.
    """
    partial = _PARTIAL.fullmatch(text)
    index, width = (partial["index"], int(partial["width"])) if partial else (text, WIDTH)
    if not _INDEX.fullmatch(index) or (partial and width >= WIDTH):
        raise ValueError("not the path of a tile, such as x001/x234/067, or 067.p/12 for a partial one")
    found = Path(int(index.replace("/", "").replace("x", "")), width)
    if path(*found) != text:
        raise ValueError("not the path of a tile: it has unnecessary leading zeros")
    return found


def width(tile: Tile, size: int) -> int:
    """Return how many hashes a tile has in a tree of `size` leaves, 0 to 256."""
    return max(0, min(WIDTH, (size >> (HEIGHT * tile.level)) - tile.number * WIDTH))


def list_tiles(size: int) -> Iterable[tuple[Tile, int]]:
    """Yield every tile of a tree of `size` leaves with its width, level by level."""
    level = 0
    while row := size >> (HEIGHT * level):
        for number in range(-(-row // WIDTH)):
            yield Tile(level, number), min(WIDTH, row - number * WIDTH)
        level += 1


class Subtree(NamedTuple):
    """A complete subtree: `width` hashes of a tile, from `first` on."""

    tile: Tile
    first: int
    width: int


def split_span(span: Span) -> list[Subtree]:
    """Return the complete subtrees of a span of leaves, largest first, and their positions in tiles.

    The span must start where a subtree can, as the spans of proofs do.
    """
    found, start = [], span.start
    while start < span.end:
        height = (span.end - start).bit_length() - 1
        level, below = divmod(height, HEIGHT)
        number, first = divmod(start >> (HEIGHT * level), WIDTH)
        found.append(Subtree(Tile(level, number), first, 1 << below))
        start += 1 << height
    return found


def tiles_of(spans: Iterable[Span]) -> set[Tile]:
    """Return the tiles that contain the hashes of spans."""
    return {subtree.tile for span in spans for subtree in split_span(span)}


def span_hash(span: Span, rows: Mapping[Tile, bytes]) -> bytes:
    """Return the hash over a span of leaves, read from the tiles that `tiles_of` returns.

    Raises:
        ValueError: a tile is missing or too short.
    """
    return fold([tree_hash(_hashes(subtree, rows)) for subtree in split_span(span)])


def root(size: int, rows: Mapping[Tile, bytes]) -> bytes:
    """Return the root of a tree of `size` leaves, read from its tiles; as `span_hash`."""
    return span_hash(Span(0, size), rows)


def _hashes(subtree: Subtree, rows: Mapping[Tile, bytes]) -> list[bytes]:
    row, end = rows.get(subtree.tile, b""), (subtree.first + subtree.width) * HASH_BYTES
    if len(row) < end:
        raise ValueError(f"tile {subtree.tile.level}/{path(subtree.tile.number)} has too few hashes")
    return [row[place : place + HASH_BYTES] for place in range(subtree.first * HASH_BYTES, end, HASH_BYTES)]
