"""What the log's formats are to others: cases that tools made elsewhere must take, and the same with a byte changed."""

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


def b64(value):
    return base64.encode(value)


def note(size=SIZE):
    text = Checkpoint(ORIGIN, size, root(0, size)).text()
    return Note(text, (notes.sign(text, ORIGIN, KEY),)).content()


class Log:
    """A log of 600 leaves, and what proves parts of it, as JSON for a tool's driver."""

    def __init__(self):
        self.tree = Tree().grow(SIZE)

    def checkpoints(self, contents):
        return [{"kind": "checkpoint", "note": b64(content), "vkey": LOG.vkey()} for content in contents]

    def inclusion(self, index, proof=None, entry_=None):
        proof = self.tree.hashes(proofs.inclusion(index, SIZE)) if proof is None else proof
        return {
            "kind": "inclusion", "index": index, "size": SIZE, "entry": b64(entry_ or entry(index)),
            "root": b64(root(0, SIZE)), "proof": [b64(step) for step in proof],
        }  # fmt: skip

    def consistency(self, old, proof=None):
        proof = self.tree.hashes(proofs.consistency(old, SIZE)) if proof is None else proof
        return {
            "kind": "consistency", "old": old, "new": SIZE, "old_root": b64(root(0, old)),
            "new_root": b64(root(0, SIZE)), "proof": [b64(step) for step in proof],
        }  # fmt: skip

    def tiles(self, changed=None):
        files = self.files() | (changed or {})
        return {
            "kind": "tiles", "size": SIZE, "root": b64(root(0, SIZE)),
            "files": {name: b64(content) for name, content in files.items()},
        }  # fmt: skip

    def files(self):
        """Return the tiles and bundles of entries by their paths below the log's address."""
        found = {}
        for tile, width in tiles.tiles(SIZE):
            found[f"tile/{tile.level}/{tiles.path(tile.number, width)}"] = self.tree.rows[tile]
            if tile.level == 0:
                entries = [entry(index) for index in range(tile.number * 256, tile.number * 256 + width)]
                found[f"tile/entries/{tiles.path(tile.number, width)}"] = leaves.bundle(entries)
        return found


def good(log, kinds):
    cases = [
        *log.checkpoints([note(), note(OLD)]),
        *map(log.inclusion, INDICES),
        *map(log.consistency, OLD_SIZES),
        log.tiles(),
    ]
    return [case for case in cases if case["kind"] in kinds]


def bad(log, kinds):
    """Return cases with one byte changed: each of a note, of entries and of proofs, and one of each tile."""
    cases = log.checkpoints([changed for _, changed in flips(note())])
    cases += [log.inclusion(599, entry_=changed) for _, changed in flips(entry(599))]
    for index in INDICES:
        cases += [log.inclusion(index, proof=proof) for proof in one_flipped(log.inclusion(index)["proof"])]
    for old in OLD_SIZES:
        cases += [log.consistency(old, proof=proof) for proof in one_flipped(log.consistency(old)["proof"])]
    for name, content in log.files().items():
        at = len(content) // 2
        cases.append(log.tiles({name: content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]}))
    return [case for case in cases if case["kind"] in kinds]


def one_flipped(proof):
    """Give a proof, whose hashes are base64, with one bit changed in each of its hashes."""
    steps = [base64.decode(step) for step in proof]
    for place, step in enumerate(steps):
        yield [*steps[:place], bytes([*step[:-1], step[-1] ^ 1]), *steps[place + 1 :]]


class Tool:
    """A program that reads cases and says of each whether it takes it."""

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

    def check(self):
        """Hold the tool to taking every good case and no bad one."""
        log = Log()
        taken, refused = good(log, self.kinds), bad(log, self.kinds)
        assert {case["kind"] for case in refused} == set(self.kinds)
        wrong = [case for case, verdict in zip(taken, self.verdicts(taken), strict=True) if verdict is not True]
        assert wrong == [], "refused though good"
        wrong = [case for case, verdict in zip(refused, self.verdicts(refused), strict=True) if verdict is not False]
        assert wrong == [], "taken though a byte was changed"


def missing(reason):
    """Skip for want of a tool, which fails in CI as every skip does."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def installed(command, folder, reason):
    """Run an installation in a folder; without the registry the test is skipped."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    if done.returncode:
        missing(f"{reason}: {done.stderr[-300:]}")
