"""`receipts bundle`: its files, and that other tools verify it as its README describes, and reject any change."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest
from receipts_kit import Signer
from statement_kit import run

from llmring_receipts.bundles.bundle import BundleBuilder
from llmring_receipts.formats import jwks, keys
from llmring_receipts.key_management.key_store import ReceiptKeyStore
from llmring_server.testing import eventually
from llmring_server.tlog.signers import Signer as LogSigner

GOCODE = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")


@pytest.fixture
def log_key():
    return LogSigner.generate("log.example")


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
    done = llmring_cli("receipts", "bundle", receipt_id, "--out", str(tmp_path / "bundle.zip"), **variables)
    assert done.returncode == 0, done.stderr
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


def commands(bundle: Path, language: str, *words: str) -> list[str]:
    """Return what a shell is given to run the one block of the bundle's page in a language that has these words."""
    blocks = re.findall(rf"```{language}\n(.*?)```", (bundle / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (found,) = [block for block in blocks if all(word in block for word in words)]
    return ["bash", "-euo", "pipefail", "-c", found]


def ran(bundle: Path, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the bundle's folder."""
    given = {**os.environ, **environment}
    return subprocess.run(command, cwd=bundle, env=given, text=True, capture_output=True, timeout=300)


def test_its_page_s_line_for_the_server_s_own_checks_proves_it(bundle):
    line = commands(bundle, "console", "llmring_receipts")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    good = ran(bundle, line, PATH=path)
    assert (good.returncode, "is entry" in good.stdout.partition("Not proven:")[0]) == (0, True), good.stderr
    changed(bundle / "receipt.json")
    assert ran(bundle, line, PATH=path).returncode == 1


def test_its_page_s_lines_for_openssl_verify_it(bundle):
    missing = [tool for tool in ("bash", "sed", "openssl", "base64") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"install {', '.join(missing)} to run the lines of the bundle's page")
    lines = commands(bundle, "sh")
    good = ran(bundle, lines)
    assert "Verified Successfully" in good.stdout, good.stderr
    changed(bundle / "receipt.json")
    assert ran(bundle, lines).returncode == 1


@pytest.mark.usefixtures("node")
def test_its_page_s_line_for_node_verifies_it(bundle):
    line = commands(bundle, "console", "node")
    good = ran(bundle, line)
    assert (good.returncode, good.stdout.strip()) == (0, "valid"), good.stderr
    changed(bundle / "receipt.json")
    assert ran(bundle, line).returncode == 1


def compromised(known: dict[str, object]) -> None:
    known["keys"], known["compromised"] = known["compromised"], known["keys"]


def compromised_under_another_id(known) -> None:
    known["compromised"] = [{**known["keys"][0], "kid": "other", "key_id": "other"}]


def retired_before(known) -> None:
    known["keys"][0]["retired_at"] = "2026-01-01T00:00:00Z"


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize("change", [compromised, compromised_under_another_id, retired_before])
def test_node_accepts_no_signature_of_a_key_that_is_not_trusted(bundle, change):
    known = json.loads((bundle / "jwks.json").read_bytes())
    change(known)
    (bundle / "jwks.json").write_text(json.dumps(known))
    said = ran(bundle, ["node", "check.mjs", "receipt.json", "jwks.json"])
    assert (said.returncode, said.stdout.strip(), said.stderr) == (1, "not valid", "")


@pytest.mark.usefixtures("node")
def test_node_takes_the_signature_of_a_key_that_was_retired_later(bundle):
    known = json.loads((bundle / "jwks.json").read_bytes())
    known["keys"][0]["retired_at"] = "2999-01-01T00:00:00Z"
    (bundle / "jwks.json").write_text(json.dumps(known))
    assert ran(bundle, ["node", "check.mjs", "receipt.json", "jwks.json"]).returncode == 0


def test_the_key_of_a_receipt_is_not_handed_out_once_it_is_compromised(llmring_live, signer):
    server = llmring_live(["receipts"], receipts={"private_key_b64": signer.seed})
    server.client("one").post("/api/v1/receipts/", json={"receipt": signer.sign(id="kept")}).raise_for_status()
    bundles, project, receipt_id = server.server.service(BundleBuilder), server.project_id("one"), "kept"
    assert "key.pem" in server.run(bundles.files(project, receipt_id))
    server.run(ReceiptKeyStore(server.server.database).compromise(signer.key_id))
    found = server.run(bundles.files(project, receipt_id))
    assert ("key.pem" in found, b'"compromised":[{' in found["jwks.json"]) == (False, True)


def test_its_page_s_line_for_go_finds_it_in_the_log_and_with_no_byte_changed(bundle, log_key, tmp_path):
    if not shutil.which("go") or not GOCODE.is_dir():
        pytest.skip("go or its module x/mod is missing; install golang-go and golang-golang-x-mod-dev")
    cache = str(tmp_path / "go")
    good = ran(bundle, commands(bundle, "console", "GO111MODULE"), GOCACHE=cache)
    assert re.match(r"included: entry \d+ of log.example, size \d+; number 1 of project prj_", good.stdout), good.stderr
    here = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": cache}
    assert ran(bundle, ["go", "build", "-o", "check", "check.go"], **here).returncode == 0
    command = ["./check", "receipt.json", "proof", log_key.verifier.vkey()]
    content = (bundle / "proof").read_bytes()
    for place in range(0, len(content), 7):
        flipped = bytearray(content)
        flipped[place] ^= 1
        (bundle / "proof").write_bytes(flipped)
        assert ran(bundle, command).returncode == 1, place
    (bundle / "proof").write_bytes(content)
    changed(bundle / "receipt.json")
    assert ran(bundle, command).returncode == 1


def test_without_a_log_there_is_no_proof_and_the_command_reports_it(llmring_cli, bundle, variables, tmp_path):
    receipt_id = re.search(rb'"id":"([^"]+)"', (bundle / "receipt.json").read_bytes())[1].decode()
    only = {**variables, "LLMRING_PLUGINS": "receipts"}
    only = {name: text for name, text in only.items() if "TRANSPARENCY" not in name}
    done = llmring_cli("receipts", "bundle", receipt_id, "--out", str(tmp_path / "2.zip"), **only)
    assert (done.returncode, "the bundle has no proof" in done.stderr) == (0, True)
    with zipfile.ZipFile(tmp_path / "2.zip") as archive:
        assert not {"proof", "policy"} & set(archive.namelist())


def test_what_is_no_receipt_has_no_bundle(llmring_cli, bundle, variables, tmp_path, server):
    done = llmring_cli("receipts", "bundle", "nothing", "--out", str(tmp_path / "3.zip"), **variables)
    assert (done.returncode, "there is no receipt 'nothing'" in done.stderr) == (1, True)
    assert not (tmp_path / "3.zip").exists()


def test_an_id_that_several_projects_have_needs_the_project(llmring_cli, server, signer, variables, tmp_path):
    for project in ("one", "two"):
        answer = server.client(project).post("/api/v1/receipts/", json={"receipt": signer.sign(id="same")})
        answer.raise_for_status()
    out = ["--out", str(tmp_path / "4.zip")]
    done = llmring_cli("receipts", "bundle", "same", *out, **variables)
    assert (done.returncode, "--project" in done.stderr) == (1, True)
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


def test_the_key_of_a_trusted_issuer_is_in_the_bundle_of_its_receipt(llmring_live, llmring_cli, signer, tmp_path):
    theirs = Signer()
    known = [keys.PublicKey(theirs.key_id, theirs.public, None, None, "active")]
    (tmp_path / "issuers.json").write_bytes(msgspec.json.encode(jwks.build(known, None)))
    settings = {"private_key_b64": signer.seed, "trusted_jwks": str(tmp_path / "issuers.json")}
    client = llmring_live(["receipts"], receipts=settings).client("one")
    client.post("/api/v1/receipts/", json={"receipt": theirs.sign()}).raise_for_status()
    variables = {f"LLMRING_RECEIPTS_{name.upper()}": text for name, text in settings.items()}
    out = tmp_path / "theirs.zip"
    done = llmring_cli("receipts", "bundle", "by-hand", "--out", str(out), LLMRING_PLUGINS="receipts", **variables)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(out) as archive:
        archive.extractall(tmp_path)
    assert run("verify", tmp_path / "receipt.json", "--keys", tmp_path / "jwks.json").status == 0
