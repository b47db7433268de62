"""The formats of the log import nothing of the server, so that logs can be verified without it."""

import ast
from pathlib import Path

import pytest

from llmring_server import tlog

ALLOWED = {
    "base64",
    "collections",
    "cryptography",
    "enum",
    "hashlib",
    "hmac",
    "json",
    "msgspec",
    "re",
    "time",
    "typing",
}
MODULES = sorted(Path(tlog.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_format_imports_formats_alone(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    ours = {name for name in found if name.startswith("llmring_server.tlog")}
    assert {name.partition(".")[0] for name in found - ours} <= ALLOWED
