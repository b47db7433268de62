"""The transparency log on the receipt and statement pages, and the downloads of proofs."""

import io
import zipfile

import pytest
from test_dashboard_receipts import signing

from llmring_server.testing import eventually
from llmring_server.tlog import proof_files
from llmring_server.tlog.signers import Signer

RECEIPT = {"id": "mine", "model": "openai:gpt-5-mini", "tokens": {"input": 1, "output": 2}, "cost": {"amount": "0.1"}}
PLUGINS = ["dashboard", "usage", "receipts", "transparency"]


@pytest.fixture
def start(llmring_live, tmp_path):
    """Give a function that starts a server whose log has a key, unless that is left out."""
    log = {"key": Signer.generate("log.example/receipts").text(), "guard_file": str(tmp_path / "guard")}
    return lambda **more: llmring_live(PLUGINS, receipts=signing(), transparency={**log, **more})


def keep(server):
    """Store a receipt, and create a statement of one call."""
    client = server.client("one")
    client.post("/api/v1/receipts/issue?store=true", json=RECEIPT).raise_for_status()
    call = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1, "output_tokens": 1, "cost": "0.1"}
    client.post("/api/v1/log", json=call).raise_for_status()
    client.post("/api/v1/statements").raise_for_status()


def logged(browser, path):
    """Return a page once its subject is in the log."""

    def found():
        page = browser.open(path)
        return page if page.text("#place").startswith("In the log.") else None

    return eventually(found)


@pytest.mark.parametrize(("path", "api"), [("/receipts/mine", "/receipts/mine"), ("/statements/1", "/statements/1")])
def test_the_page_shows_the_position_in_the_log_and_the_proof(start, browse, path, api):
    server = start()
    keep(server)
    browser = browse(server)
    page = logged(browser, f"/ui{path}")
    download = browser.follow(page, "Download proof").answer
    proof = proof_files.parse(download.content)
    size = int(page.text("#checkpoint").split()[1])
    assert f"is entry {proof.index} of the log log.example/receipts" in page.text("#place")
    assert f"The log signed a tree of {size} entries" in page.text("#place")
    assert page.text("#attestation").startswith("Self-attested. No witness has cosigned this checkpoint")
    assert download.headers["content-disposition"].endswith('.proof"')
    assert proof_files.parse(server.client("one").get(f"/api/v1{api}/proof").content).index == proof.index


def test_a_receipt_s_bundle_is_the_command_s(start, browse):
    server = start()
    keep(server)
    browser = browse(server)
    answer = browser.follow(logged(browser, "/ui/receipts/mine"), "Download verification bundle (zip)").answer
    assert (answer.headers["content-type"], "mine.zip" in answer.headers["content-disposition"]) == (
        "application/zip", True,
    )  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert set(archive.namelist()) == {
            "receipt.json", "jwks.json", "key.pem", "proof", "policy", "README.md", "check.mjs", "check.go",
        }  # fmt: skip
        assert archive.read("receipt.json") == server.client("one").get("/api/v1/receipts/mine").content


def test_a_queued_entry_is_marked_waiting(start, browse):
    server = start(key="")
    keep(server)
    browser = browse(server)
    for path in ("/ui/receipts/mine", "/ui/statements/1"):
        page = browser.open(path)
        assert page.text("#place").startswith("Waiting.")
        assert "Download proof" not in page.links
        assert browser.open(f"{path}/proof").status == 404
    names = zipfile.ZipFile(io.BytesIO(browser.open("/ui/receipts/mine/bundle").answer.content)).namelist()
    assert not {"proof", "policy"} & set(names)


def test_an_entry_stored_before_the_log_is_marked_not_in_the_log(start, browse, llmring_live):
    earlier = llmring_live(["usage", "receipts"], receipts=signing())
    keep(earlier)
    browser = browse(start())
    for path in ("/ui/receipts/mine", "/ui/statements/1"):
        assert browser.open(path).text("#place").startswith("Not in the log.")


def test_an_erased_entry_has_no_proof(start, browse):
    server = start()
    keep(server)
    browser = browse(server)
    logged(browser, "/ui/receipts/mine")
    server.rows("UPDATE transparency_leaves SET salt = NULL WHERE kind = 1 RETURNING 1")
    page = browser.open("/ui/receipts/mine")
    assert page.text("#place").startswith("Erased.")
    assert not {"Download proof", "Download verification bundle (zip)"} & set(page.links)
    for part in ("proof", "bundle"):
        assert browser.open(f"/ui/receipts/mine/{part}").status == 410


def test_an_unavailable_log_does_not_affect_the_rest_of_the_page(start, browse):
    server = start()
    keep(server)
    browser = browse(server)
    logged(browser, "/ui/receipts/mine")
    eventually(lambda: not server.rows("SELECT 1 FROM transparency_queue"))  # what waits would write another checkpoint
    server.rows("UPDATE transparency_log SET checkpoint = NULL RETURNING 1")
    page = browser.open("/ui/receipts/mine")
    assert page.text("#place").startswith("The log is unavailable. The log has no checkpoint")
    assert page.text("#verdict").startswith("Valid.")


def test_another_project_s_proof_and_bundle_are_not_there(start, browse):
    server = start()
    keep(server)
    browser = browse(server, "two")
    for path in ("/ui/receipts/mine/proof", "/ui/receipts/mine/bundle", "/ui/receipts/a%00b/bundle"):
        page = browser.open(path)
        assert (page.status, "no receipt" in page.text("[role=alert]")) == (404, True)


def test_without_a_log_a_receipt_s_page_has_no_section_of_it(llmring_live, browse):
    server = llmring_live(["dashboard", "usage", "receipts"], receipts=signing())
    keep(server)
    browser = browse(server)
    page = browser.open("/ui/receipts/mine")
    assert page.page.css_first("#log") is None
    assert browser.open("/ui/receipts/mine/proof").status == 404
    assert browser.follow(page, "Download verification bundle (zip)").status == 200
