"""`receipts bundle`: what is in the file, and that tools of others accept it as its page says, and nothing altered."""

import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from statement_kit import run

from llmring_server.testing import eventually
from llmring_server.tlog.signers import Signer as LogSigner

GOCODE = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")


@pytest.fixture
def log_key():
    return LogSigner.fresh("log.example")


@pytest.fixture
def variables(signer, log_key, tmp_path):
    """The environment of a server with receipts and a transparency log."""
    return {
        "LLMRING_PLUGINS": "receipts,transparency",
        "LLMRING_RECEIPTS_PRIVATE_KEY_B64": signer.seed,
        "LLMRING_TRANSPARENCY_KEY": log_key.text(),
        "LLMRING_TRANSPARENCY_GUARD_FILE": str(tmp_path / "guard"),
    }


@pytest.fixture
def server(llmring_live, signer, log_key, tmp_path):
    return llmring_live(
        ["receipts", "transparency"],
        receipts={"private_key_b64": signer.seed},
        transparency={"key": log_key.text(), "guard_file": tmp_path / "guard"},
    )


@pytest.fixture
def bundle(server, client, issue, llmring_cli, variables, tmp_path):
    """Give the folder that a bundle of a logged receipt was unpacked into."""
    receipt_id = issue(store=True, ext={"note": "ü"}).raise_for_status().json()["id"]
    eventually(lambda: client.get(f"/api/v1/receipts/{receipt_id}/proof").status_code == 200)
    ran = llmring_cli("receipts", "bundle", receipt_id, "--out", str(tmp_path / "bundle.zip"), **variables)
    assert ran.returncode == 0, ran.stderr
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        archive.extractall(tmp_path / "bundle")
    return tmp_path / "bundle"


def changed(path: Path) -> None:
    """Change one byte in the middle of a figure of the receipt."""
    path.write_bytes(path.read_bytes().replace(b'"input":120', b'"input":121'))


def test_a_bundle_has_the_receipt_and_all_that_checks_it(bundle, client):
    assert {path.name for path in bundle.iterdir()} == {
        "receipt.json", "jwks.json", "key.pem", "proof", "policy", "README.md", "check.mjs", "check.go",
    }  # fmt: skip
    receipt_id = re.search(rb'"id":"([^"]+)"', (bundle / "receipt.json").read_bytes())[1].decode()
    assert client.get(f"/api/v1/receipts/{receipt_id}").content == (bundle / "receipt.json").read_bytes()


def test_the_checks_of_a_bundle_need_nothing_else(bundle):
    options = ["--keys", bundle / "jwks.json", "--proof", bundle / "proof", "--policy", bundle / "policy"]
    said = run("verify", bundle / "receipt.json", *options, "--json")
    assert (said.status, said.codes("proven")) == (0, ["signature", "inclusion"])
    changed(bundle / "receipt.json")
    assert run("verify", bundle / "receipt.json", *options).status == 1


def test_its_page_s_lines_for_openssl_verify_it(bundle):
    missing = [tool for tool in ("bash", "sed", "openssl", "base64") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"install {', '.join(missing)} to run the lines of the bundle's page")
    (lines,) = re.findall(r"```sh\n(.*?)```", (bundle / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    command = ["bash", "-euo", "pipefail", "-c", lines]
    good = subprocess.run(command, cwd=bundle, text=True, capture_output=True, timeout=60)
    assert "Verified Successfully" in good.stdout, good.stderr
    changed(bundle / "receipt.json")
    assert subprocess.run(command, cwd=bundle, text=True, capture_output=True, timeout=60).returncode == 1


def test_its_program_for_node_verifies_it(bundle):
    if not shutil.which("node"):
        pytest.skip("node is not on PATH; install Node.js 18 or later to check a bundle outside Python")
    command = ["node", "check.mjs", "receipt.json", "jwks.json"]
    good = subprocess.run(command, cwd=bundle, text=True, capture_output=True, timeout=60)
    assert (good.returncode, good.stdout.strip()) == (0, "valid"), good.stderr
    changed(bundle / "receipt.json")
    assert subprocess.run(command, cwd=bundle, text=True, capture_output=True, timeout=60).returncode == 1


def test_its_program_for_go_finds_it_in_the_log(bundle, log_key, tmp_path):
    if not shutil.which("go") or not GOCODE.is_dir():
        pytest.skip("go or its module x/mod is missing; install golang-go and golang-golang-x-mod-dev")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(tmp_path / "go")}
    built = ["go", "build", "-o", "check", "check.go"]
    subprocess.run(built, cwd=bundle, env=environment, check=True, capture_output=True, timeout=300)
    vkey = (bundle / "policy").read_text().split()[1]
    assert vkey == log_key.verifier.vkey()
    command = ["./check", "receipt.json", "proof", vkey]
    good = subprocess.run(command, cwd=bundle, text=True, capture_output=True, timeout=60)
    assert good.returncode == 0, good.stderr
    assert re.match(r"included: entry \d+ of log.example, size \d+; number 1 of project prj_", good.stdout)
    content = (bundle / "proof").read_bytes()
    for place in range(0, len(content), 7):
        flipped = bytearray(content)
        flipped[place] ^= 1
        (bundle / "proof").write_bytes(flipped)
        assert subprocess.run(command, cwd=bundle, capture_output=True, timeout=60).returncode == 1, place
    (bundle / "proof").write_bytes(content)
    changed(bundle / "receipt.json")
    assert subprocess.run(command, cwd=bundle, capture_output=True, timeout=60).returncode == 1


def test_without_a_log_there_is_no_proof_and_that_is_said(llmring_cli, bundle, variables, tmp_path):
    receipt_id = re.search(rb'"id":"([^"]+)"', (bundle / "receipt.json").read_bytes())[1].decode()
    only = {**variables, "LLMRING_PLUGINS": "receipts"}
    only = {name: text for name, text in only.items() if "TRANSPARENCY" not in name}
    ran = llmring_cli("receipts", "bundle", receipt_id, "--out", str(tmp_path / "2.zip"), **only)
    assert (ran.returncode, "there is no proof in it" in ran.stderr) == (0, True)
    with zipfile.ZipFile(tmp_path / "2.zip") as archive:
        assert not {"proof", "policy"} & set(archive.namelist())


def test_what_is_no_receipt_has_no_bundle(llmring_cli, bundle, variables, tmp_path, server):
    ran = llmring_cli("receipts", "bundle", "nothing", "--out", str(tmp_path / "3.zip"), **variables)
    assert (ran.returncode, "there is no receipt 'nothing'" in ran.stderr) == (1, True)
    assert not (tmp_path / "3.zip").exists()


def test_an_id_that_several_projects_have_needs_the_project(llmring_cli, server, signer, variables, tmp_path):
    for project in ("one", "two"):
        answer = server.client(project).post("/api/v1/receipts/", json={"receipt": signer.sign(id="same")})
        answer.raise_for_status()
    out = ["--out", str(tmp_path / "4.zip")]
    ran = llmring_cli("receipts", "bundle", "same", *out, **variables)
    assert (ran.returncode, "--project" in ran.stderr) == (1, True)
    named = llmring_cli("receipts", "bundle", "same", *out, "--project", server.project_id("two"), **variables)
    assert named.returncode == 0, named.stderr


def test_an_exported_log_is_checked_whole(bundle, llmring_cli, variables, log_key, tmp_path):
    folder, vkey = tmp_path / "log", log_key.verifier.vkey()
    assert llmring_cli("tlog", "export", str(folder), **variables).returncode == 0
    good = llmring_cli("tlog", "verify", str(folder), "--vkey", vkey, **variables)
    assert (good.returncode, "entries of the log log.example, unchanged" in good.stdout) == (0, True)
    tile = next((folder / "tile" / "entries").glob("000.p/*"))
    tile.write_bytes(tile.read_bytes()[:-1] + b"\0")
    assert llmring_cli("tlog", "verify", str(folder), "--vkey", vkey, **variables).returncode == 1
