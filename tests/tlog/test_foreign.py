"""Tools that others made take our checkpoints, proofs and tiles, and refuse each of them with one byte changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from foreign_kit import Tool, installed, missing

HERE = Path(__file__).parent
AICS, RFC9162 = "aics-tlog==0.2.1", "@transmute/rfc9162@0.0.5"
PYTHON_VARIABLE = "LLMRING_TEST_PYTHON312"
GO_SOURCES = Path("/usr/share/gocode")

pytestmark = pytest.mark.slow


def python312():
    """Return an interpreter of Python 3.12 or later, or None; a shim that has none behind it does not count."""
    for name in (os.environ.get(PYTHON_VARIABLE, ""), sys.executable, "python3.12", "python3.13", "python3"):
        command = [name, "-c", "import sys; sys.exit(sys.version_info < (3, 12))"]
        if shutil.which(name) and subprocess.run(command, capture_output=True).returncode == 0:
            return name
    return None


def test_aics_tlog_checks_all_of_it(tmp_path):
    python = python312()
    if python is None:
        missing(
            f"no Python 3.12 or later; put one on PATH, or name it in {PYTHON_VARIABLE}, to check logs with aics-tlog"
        )
    command = [python, "-m", "venv", str(tmp_path / "aics")]
    installed(command, tmp_path, "no environment for aics-tlog can be made")
    own = str(tmp_path / "aics" / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    command = [own, "-m", "pip", "install", "-q", "--disable-pip-version-check", AICS]
    installed(command, tmp_path, f"pip cannot install {AICS}; connect to the package index and run again")
    Tool(own, str(HERE / "drive_aics.py")).check()


def test_rfc9162_of_npm_checks_proofs(tmp_path):
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        missing("node and npm are not on PATH; install Node.js 18 or later to check proofs with @transmute/rfc9162")
    options = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
    installed([npm, "install", *options, RFC9162], tmp_path, f"npm cannot install {RFC9162}")
    shutil.copy(HERE / "drive_rfc9162.cjs", tmp_path)
    Tool(node, "drive_rfc9162.cjs", folder=tmp_path, kinds=("inclusion", "consistency")).check()


def test_sumdb_of_go_checks_all_of_it(tmp_path):
    go, sources = shutil.which("go"), GO_SOURCES / "src/golang.org/x/mod/sumdb"
    if not go or not sources.is_dir():
        missing("Go or its package golang.org/x/mod is missing (Debian: golang-go golang-golang-x-mod-dev)")
    shutil.copy(HERE / "drive_sumdb.go", tmp_path)
    build = ["env", "GO111MODULE=off", f"GOPATH={GO_SOURCES}", f"GOCACHE={tmp_path / 'cache'}", "GOFLAGS=", go]
    subprocess.run([*build, "build", "-o", "drive", "drive_sumdb.go"], cwd=tmp_path, check=True, capture_output=True)
    Tool(str(tmp_path / "drive")).check()
