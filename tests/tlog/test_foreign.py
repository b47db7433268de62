"""Third-party tools accept our checkpoints, proofs and tiles, and reject each of them with one byte changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from foreign_kit import (
    Tool,
    cases,
    checkpoint_case,
    consistency_case,
    inclusion_case,
    installed,
    missing,
    tiles_case,
)

import environment_kit
from llmring_server.contracts.transparency import ReceiptsStored, StoredReceipt
from llmring_server.testing import eventually
from llmring_server.tlog import base64, checkpoints, leaves, proof_files, tiles
from llmring_server.tlog.signers import Signer

HERE = Path(__file__).with_name("drivers")
AICS, RFC9162 = "aics-tlog==0.2.1", "@transmute/rfc9162@0.0.5"
PYTHON_VARIABLE = "LLMRING_TEST_PYTHON312"
GO_SOURCES = Path("/usr/share/gocode")

pytestmark = pytest.mark.slow


def python312():
    """Return an interpreter of Python 3.12 or later, or None; a shim without one does not count."""
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
    own = environment_kit.create(folder, python)
    environment_kit.install(own, AICS)
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
    request.getfixturevalue(tool).check(cases())


@pytest.fixture
def server(llmring_live, key, tmp_path):
    """Return a server with a log of 601 leaves."""
    server = llmring_live(["transparency"], transparency={"key": key.text(), "guard_file": str(tmp_path / "guard")})
    told = [StoredReceipt(server.project_id("one"), f"r{number}", b"{}") for number in range(600)]

    async def store():
        async with server.server.database.transaction() as connection:
            await server.server.service(ReceiptsStored).write(connection, told)

    server.run(store())
    eventually(lambda: server.rows("SELECT size FROM transparency_log")[0]["size"] == 601)
    return server


@pytest.fixture
def key():
    return Signer.generate("log.example/exported")


@pytest.fixture
def exported(server, llmring_cli, tmp_path):
    """Return the folder with the export of the server's log."""
    variables = {"LLMRING_PLUGINS": "transparency", "LLMRING_DATA_DIR": str(tmp_path)}
    done = llmring_cli("tlog", "export", str(tmp_path / "log"), **variables)
    assert done.returncode == 0, done.stderr
    return tmp_path / "log"


@pytest.mark.parametrize("tool", ["aics", "rfc9162", "sumdb"])
def test_a_foreign_tool_takes_a_servers_own_log_and_refuses_any_changed_byte(tool, server, exported, key, request):
    checkpoint, _ = checkpoints.read((exported / "checkpoint").read_bytes())
    files = {str(path.relative_to(exported)): path.read_bytes() for path in exported.rglob("*") if path.is_file()}
    good = [
        checkpoint_case(files.pop("checkpoint"), key.verifier.vkey()),
        tiles_case(checkpoint.size, checkpoint.root, files),
        served_inclusion(server.client("one"), checkpoint),
        served_consistency(server.client(None), checkpoint, files),
    ]
    request.getfixturevalue(tool).check(good)


def served_inclusion(client, checkpoint):
    proof = proof_files.parse(client.get("/api/v1/receipts/r299/proof").content)
    made = leaves.receipt_entry(leaves.parse_opening(proof.extra), b"{}")
    return inclusion_case(proof.index, checkpoint.size, made, checkpoint.root, proof.hashes)


def served_consistency(client, checkpoint, files):
    asked = {"old": 300, "new": checkpoint.size}
    proof = client.get("/tlog/consistency", params=asked).json()["proof"]
    rows = {
        tile: files[f"tile/{tile.level}/{tiles.path(tile.number, width)}"]
        for tile, width in tiles.list_tiles(checkpoint.size)
    }
    old_root = tiles.root(300, rows)
    return consistency_case(300, checkpoint.size, old_root, checkpoint.root, map(base64.decode, proof))
