"""Node verifies a receipt, with its own crypto and a foreign package for canonical JSON."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from npm_kit import install

CANONICALIZE = "canonicalize@2.1.0"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder with verify.mjs and the npm package; without node or the registry the tests are skipped."""
    found = tmp_path_factory.mktemp("node")
    shutil.copy(Path(__file__).with_name("verify.mjs"), found)
    install(CANONICALIZE, found, "to check receipts outside Python")
    return found


def check(folder: Path, receipt: bytes, keys: bytes) -> str:
    (folder / "receipt.json").write_bytes(receipt)
    (folder / "jwks.json").write_bytes(keys)
    command = ["node", "verify.mjs", "receipt.json", "jwks.json"]
    return subprocess.run(command, cwd=folder, check=True, text=True, capture_output=True).stdout.strip()


def test_node_verifies_what_we_issue(folder, client, issue):
    receipt = issue(ext={"😀": ["ü", 1, None], "ﬁ": {"a": "\u2028"}}, cost={"amount": 1e-05}).content
    assert check(folder, receipt, client.get("/receipts/public-keys.json").content) == "valid"


def test_node_sees_a_change(folder, client, issue):
    receipt = issue().json()
    receipt["tokens"]["input"] += 1
    assert check(folder, json.dumps(receipt).encode(), client.get("/receipts/public-keys.json").content) == "not valid"
