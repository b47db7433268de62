"""Scopes on the alias, receipt, statement and registry pages, also during an outage of the database."""

import time

import pytest
from test_dashboard_sign_in import made

MINI, PRO = "openai:gpt-5-mini", "google:gemini-2.5-pro"
PAGES = (
    "/ui/aliases", "/ui/aliases/history", "/ui/receipts", "/ui/receipts/mine", "/ui/receipts/mine/signed",
    "/ui/receipts/mine/proof", "/ui/receipts/mine/bundle", "/ui/statements", "/ui/statements/1",
    "/ui/statements/1/signed", "/ui/statements/1/lines", "/ui/statements/1/proof",
    "/ui/registry", "/ui/registry/compare", "/ui/registry/changes", "/ui/registry/in-use",
)  # fmt: skip
CHANGING = (
    "/ui/aliases/edit", f"/ui/aliases/bind?alias=fast&model={PRO}", "/ui/aliases/unbind?alias=fast",
    "/ui/aliases/undo?number=1",
)  # fmt: skip
FORMS = {
    "bind": {"profile": "default", "alias": "fast", "model": PRO, "seen": "1"},
    "unbind": {"profile": "default", "alias": "fast", "seen": "1"},
    "undo": {"number": "1"},
}


@pytest.fixture
def team(llmring_live, llmring_cli, small_registry):
    """A server with managed keys, a client with an admin key of a project, and the text of its read key."""
    admin, _, project = made(llmring_cli, "admin")
    reader, _, _ = made(llmring_cli, "read", project=[f"--project={project}"])
    server = llmring_live(
        ["keys", "dashboard", "registry", "aliases", "usage", "receipts"],
        registry={"base_url": small_registry.as_uri() + "/"},
    )
    client = server.client(admin)
    assert client.post("/api/v1/aliases/bind", json={"alias": "fast", "model": MINI}).status_code == 200
    return server, client, admin, reader


def test_a_key_that_reads_sees_the_aliases_and_is_offered_no_change(team, browse):
    server, _, _, reader = team
    browser = browse(server, reader)
    page = browser.open("/ui/aliases")
    assert page.words("#aliases") == [["fast", MINI]]
    assert set(page.links) == {"History", "fast"}
    assert "Undo" not in " ".join(browser.open("/ui/aliases/history").links)
    assert browser.open("/ui/registry/in-use").status == 200


def test_a_key_that_reads_changes_nothing(team, browse):
    server, client, _, reader = team
    browser = browse(server, reader)
    for path in CHANGING:
        page = browser.open(path)
        assert page.status == 403
        assert "'admin'" in page.text("[role=alert]")
    token = browser.open("/ui/aliases").field("header [name=csrf]")
    for action, fields in FORMS.items():
        answer = browser.open("/ui/aliases").client.post(f"/ui/aliases/{action}", data={**fields, "csrf": token})
        assert answer.status_code == 403
    assert client.get("/api/v1/aliases/fast").json()["model"] == MINI
    assert len(client.get("/api/v1/aliases/history").json()) == 1


def test_a_key_that_administers_changes_and_is_named_in_the_history(team, browse):
    server, client, admin, _ = team
    browser = browse(server, admin)
    page = browser.send(browser.open(CHANGING[1]), "/ui/aliases/bind")
    assert page.text("[role=status]") == f"“fast” in profile default now points to {PRO}."
    [changed, first] = client.get("/api/v1/aliases/history").json()
    assert (changed["model"], changed["key_id"]) == (PRO, first["key_id"])


def test_a_visitor_who_is_not_signed_in_is_redirected_to_the_form(team, browse):
    server, *_ = team
    stranger = browse(server, None)
    paths = {path: stranger.open(path).path for path in (*PAGES, *CHANGING)}
    assert paths == dict.fromkeys(paths, "/ui/sign-in")


def test_during_an_outage_of_the_database_each_page_is_503_in_time(llmring_live, browse, small_registry):
    settings = {"base_url": small_registry.as_uri() + "/"}
    server = llmring_live(["dashboard", "registry", "aliases", "usage", "receipts"], registry=settings)
    browser = browse(server)
    server.run(server.server.database.close())
    in_memory = {"/ui/registry", "/ui/registry/compare", "/ui/aliases/edit"}
    for path in (*PAGES, *CHANGING):
        began = time.monotonic()
        page = browser.open(path)
        assert time.monotonic() - began < 10
        assert page.status == (200 if path in in_memory else 503), path
        if page.status == 503:
            assert "The database does not answer" in page.text("[role=alert]")
            assert page.answer.headers["retry-after"]


def test_no_page_has_a_style_or_script_of_its_own(team, browse):
    server, _, admin, _ = team
    browser = browse(server, admin)
    for path in (*PAGES, *CHANGING):
        page = browser.open(path).page
        assert page.css("style, [style], [onclick], script:not([src])") == [], path
