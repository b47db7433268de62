"""Runs in the environment of aics-tlog: reads cases, prints for each whether that package accepts it."""

import base64
import json
import sys

from aics_tlog import parse_note, parse_vkey, verify_checkpoint, verify_consistency, verify_leaf_inclusion
from aics_tlog.tiles import MemoryTileReader
from aics_tlog.verified import audit_tiles


def b64(text):
    return base64.b64decode(text)


def checkpoint(case):
    key = parse_vkey(case["vkey"])
    return verify_checkpoint(parse_note(b64(case["note"])), key, expected_origin=key.name).ok


def inclusion(case):
    proof = [b64(step) for step in case["proof"]]
    return verify_leaf_inclusion(b64(case["entry"]), case["index"], case["size"], proof, b64(case["root"]))


def consistency(case):
    proof = [b64(step) for step in case["proof"]]
    return verify_consistency(case["old"], case["new"], b64(case["old_root"]), b64(case["new_root"]), proof)


def tiles(case):
    reader = MemoryTileReader({name: b64(content) for name, content in case["files"].items()})
    audit_tiles(reader, case["size"], b64(case["root"]))
    return True


def verdict(case):
    try:
        return bool(globals()[case["kind"]](case))
    except (ValueError, OSError):
        return False


print(json.dumps([verdict(case) for case in json.load(sys.stdin)]))
