"""The receipt pages: the list, one receipt with its verification, and downloads."""

import base64
import json
import secrets
import tracemalloc
from datetime import UTC, datetime

import pytest
from dashboard_kit import MARKUP, folded

from llmring_dashboard.receipts.receipt_fields import summarize_receipt
from llmring_server.contracts.receipts import SignedReceipt
from llmring_server.testing import eventually

API = "/api/v1/receipts"


def signing():
    """Return settings of receipts with a new key."""
    return {"private_key_b64": base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()}


SIGNING = signing()


@pytest.fixture
def server(dashboard):
    return dashboard("receipts", receipts=SIGNING)


@pytest.fixture
def issue(server):
    """Return a function that issues and stores a receipt, and returns its bytes."""

    def ask(key="one", **members):
        body = {"model": "openai:gpt-4o-mini", "tokens": {"input": 1, "output": 2}, "cost": {"amount": "0.10"}}
        answer = server.client(key).post(f"{API}/issue", params={"store": True}, json={**body, **members})
        assert answer.status_code == 200, answer.text
        return answer.content

    return ask


@pytest.fixture
def browser(server, browse):
    return browse(server)


def spoil(server, **columns):
    """Change stored receipts in the database."""
    for column, value in columns.items():
        server.run(server.server.database.execute(f"UPDATE receipts SET {column} = %s", [value]))


def words(page):
    """Return the result of each check: the first word in bold, or `-` for a skipped one."""
    ends = [folded(node) for node in page.page.css("#steps li strong, #steps li span")]
    return ["-" if end.startswith("Skipped") else end.rstrip(".:") for end in ends]


def test_a_project_without_receipts_sees_how_to_store_one(browser):
    assert "No receipts yet" in browser.open("/ui/receipts").text("main")


def test_receipts_are_listed_newest_first_with_what_they_state(issue, browser):
    issue(id="first", timestamp="2026-01-01T12:00:00Z", alias="fast")
    issue(id="second", timestamp="2026-01-02T12:00:00Z", cost={"amount": "0.000000000001", "currency": "EUR"})
    assert browser.open("/ui/receipts").words("#receipts") == [
        ["2026-01-02 12:00:00 UTC", "second", "openai:gpt-4o-mini", "–", "0.000000000001 EUR"],
        ["2026-01-01 12:00:00 UTC", "first", "openai:gpt-4o-mini", "fast", "0.1 USD"],
    ]


def test_pages_hold_each_receipt_once(issue, browser):
    for number in range(55):
        issue(id=f"r{number:02}", timestamp=f"2026-01-01T12:00:{number:02}Z")
    first = browser.open("/ui/receipts")
    second = browser.follow(first, "Older")
    listed = [row[1] for row in [*first.words("#receipts"), *second.words("#receipts")]]
    assert listed == [f"r{number:02}" for number in reversed(range(55))]
    assert "Older" not in second.links


def test_a_good_receipt_is_verified_step_by_step(issue, browser):
    signed = json.loads(issue(id="mine", ext={"deep": [1, {"amount": "1.50"}], "none": None}))
    page = browser.follow(browser.open("/ui/receipts"), "mine")
    assert page.text("#verdict").startswith("Valid.")
    assert words(page) == ["Yes"] * 6
    content = dict(page.words("#content"))
    assert content["cost.amount"] == "0.1"
    assert content["tokens.output"] == "2"
    assert content["ext.deep[1].amount"] == "1.50"
    assert content["signature"] == signed["signature"]
    assert signed["key_id"] in page.text("main")


def test_of_very_many_members_the_first_are_shown_and_the_rest_left_to_the_download(issue, browser):
    issue(id="mine", ext={"many": list(range(600))})
    page = browser.open("/ui/receipts/mine")
    assert len(page.rows("#content")) == 500
    assert "the download has all of them" in page.text("#cut")
    assert words(page) == ["Yes"] * 6
    issue(id="small")
    assert browser.open("/ui/receipts/small").text("#cut") is None


def kept(**members):
    return SignedReceipt("r", datetime(2026, 1, 1, tzinfo=UTC), json.dumps(members).encode())


def test_an_estimated_receipt_is_marked_with_its_substitutions(llmring_live, browse):
    server = llmring_live(["dashboard", "usage", "receipts"], receipts={**signing(), "auto": True})
    call = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 500, "output_tokens": 10}
    logged = server.client("one").post("/api/v1/log", json={**call, "cache_write_tokens": 400}).json()
    browser = browse(server)
    assert browser.open("/ui/receipts").rows("#receipts")[0][-1].endswith(" USD estimated")
    page = browser.open(f"/ui/receipts/{logged['log_id']}")
    assert page.text("#estimated") == "The cost is estimated. Substituted: cache_write priced as input."
    fields = dict(page.rows("#content"))
    assert (fields["billed.cache_write"], fields["price_source"]) == ("400", "genai-prices")
    assert page.text("#check").endswith("--recompute")


def test_a_list_reads_of_a_receipt_what_it_shows_and_skips_the_rest():
    receipt = kept(
        ext={f"k{n}": [n] for n in range(20_000)},
        model="m",
        alias=None,
        cost={"amount": "0.1", "currency": "EUR", "rest": [0] * 20_000},
    )
    tracemalloc.start()
    shown = summarize_receipt(receipt)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (shown.model, shown.alias, shown.cost) == ("m", None, "0.1 EUR")
    assert peak < 100_000


@pytest.mark.parametrize(
    ("cost", "words"),
    [({"amount": 1.50}, "1.5"), ({"amount": {"x": 1}}, None), ({"currency": "EUR"}, None), ("0.1", None), ([1], None)],
)
def test_a_cost_in_another_form_is_not_shown_and_the_model_is(cost, words):
    shown = summarize_receipt(kept(model="m", alias=["a"], cost=cost))
    assert (shown.model, shown.alias, shown.cost) == ("m", None, words)


def test_the_download_is_what_was_signed_byte_for_byte(issue, browser):
    signed = issue(id="a:b~c.d")
    page = browser.open("/ui/receipts/a:b~c.d")
    answer = browser.follow(page, "Download signed file").answer
    assert answer.content == signed
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.own_server
def test_a_changed_receipt_shows_the_failed_check(server, issue, browser):
    signed = issue(id="mine")
    spoil(server, content=signed.replace(b'"0.1"', b'"0.2"'))
    page = browser.open("/ui/receipts/mine")
    assert page.text("#verdict").startswith("Not valid.")
    assert words(page) == ["Yes", "Yes", "Yes", "Yes", "No", "-"]
    assert "one of the two was changed" in page.text("#steps")


@pytest.mark.own_server
@pytest.mark.parametrize("content", [b"", b"no receipt", b"[1]", b"\xff\xfe", b'{"a":' * 40 + b"1" + b"}" * 40])
def test_content_that_cannot_be_read_is_shown_as_it_is(server, issue, browser, content):
    issue(id="mine")
    spoil(server, content=content)
    page = browser.open("/ui/receipts/mine")
    assert page.status == 200
    assert words(page) == ["No", "-", "-", "-", "-", "-"]
    assert browser.open("/ui/receipts").status == 200
    assert browser.open("/ui/receipts/mine/signed").answer.content == content


@pytest.mark.own_server
def test_a_compromised_key_fails_the_last_check(server, issue, browser):
    issue(id="mine")
    server.run(server.server.database.execute("UPDATE receipt_keys SET status = 'compromised'"))
    page = eventually(lambda: (found := browser.open("/ui/receipts/mine")).text("#verdict").startswith("Not") and found)
    assert words(page) == ["Yes", "Yes", "Yes", "Yes", "Yes", "No"]
    assert "compromised" in page.text("#steps")


def test_another_projects_receipts_are_not_there(issue, browser):
    issue("two", id="theirs")
    assert "theirs" not in browser.open("/ui/receipts").text("main")
    for path in ("/ui/receipts/theirs", "/ui/receipts/theirs/signed", "/ui/receipts/nowhere", "/ui/receipts/a%00b"):
        page = browser.open(path)
        assert page.status == 404
        assert "no receipt" in page.text("[role=alert]")


def test_a_cursor_of_elsewhere_is_refused(browser):
    assert browser.open("/ui/receipts", cursor="x").status == 422


def test_markup_is_shown_as_text(issue, browser):
    issue(id="mine", model=MARKUP, alias=MARKUP, ext={MARKUP: MARKUP})
    assert browser.open("/ui/receipts").words("#receipts")[0][2:4] == [MARKUP, MARKUP]
    page = browser.open("/ui/receipts/mine")
    assert dict(page.words("#content"))[f"ext.{MARKUP}"] == MARKUP
    for shown in (page, browser.open("/ui/receipts")):
        assert not shown.page.css("main img, main script")


def test_a_visitor_who_is_not_signed_in_sees_no_receipt(server, issue, browse):
    issue(id="mine")
    visitor = browse(server, None)
    for path in ("/ui/receipts", "/ui/receipts/mine", "/ui/receipts/mine/signed"):
        page = visitor.open(path)
        assert page.path == "/ui/sign-in"
        assert "mine" not in page.text("main")


def test_the_receipt_of_a_voided_call_is_valid_and_shown_as_voided(dashboard, browse):
    server = dashboard("usage", "receipts", receipts={**SIGNING, "auto": True})
    client = server.client("one")
    call = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1, "output_tokens": 1, "cost": 1}
    voided, other = (client.post("/api/v1/log", json=call).json()["log_id"] for _ in range(2))
    assert client.post(f"/api/v1/logs/{voided}/void", json={"reason": "mistyped"}).status_code == 200
    browser = browse(server)
    costs = {row[1]: row[-1] for row in browser.open("/ui/receipts").rows("#receipts")}
    assert (costs[voided], costs[other]) == ("1 USD voided", "1 USD")
    page = browser.open(f"/ui/receipts/{voided}")
    assert page.text("#verdict").startswith("Valid.")
    assert "mistyped" in page.text("#correction")
    assert browser.open(f"/ui/receipts/{other}").text("#correction") is None
