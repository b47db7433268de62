"""The pages of aliases, receipts, statements and the registry in a real browser: a change, WCAG, a phone."""

from pathlib import Path

import pytest
from test_dashboard_browser import faults
from test_dashboard_receipts import signing

from llmring_server.testing import eventually
from llmring_server.tlog.signers import Signer

MINI, PRO = "openai:gpt-5-mini", "google:gemini-2.5-pro"
PAGES = {
    "aliases": "/ui/aliases",
    "no matching alias": "/ui/aliases?q=nowhere",
    "edit": "/ui/aliases/edit?alias=fast",
    "an invalid name": "/ui/aliases/bind?alias=no%20name&model=x",
    "bind": f"/ui/aliases/bind?alias=fast&model={PRO},openai:nowhere",
    "unbind": "/ui/aliases/unbind?alias=fast",
    "undo": "/ui/aliases/undo?number=3",
    "history": "/ui/aliases/history",
    "receipts": "/ui/receipts",
    "receipt": "/ui/receipts/mine",
    "statements": "/ui/statements",
    "statement": "/ui/statements/2",
    "no older statement": "/ui/statements?before=1",
    "registry": "/ui/registry",
    "compare": f"/ui/registry/compare?model={MINI}&model={PRO}",
    "nothing to compare": "/ui/registry/compare",
    "changes": "/ui/registry/changes?before=openai.1&after=openai.3",
    "in use": "/ui/registry/in-use",
    "not there": "/ui/receipts/nowhere",
}

pytestmark = pytest.mark.slow


@pytest.fixture
def server(llmring_live, small_registry, log, tmp_path):
    """Aliases in two profiles, calls of one of them, a receipt, and two statements with a correction, all logged."""
    found = llmring_live(
        ["dashboard", "registry", "usage", "aliases", "receipts", "transparency"],
        registry={"base_url": small_registry.as_uri() + "/"},
        receipts=signing(),
        transparency={"key": Signer.generate("log.example/receipts").text(), "guard_file": str(tmp_path / "guard")},
    )
    client = found.client()
    assert client.get("/registry").status_code == 200
    for alias, model, profile in (("fast", MINI, "default"), ("fast", PRO, "prod"), ("old", "openai:gone", "default")):
        body = {"alias": alias, "model": model, "profile": profile}
        assert client.post("/api/v1/aliases/bind", json=body).status_code == 200
    log(found, *({"alias": "fast", "origin": origin} for origin in ("web", "web", "batch")), {"model": "gone"})
    receipt = {"id": "mine", "model": MINI, "tokens": {"input": 1, "output": 2}, "cost": {"amount": "0.1"}}
    assert client.post("/api/v1/receipts/issue?store=true", json=receipt).status_code == 200
    assert client.post("/api/v1/statements").status_code == 201
    assert found.rows("UPDATE usage_logs SET cost = 0.5 WHERE alias = 'fast' RETURNING id")
    assert client.post("/api/v1/statements").status_code == 201
    eventually(lambda: client.get("/api/v1/statements/2/proof").status_code == 200)
    return found


@pytest.fixture
def window(window_at, server):
    """Give a function that opens a window at the server, signed in; keywords are the browser's settings."""

    def make(**settings):
        opened = window_at(server, **settings)
        opened.sign_in()
        return opened

    return make


def resolved(server):
    return server.client().get("/api/v1/aliases/resolve?alias=fast").json()["model"]


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_an_alias_is_changed_and_the_change_is_undone(window, server, script):
    opened = window(java_script_enabled=script)
    page = opened.open("/ui/aliases")
    page.get_by_role("link", name="Change fast in profile default").click()
    page.get_by_label("Model").fill(PRO)
    page.get_by_role("button", name="Preview change").click()
    assert page.locator("#requests data").get_attribute("value") == "3"
    assert page.locator("#prospects tbody tr").count() == 2
    assert resolved(server) == MINI
    page.get_by_role("button", name="Change alias").click()
    assert page.get_by_role("status").inner_text() == f"“fast” in profile default now points to {PRO}."
    assert resolved(server) == PRO
    page.get_by_role("link", name="History").click()
    page.get_by_role("link", name="Undo change 4 to fast").click()
    page.get_by_role("button", name="Undo change").click()
    assert page.get_by_role("status").inner_text() == f"“fast” in profile default points to {MINI} again."
    assert resolved(server) == MINI
    if script:
        opened.check_manners()


def test_a_receipt_is_downloaded_as_it_was_signed(window, server):
    page = window(accept_downloads=True).open("/ui/receipts/mine")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download signed file").click()
    assert download.value.suggested_filename == "mine.json"
    assert Path(download.value.path()).read_bytes() == server.client().get("/api/v1/receipts/mine").content


def test_a_statement_is_reached_from_the_receipts_and_its_parts_are_downloaded(window, server):
    page = window(accept_downloads=True).open("/ui/receipts")
    page.get_by_role("main").get_by_role("link", name="statement").click()
    page.get_by_role("main").get_by_role("link", name="2", exact=True).click()
    page.locator("#corrections tbody tr").nth(2).wait_for()
    assert page.locator("#corrections tbody tr").count() == 3
    for name, file, path in (
        ("Download lines (CSV)", "statement-2.csv", "2/lines"),
        ("Download proof", "statement-2.proof", "2/proof"),
    ):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        assert download.value.suggested_filename == file
        given = Path(download.value.path()).read_bytes()
        assert given == server.client().get(f"/api/v1/statements/{path}").content


def test_selected_models_are_compared(window):
    page = window().open("/ui/registry")
    for model in (MINI, PRO):
        page.get_by_role("checkbox", name=f"Compare {model}").check()
    page.get_by_role("button", name="Compare selected").click()
    assert page.locator("#comparison thead th").all_inner_texts() == ["Property", PRO, MINI]


def test_every_page_keeps_to_wcag_in_light_and_dark(window, axe_source):
    opened = window()
    found = {name: faults(opened.open(path), axe_source) for name, path in PAGES.items()}
    assert found == {name: [] for name in found}
    opened.check_manners()


def test_a_phone_scrolls_down_only(window):
    opened = window(viewport={"width": 360, "height": 740})
    wide = {}
    for name, path in PAGES.items():
        width = opened.open(path).evaluate("document.documentElement.scrollWidth")
        if width > 360:
            wide[name] = width
    assert wide == {}
