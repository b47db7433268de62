"""The statement pages: the list, one statement with totals, verification and corrections, and downloads."""

import csv
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dashboard_kit import MARKUP
from test_dashboard_receipts import signing, words

API = "/api/v1/statements"
CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 100, "cost": "0.00045"}
HELD = ["Yes"] * 9


SIGNING = signing()


@pytest.fixture
def server(dashboard):
    return dashboard("usage", "receipts", receipts=SIGNING)


@pytest.fixture
def log(server):
    """Give a function that logs a call, and returns its id."""
    return lambda key="one", **members: (
        server.client(key).post("/api/v1/log", json={**CALL, **members}).raise_for_status().json()["log_id"]
    )


@pytest.fixture
def state(server):
    """Give a function that makes a statement, and returns it."""
    return lambda key="one": server.client(key).post(API).raise_for_status().json()["statement"]


@pytest.fixture
def browser(server, browse):
    return browse(server)


def spoil(server, table, column, old, new):
    """Change stored data in the database."""
    assert server.rows(f"UPDATE {table} SET {column} = replace({column}, %s, %s) RETURNING 1", [old, new])


def facts(page):
    """Return the signed totals by model: amount, calls, corrections, unpriced calls, and tokens."""
    return {model: rest for model, *rest in page.rows("#totals")}


def test_a_project_without_statements_sees_when_one_is_created(browser):
    assert "No statements yet" in browser.open("/ui/statements").text("main")


def test_the_receipts_lead_to_statements(browser):
    page = browser.follow(browser.open("/ui/receipts"), "statement")
    assert page.heading == "Statements"


def test_statements_are_listed_newest_first_with_their_totals(log, state, browser):
    log()
    log(model="gpt-5", cost="250.000000000001")
    first = state()
    log()
    second = state()
    listed = browser.open("/ui/statements").rows("#statements")
    assert [row[0] for row in listed] == ["2", "1"]
    assert [row[2:] for row in listed] == [["1", "0", "0.00045"], ["2", "0", "250.000450000001"]]
    assert [row[1][:19].replace(" ", "T") for row in listed] == [made["end"][:19] for made in (second, first)]


def test_pages_hold_each_statement_once(log, state, browser):
    for _ in range(25):
        log()
        state()
    first = browser.open("/ui/statements")
    second = browser.follow(first, "Older")
    listed = [row[0] for row in [*first.rows("#statements"), *second.rows("#statements")]]
    assert listed == [str(number) for number in range(25, 0, -1)]
    assert "Older" not in second.links


def test_a_statement_shows_its_totals_and_its_verification(log, state, browser):
    for number in (1, 2):
        log(input_tokens=1000 * number, cached_input_tokens=10)
    log(model="unheard-of", cost=None)
    first = state()
    log()
    second = state()
    page = browser.open("/ui/statements/1")
    assert facts(page) == {
        "openai:gpt-5-mini": ["0.0009", "2", "0", "0", "0", "3000", "20", "200"],
        "openai:unheard-of": ["unpriced", "1", "0", "1", "0", "1000", "0", "100"],
    }
    assert (page.text("#lines"), page.text("#root")) == ("3 (numbers 1 to 3 of this project)", first["lines"]["root"])
    assert page.text("#previous") == "none (first statement)"
    assert page.page.css_first(".said") is None
    assert page.text("#verdict").startswith("Valid.")
    assert words(page) == HELD
    following = browser.open("/ui/statements/2")
    assert following.text("#previous code") == second["previous"]
    assert following.links["statement 1"] == "/ui/statements/1"
    assert words(following) == HELD


def test_a_statement_without_a_log_has_no_section_of_it(log, state, browser):
    log()
    state()
    assert browser.open("/ui/statements/1").page.css_first("#log") is None


@pytest.mark.own_server
def test_what_was_repriced_is_shown_as_a_correction(server, log, state, browser):
    log_id = log()
    log()
    state()
    assert server.rows("UPDATE usage_logs SET cost = 0.001 WHERE id = %s RETURNING id", [log_id])
    state()
    assert browser.open("/ui/statements/1").page.css_first("#corrections") is None
    page = browser.open("/ui/statements/2")
    ((seq, corrects, call, _, model, cost, change),) = page.rows("#corrections")
    assert (seq, corrects, call, model, cost, change) == ("3", "1", log_id, "openai:gpt-5-mini", "0.001", "0.00055")
    assert facts(page)["openai:gpt-5-mini"][:3] == ["0.00055", "0", "1"]


@pytest.mark.own_server
def test_more_corrections_than_are_shown_are_counted(server, state, browser):
    server.client("one").post("/api/v1/log/batch", json=[CALL] * 51).raise_for_status()
    state()
    server.rows("UPDATE usage_logs SET cost = 0.001 RETURNING id")
    state()
    page = browser.open("/ui/statements/2")
    assert len(page.rows("#corrections")) == 50
    assert "The first 50 of 51 are shown" in page.text("main")


def test_its_parts_are_downloaded_as_the_api_gives_them(server, log, state, browser):
    log(alias="=1+1")
    state()
    page, client = browser.open("/ui/statements/1"), server.client("one")
    for words_, path, name in (
        ("Download signed file", "/1", "statement-1.json"),
        ("Download lines (CSV)", "/1/lines", "statement-1.csv"),
    ):
        answer, same = browser.follow(page, words_).answer, client.get(API + path)
        assert answer.content == same.content
        assert answer.headers["content-type"] == same.headers["content-type"]
        assert f'filename="{name}"' in answer.headers["content-disposition"]


def test_the_head_of_the_lines_is_that_of_the_file(log, state, browser):
    log()
    state()
    client = browser.open("/ui/statements/1").client
    head, whole = client.head("/ui/statements/1/lines"), client.get("/ui/statements/1/lines")
    assert (head.status_code, head.content, whole.status_code) == (200, b"", 200)
    for name in ("content-type", "content-disposition"):
        assert head.headers[name] == whole.headers[name]
    assert client.head("/ui/statements/2/lines").status_code == 404


def test_the_page_s_command_checks_what_it_gives(log, state, browser, tmp_path):
    for _ in range(2):
        log()
        state()
    for number in (1, 2):
        page = browser.open(f"/ui/statements/{number}")
        for link in ("Download signed file", "Download lines (CSV)", "its public keys"):
            answer = browser.follow(page, link).answer
            name = re.search(r'filename="(.*)"', answer.headers.get("content-disposition", ""))
            (tmp_path / (name[1] if name else answer.url.path.rpartition("/")[2])).write_bytes(answer.content)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = ["bash", "-c", page.page.css_first("#check").text()]
    ran = subprocess.run(command, cwd=tmp_path, env={"PATH": path}, text=True, capture_output=True, timeout=60)
    assert (ran.returncode, "It follows statement 1" in ran.stdout) == (0, True), ran.stdout + ran.stderr


@pytest.mark.own_server
def test_a_changed_line_a_changed_statement_and_a_missing_one_fail_a_check(server, log, state, browser):
    for _ in range(2):
        log()
        log()
        state()
    spoil(server, "statement_lines", "content", '"cost":"0.00045"', '"cost":"0.00044"')
    page = browser.open("/ui/statements/2")
    assert page.text("#verdict").startswith("Not valid.")
    assert words(page) == [*["Yes"] * 7, "No", "Yes"]
    assert "do not match the signed root" in page.text("#steps")
    server.rows("DELETE FROM statements WHERE number = 1 RETURNING 1")
    assert "Statement 1 is missing" in browser.open("/ui/statements/2").text("#steps")
    changed = server.client("one").get(f"{API}/2").content.replace(b'"0.0009"', b'"0.0008"')
    server.run(server.server.database.execute("UPDATE statements SET content = %s", [changed]))
    page = browser.open("/ui/statements/2")
    assert words(page) == [*["Yes"] * 4, "No", "-", "No", "No", "No"]
    assert "one of the two was changed" in page.text("#steps")


@pytest.mark.own_server
def test_what_cannot_be_read_any_more_is_shown_as_it_is(server, log, state, browser):
    log()
    state()
    server.rows("UPDATE statement_lines SET content = '{}' RETURNING 1")
    assert "Line 1 cannot be parsed" in browser.open("/ui/statements/1").text("#steps")
    server.run(server.server.database.execute("UPDATE statements SET content = %s", [b'{"number":']))
    page = browser.open("/ui/statements/1")
    assert (page.status, page.text("#raw")) == (200, '{"number":')
    assert words(page)[0] == "No"
    assert browser.open("/ui/statements").rows("#statements") == [["1", "Unreadable"]]


def test_estimated_calls_are_counted_apart_from_unpriced_ones(log, state, browser):
    log(cost=None, cache_write_tokens=100)
    log(cost=None)
    state()
    (row,) = browser.open("/ui/statements/1").rows("#totals")
    assert row[2:6] == ["2", "0", "0", "1"]


def test_too_many_lines_are_not_checked_on_the_page(server, log, state, browser, monkeypatch):
    monkeypatch.setattr("llmring_receipts.statements.service.MAX_LINES", 1)
    log()
    log()
    state()
    page = browser.open("/ui/statements/1")
    assert page.text("#verdict").startswith("Valid.")
    assert words(page) == [*["Yes"] * 7, "-", "-"]
    assert "there are too many lines to check here" in page.text("#steps")


def test_another_projects_statements_are_not_there(log, state, browser):
    log("two")
    state("two")
    assert browser.open("/ui/statements").page.css_first("#statements") is None
    for path in ("/1", "/1/signed", "/1/lines", "/1/proof", "/0", "/x", "/99999999999", "/%C2%B2"):
        page = browser.open(f"/ui/statements{path}")
        assert page.status == 404
        assert "no statement" in page.text("[role=alert]")
    assert browser.open("/ui/statements", before="x").status == 422


@pytest.mark.own_server
def test_markup_is_shown_as_text(server, log, state, browser):
    log(model=MARKUP)
    state()
    server.rows("UPDATE usage_logs SET cost = 1 RETURNING id")
    state()
    page = browser.open("/ui/statements/2")
    assert page.words("#corrections")[0][4] == f"openai:{MARKUP}"
    assert not page.page.css("main img, main script")
    table = browser.open("/ui/statements/2/lines").answer.text
    assert next(csv.DictReader(io.StringIO(table)))["model"] == MARKUP


def test_without_usage_there_is_no_page(llmring_live, browse):
    browser = browse(llmring_live(["dashboard", "receipts"], receipts=signing()))
    assert browser.open("/ui/statements").status == 404
    assert "statement" not in browser.open("/ui/receipts").links
    assert "Statements" not in browser.open("/ui/receipts").text("header")
