"""Tools that others made take our checkpoints, proofs and tiles, and refuse each of them with one byte changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from foreign_kit import Tool, b64, installed, missing

from llmring_server.contracts import ReceiptsStored, StoredReceipt
from llmring_server.testing import eventually
from llmring_server.tlog import checkpoints
from llmring_server.tlog.signers import Signer

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


@pytest.fixture(scope="module")
def aics(tmp_path_factory):
    folder, python = tmp_path_factory.mktemp("aics"), python312()
    if python is None:
        missing(
            f"no Python 3.12 or later; put one on PATH, or name it in {PYTHON_VARIABLE}, to check logs with aics-tlog"
        )
    installed([python, "-m", "venv", str(folder)], folder, "no environment for aics-tlog can be made")
    own = str(folder / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    command = [own, "-m", "pip", "install", "-q", "--disable-pip-version-check", AICS]
    installed(command, folder, f"pip cannot install {AICS}; connect to the package index and run again")
    return Tool(own, str(HERE / "drive_aics.py"))


@pytest.fixture(scope="module")
def rfc9162(tmp_path_factory):
    folder, node, npm = tmp_path_factory.mktemp("npm"), shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        missing("node and npm are not on PATH; install Node.js 18 or later to check proofs with @transmute/rfc9162")
    options = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
    installed([npm, "install", *options, RFC9162], folder, f"npm cannot install {RFC9162}")
    shutil.copy(HERE / "drive_rfc9162.cjs", folder)
    return Tool(node, "drive_rfc9162.cjs", folder=folder, kinds=("inclusion", "consistency"))


@pytest.fixture(scope="module")
def sumdb(tmp_path_factory):
    folder, go = tmp_path_factory.mktemp("go"), shutil.which("go")
    if not go or not (GO_SOURCES / "src/golang.org/x/mod/sumdb").is_dir():
        missing("Go or its package golang.org/x/mod is missing (Debian: golang-go golang-golang-x-mod-dev)")
    shutil.copy(HERE / "drive_sumdb.go", folder)
    build = ["env", "GO111MODULE=off", f"GOPATH={GO_SOURCES}", f"GOCACHE={folder / 'cache'}", "GOFLAGS=", go]
    subprocess.run([*build, "build", "-o", "drive", "drive_sumdb.go"], cwd=folder, check=True, capture_output=True)
    return Tool(str(folder / "drive"))


@pytest.mark.parametrize("tool", ["aics", "rfc9162", "sumdb"])
def test_a_foreign_tool_takes_what_is_good_and_refuses_any_changed_byte(tool, request):
    request.getfixturevalue(tool).check()


@pytest.fixture
def exported(llmring_live, llmring_cli, tmp_path):
    """Give a folder that a server's own log of 600 receipts was exported to, and the log's verifier key."""
    key = Signer.fresh("log.example/exported")
    server = llmring_live(["transparency"], transparency={"key": key.text(), "guard_file": str(tmp_path / "guard")})

    async def store():
        async with server.server.database.transaction() as connection:
            told = [StoredReceipt("prj_one", f"r{number}", b"{}") for number in range(600)]
            await server.server.service(ReceiptsStored).write(connection, told)

    server.run(store())
    eventually(lambda: server.rows("SELECT size FROM transparency_log")[0]["size"] == 601)
    done = llmring_cli("tlog", "export", str(tmp_path / "log"), LLMRING_PLUGINS="transparency")
    assert done.returncode == 0, done.stderr
    return tmp_path / "log", key.verifier.vkey()


@pytest.mark.parametrize("tool", ["aics", "sumdb"])
def test_a_foreign_tool_takes_an_exported_log(tool, exported, request):
    folder, vkey = exported
    note = (folder / "checkpoint").read_bytes()
    checkpoint, _ = checkpoints.read(note)
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    del files["checkpoint"]
    changed = files | {"tile/entries/001": files["tile/entries/001"].replace(b"\x01\x01", b"\x01\x02", 1)}
    cases = [
        {"kind": "checkpoint", "note": b64(note), "vkey": vkey},
        tiles_case(checkpoint, files),
        tiles_case(checkpoint, changed),
    ]
    assert request.getfixturevalue(tool).verdicts(cases) == [True, True, False]


def tiles_case(checkpoint, files):
    encoded = {name: b64(content) for name, content in files.items()}
    return {"kind": "tiles", "size": checkpoint.size, "root": b64(checkpoint.root), "files": encoded}
