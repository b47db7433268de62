"""Verify a whole transparency log in a folder that `tlog export` wrote."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from llmring_server.tlog import leaves
from llmring_server.tlog.checkpoints import Checkpoint
from llmring_server.tlog.growing_trees import BlockTree
from llmring_server.tlog.hashing import HASH_BYTES, leaf_hash, tree_hash
from llmring_server.tlog.leaves import EntryKind
from llmring_server.tlog.tiles import ENTRIES, WIDTH, Tile, list_tiles, path, width
from llmring_server.verifying.files import read
from llmring_server.verifying.logs import check_checkpoint, older_checkpoint
from llmring_server.verifying.policy import Policy
from llmring_server.verifying.verdict import Findings, Unreadable


def check_folder(findings: Findings, folder: Path, policy: Policy, older: bytes | None) -> None:
    """Check whether a folder has the log of its checkpoint, and whether it continues an older checkpoint.

    One tile is in memory at a time.

    Raises:
        Unreadable: there is no checkpoint.
    """
    found = check_checkpoint(findings, read(folder / "checkpoint"), policy)
    if found is None:
        return
    checkpoint, log = found
    was = older_checkpoint(findings, older, log) if older is not None else None
    roots = _roots(findings, folder, checkpoint.size, was)
    if roots.get(checkpoint.size) == checkpoint.root:
        findings.add_proven(
            "entries", f"The folder has all {checkpoint.size} entries of the log {log.name}, unchanged."
        )
    else:
        findings.add_fault("root", f"The {checkpoint.size} entries do not match the root that the log signed.")
    if was is not None:
        _check_older(findings, was, checkpoint, roots.get(was.size))


def _check_older(findings: Findings, older: Checkpoint, newer: Checkpoint, root: bytes | None) -> None:
    if older.size > newer.size:
        findings.add_fault("older", f"The older checkpoint has size {older.size}, the folder's only {newer.size}.")
    elif root == older.root:
        findings.add_proven("consistency", f"The older checkpoint, of size {older.size}, is a prefix of this log.")
    else:
        findings.add_fault(
            "consistency", f"The first {older.size} entries are not those of the older checkpoint: a fork."
        )


def _roots(findings: Findings, folder: Path, size: int, older: Checkpoint | None) -> dict[int, bytes]:
    """Return the roots over all entries and over those of the older checkpoint, by size; check each tile."""
    tree, kinds = BlockTree(), Counter[str]()
    found = {0: tree.root()}
    for entry in _entries(findings, folder, size):
        kinds[_kind(findings, tree.size, entry)] += 1
        tree.add(leaf_hash(entry))
        if older is not None and tree.size == older.size:
            found[tree.size] = tree.root()
    if tree.size == size:
        found[size] = tree.root()
    _check_upper_tiles(findings, folder, size, tree.full)
    findings.add_unproven(
        "content", f"The content of the entries: {', '.join(f'{n} {kind}' for kind, n in kinds.items())}."
    )
    return found


def _entries(findings: Findings, folder: Path, size: int) -> Iterator[bytes]:
    """Yield every entry, and check each tile of hashes against its entries."""
    for number in range(-(-size // WIDTH)):
        wanted = width(Tile(0, number), size)
        try:
            bundle = leaves.unbundle(_read_tile(folder / "tile" / ENTRIES, number, wanted))[:wanted]
        except ValueError as error:
            raise Unreadable(f"tile/{ENTRIES}/{path(number, wanted)}: {error}") from error
        if len(bundle) < wanted:
            findings.add_fault(
                "entries", f"tile/{ENTRIES}/{path(number, wanted)} has {len(bundle)} of {wanted} entries."
            )
            return
        _check_tile(findings, folder, Tile(0, number), b"".join(map(leaf_hash, bundle)))
        yield from bundle


def _check_upper_tiles(findings: Findings, folder: Path, size: int, full: list[bytes]) -> None:
    """Check the tiles above the leaf hashes against those below; `full` has the hashes of level 1."""
    rows = {1: full}
    for tile, count in list_tiles(size):
        if tile.level == 0:
            continue
        if tile.level not in rows:
            below = rows[tile.level - 1]
            starts = range(0, len(below) - len(below) % WIDTH, WIDTH)
            rows[tile.level] = [tree_hash(below[start : start + WIDTH]) for start in starts]
        wanted = rows[tile.level][tile.number * WIDTH : tile.number * WIDTH + count]
        _check_tile(findings, folder, tile, b"".join(wanted))


def _check_tile(findings: Findings, folder: Path, tile: Tile, wanted: bytes) -> None:
    count = len(wanted) // HASH_BYTES
    name = f"tile/{tile.level}/{path(tile.number, count)}"
    if _read_tile(folder / "tile" / str(tile.level), tile.number, count)[: len(wanted)] != wanted:
        findings.add_fault("tile", f"{name} does not match the tiles below it.")


def _read_tile(level: Path, number: int, count: int) -> bytes:
    """Return a tile's content; a full tile also serves for its partial ones."""
    partial = level / path(number, count)
    return read(partial if partial.is_file() else level / path(number))


def _kind(findings: Findings, index: int, entry: bytes) -> str:
    if len(entry) != leaves.ENTRY_BYTES or entry[:1] != leaves.VERSION or entry[1] not in list(EntryKind):
        findings.add_fault("entry", f"Entry {index} is malformed.")
        return "unknown"
    return EntryKind(entry[1]).name.lower().replace("_", " ")
