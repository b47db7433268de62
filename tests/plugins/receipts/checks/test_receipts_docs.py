"""docs/how-to/verify-a-receipt.md: its examples run as printed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[4] / "docs" / "how-to" / "verify-a-receipt.md"
TOOLS = ("bash", "curl", "sed", "openssl", "base64")


def block(language: str) -> str:
    """Return the one code block of a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    return found


def test_the_shell_example_verifies_a_receipt(server, issue, tmp_path):
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        pytest.skip(f"install {', '.join(missing)} to run the shell example of docs/how-to/verify-a-receipt.md")
    number, key = issue(store=True).json()["id"], server.key("one")
    environment = {"SERVER": server.url, "KEY": key, "ID": number, "PATH": "/usr/bin:/bin"}
    command = ["bash", "-euo", "pipefail", "-c", block("sh")]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True, timeout=60)
    assert "Verified Successfully" in ran.stdout, ran.stderr


def test_the_javascript_example_is_the_one_that_is_tested():
    assert block("js") == Path(__file__).with_name("verify.mjs").read_text(encoding="utf-8")
