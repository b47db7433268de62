"""Cases for third-party tools: what they must accept, and the same with a byte changed."""

import json
import os
import subprocess

import pytest
from tlog_kit import KEY, LOG, ORIGIN, Tree, entry, flips, root

from llmring_server.tlog import base64, leaves, notes, proofs, tiles
from llmring_server.tlog.checkpoints import Checkpoint
from llmring_server.tlog.notes import Note

SIZE, OLD = 600, 300
INDICES = [0, 1, 255, 256, 511, 512, 598, 599]
OLD_SIZES = [1, 2, 3, 255, 256, 257, 300, 511, 512, 599]
CHANGED = {"note", "entry", "root", "old_root", "new_root", "proof", "files"}


def b64(value):
    return base64.encode(value)


def note(size=SIZE):
    text = Checkpoint(ORIGIN, size, root(0, size)).text()
    return Note(text, (notes.sign(text, ORIGIN, KEY),)).content()


def checkpoint_case(content, vkey):
    return {"kind": "checkpoint", "note": b64(content), "vkey": vkey}


def inclusion_case(index, size, entry_, root_, proof):
    return {
        "kind": "inclusion", "index": index, "size": size, "entry": b64(entry_), "root": b64(root_),
        "proof": list(map(b64, proof)),
    }  # fmt: skip


def consistency_case(old, new, old_root, new_root, proof):
    return {
        "kind": "consistency", "old": old, "new": new, "old_root": b64(old_root), "new_root": b64(new_root),
        "proof": list(map(b64, proof)),
    }  # fmt: skip


def tiles_case(size, root_, files):
    encoded = {name: b64(content) for name, content in files.items()}
    return {"kind": "tiles", "size": size, "root": b64(root_), "files": encoded}


def cases():
    """Return proofs for parts of a log of 600 leaves, as JSON for a tool's driver."""
    tree, whole = Tree().grow(SIZE), root(0, SIZE)
    paths = {index: tree.hashes(proofs.inclusion_spans(index, SIZE)) for index in INDICES}
    beginnings = {old: tree.hashes(proofs.consistency_spans(old, SIZE)) for old in OLD_SIZES}
    return [
        *(checkpoint_case(note(size), LOG.vkey()) for size in (SIZE, OLD)),
        *(inclusion_case(index, SIZE, entry(index), whole, path) for index, path in paths.items()),
        *(consistency_case(old, SIZE, root(0, old), whole, proof) for old, proof in beginnings.items()),
        tiles_case(SIZE, whole, files(tree)),
    ]


def files(tree):
    """Return a tree's tiles and bundles of entries by their paths below the log's address."""
    found = {}
    for tile, width in tiles.list_tiles(SIZE):
        found[f"tile/{tile.level}/{tiles.path(tile.number, width)}"] = tree.rows[tile]
        if tile.level == 0:
            entries = [entry(index) for index in range(tile.number * 256, tile.number * 256 + width)]
            found[f"tile/entries/{tiles.path(tile.number, width)}"] = leaves.bundle(entries)
    return found


def changed(case):
    """Yield a case with one byte changed: each of a note, entry, root and proof in turn, and one of each file."""
    for member, value in case.items():
        if member in CHANGED:
            yield from ({**case, member: other} for other in one_changed(value))


def one_changed(value):
    if isinstance(value, str):
        yield from (b64(other) for _, other in flips(base64.decode(value)))
    elif isinstance(value, list):
        for place, step in enumerate(value):
            yield from ([*value[:place], other, *value[place + 1 :]] for other in one_changed(step))
    else:
        for name, content in value.items():
            others = list(one_changed(content))
            yield {**value, name: others[len(others) // 2]}


class Tool:
    """A program that reads cases and reports for each whether it is valid."""

    def __init__(self, *command, folder=None, kinds=("checkpoint", "inclusion", "consistency", "tiles")):
        self.command = command
        self.folder = folder
        self.kinds = kinds

    def verdicts(self, cases):
        done = subprocess.run(
            self.command, cwd=self.folder, input=json.dumps(cases), capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr[-2000:]
        found = json.loads(done.stdout)
        assert len(found) == len(cases)
        return found

    def check(self, good):
        """Check that the tool accepts every case of the kinds that it knows, and none with a byte changed."""
        taken = [case for case in good if case["kind"] in self.kinds]
        refused = [other for case in taken for other in changed(case)]
        assert {case["kind"] for case in refused} == set(self.kinds)
        wrong = [case for case, verdict in zip(taken, self.verdicts(taken), strict=True) if verdict is not True]
        assert wrong == [], "refused though good"
        wrong = [case for case, verdict in zip(refused, self.verdicts(refused), strict=True) if verdict is not False]
        assert wrong == [], "taken though a byte was changed"


def missing(reason):
    """Skip because a tool is missing; in CI this fails, as every skip does."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def installed(command, folder, reason):
    """Run an installation in a folder; without the registry the test is skipped."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    if done.returncode:
        missing(f"{reason}: {done.stderr[-300:]}")
