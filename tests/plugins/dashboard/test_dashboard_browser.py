"""The dashboard in a real browser: with JavaScript and without, by keyboard, on a phone, in both themes."""

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest
from browser_kit import COLORS, STANDARD
from test_dashboard_overview import MONTH, TILES, seeded
from test_dashboard_sign_in import made

from llmring_dashboard.rendering.formatting import format_usd
from llmring_server.testing import eventually

OVERVIEW = "/ui/overview?start_date=2026-03-01%26end_date=2026-03-31%26tz=UTC"

pytestmark = pytest.mark.slow


@pytest.fixture
def month(dashboard, log, small_registry):
    server = dashboard("registry", "usage", registry={"base_url": small_registry.as_uri() + "/"})
    assert server.client().get("/registry").status_code == 200
    priced = {"input_tokens": 9500, "output_tokens": 150, "cached_input_tokens": 8000, "metadata": {"a": 1}}
    log(server, *seeded(), priced | {"timestamp": "2026-03-31T23:59:00Z"})
    return server


@pytest.fixture
def window(window_at, month):
    """Give a function that opens a window at the server; keywords are the browser's settings."""
    return lambda **settings: window_at(month, **settings)


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_a_visit_from_signing_in_to_signing_out(window, month, script):
    opened = window(java_script_enabled=script, accept_downloads=True)
    page = opened.sign_in("test-project", OVERVIEW)
    total = month.client().get("/api/v1/stats", params=MONTH).json()["summary"]["total_requests"]
    assert page.locator("#requests data").first.get_attribute("value") == str(total)
    page.get_by_role("link", name="Logs").click()
    page.get_by_label("Model").fill("gpt-5-mini")
    page.get_by_role("main").get_by_role("button", name="Apply").click()
    page.locator("#calls tbody tr").first.wait_for()
    assert page.locator("#calls tbody tr").count() == 1
    with page.expect_download() as download:
        page.get_by_role("link", name="Download these calls as CSV").click()
    with Path(download.value.path()).open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["model"], Decimal(row["cost"])) == ("gpt-5-mini", Decimal("0.000875"))
    page.locator("#calls tbody a").click()
    assert page.locator("#calculation .sum").get_attribute("value") == "0.000875"
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("status").inner_text() == "You have signed out."
    page.goto(f"{month.url}/ui/overview")
    assert page.get_by_role("heading", name="Sign in").is_visible()
    if script:
        opened.check_manners()


READ = """() => ({
    tiles: [...document.querySelectorAll(".tile")].map(tile => [tile.id, tile.querySelector("dd > data").value]),
    before: [...document.querySelectorAll(".tile")].map(tile => [tile.id, tile.querySelector(".before data").value]),
    bars: [...document.querySelectorAll(".chart .bar")].map(
        bar => [bar.querySelector("title").textContent, bar.getBBox().height]),
    days: [...document.querySelectorAll("#by-step tbody tr")].map(
        row => [row.querySelector("time").dateTime,
                ...[...row.querySelectorAll("data")].slice(0, 2).map(cell => cell.value)]),
    top: [...document.querySelectorAll("#top-ten tbody tr")].map(
        row => [row.querySelector("th").innerText, ...[...row.querySelectorAll("data")].map(cell => cell.value)]),
    foreign: document.querySelectorAll("main script, main img").length,
})"""


def test_each_number_in_the_document_equals_the_statistics(window, month):
    def stats(**query):
        answer = month.client().get("/api/v1/stats", params={"tz": "UTC", **query})
        return json.loads(answer.content, parse_float=Decimal)

    opened = window()
    opened.sign_in()
    seen = opened.open("/ui/overview?start_date=2026-03-01&end_date=2026-03-31&tz=UTC&by=alias").evaluate(READ)
    found = stats(start_date="2026-03-01", end_date="2026-03-31")
    before = stats(start_date="2026-01-29", end_date="2026-02-28")
    for part, summary in (("tiles", found["summary"]), ("before", before["summary"])):
        shown = {name: Decimal(text) for name, text in seen[part] if name in TILES and text}
        assert shown == {tile: summary[name] for tile, name in TILES.items() if summary[name] is not None}
    by_day = {day["date"]: (day["requests"], day["cost"]) for day in found["by_day"]}
    assert {day: (int(calls), Decimal(cost)) for day, calls, cost in seen["days"]} == by_day
    members = ("cost", "requests", "input_tokens", "output_tokens", "unpriced_requests", "estimated_requests")
    shares = {name or "(none)": [share[one] for one in members] for name, share in found["by_alias"].items()}
    assert {name: [Decimal(text) for text in (cost, *more)] for name, cost, _, *more in seen["top"]} == shares
    named = {(name or "(none)", day): share["cost"] for day in by_day
             for name, share in stats(start_date=day, end_date=day)["by_alias"].items() if share["cost"]}  # fmt: skip
    drawn = dict(seen["bars"])
    expected = {f"{name}, {day}: {format_usd(Decimal(cost))} ({cost} USD)": cost for (name, day), cost in named.items()}
    assert set(drawn) == set(expected)
    tall = [drawn[title] / float(cost) for title, cost in expected.items() if cost > 1]
    assert max(tall) == pytest.approx(min(tall), rel=0.01)
    assert seen["foreign"] == 0
    opened.check_manners()


def test_a_page_is_marked_busy_while_the_next_one_loads(window):
    page = window().sign_in("test-project", OVERVIEW)
    look = "() => { %s; return document.querySelector('main').getAttribute('aria-busy') }"
    assert page.evaluate(look % "document.querySelector('nav a[href^=\"/ui/logs\"]').click()") == "true"
    page.wait_for_selector("#calls")
    assert page.evaluate(look % "") is None
    assert page.evaluate(look % "document.querySelector('.filters').requestSubmit()") == "true"
    page.wait_for_url("**/ui/logs?**operation_id=**")
    assert page.evaluate(look % "document.querySelector('a[download]').click()") is None


@pytest.mark.own_server
def test_a_wrong_key_is_an_error_message(window):
    page = window().sign_in("two words")
    assert "The key" in page.get_by_role("alert").inner_text()


def test_a_session_whose_key_is_revoked_leads_back_to_signing_in(window_at, dashboard, llmring_cli):
    key, key_id, _ = made(llmring_cli, "read")
    page = window_at(dashboard("keys", "usage")).sign_in(key)
    assert page.get_by_role("heading", name="Overview").is_visible()
    llmring_cli("keys", "revoke", key_id, LLMRING_PLUGINS="keys")
    page.get_by_role("link", name="Logs").click()
    assert "revoked" in page.get_by_role("status").inner_text()
    assert page.get_by_label("Project key").is_visible()


def test_a_session_that_is_too_old_leads_back_to_signing_in(window_at, dashboard):
    opened = window_at(dashboard(dashboard={"session_hours": 3 / 3600}))
    opened.sign_in()
    eventually(lambda: opened.open("/ui/overview").get_by_label("Project key").is_visible())


def test_the_theme_changes_when_the_button_is_pressed_and_not_before(window):
    opened = window(color_scheme="light")
    page = opened.sign_in()
    theme = page.get_by_label("Theme")
    theme.focus()
    asked = len(opened.requested)
    theme.press("ArrowDown")
    theme.press("ArrowDown")
    assert theme.input_value() == "dark"
    assert theme.evaluate("choice => document.activeElement === choice")
    page.get_by_role("link", name="Logs").hover()
    assert opened.requested[asked:] == []
    page.get_by_role("button", name="Apply theme").click()
    page.wait_for_selector("html[data-theme=dark]")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(15, 20, 25)"
    opened.check_manners()


def test_the_pages_can_be_walked_by_keyboard(window):
    page = window().sign_in("test-project", OVERVIEW)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("path", ["/ui/overview?start_date=2026-03-01&end_date=2026-03-31", "/ui/logs"])
def test_a_phone_scrolls_down_only(window, path):
    opened = window(viewport={"width": 360, "height": 740})
    opened.sign_in()
    page = opened.open(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_print_leaves_out_what_cannot_be_clicked(window):
    page = window().sign_in("test-project", OVERVIEW)
    page.emulate_media(media="print")
    assert page.get_by_role("main").get_by_role("button", name="Apply").is_hidden()
    assert page.locator("#top-ten").is_visible()


@pytest.mark.own_server
def test_every_page_keeps_to_wcag_in_light_and_dark(window, month, axe_source):
    opened = window()
    found = {"sign in": faults(opened.open("/ui/sign-in"), axe_source)}
    page = opened.sign_in("two words")
    found["wrong key"] = faults(page, axe_source)
    page = opened.sign_in("test-project", OVERVIEW)
    page.locator("summary").click()
    found["overview"] = faults(page, axe_source)
    found["logs"] = faults(opened.open("/ui/logs"), axe_source)
    found["no logs"] = faults(opened.open("/ui/logs?model=none"), axe_source)
    opened.open("/ui/logs?model=gpt-5-mini").locator("#calls tbody a").click()
    page.wait_for_selector("#calculation")
    found["call"] = faults(page, axe_source)
    found["problem"] = faults(opened.open("/ui/logs/none"), axe_source)
    page.context.clear_cookies()
    opened.sign_in("new-project")
    found["first"] = faults(page, axe_source)
    assert found == {name: [] for name in found}
    opened.check_manners()


def faults(page, source):
    """Return what axe-core finds wrong with a page: the rule, and where; in dark by the rules on colors."""
    page.evaluate(source)
    found = []
    for scheme, rules in (("light", STANDARD), ("dark", COLORS)):
        page.emulate_media(color_scheme=scheme)
        options = {"runOnly": rules, "resultTypes": ["violations"]}
        found += page.evaluate("options => axe.run(options)", options)["violations"]
    return [(fault["id"], [node["html"][:120] for node in fault["nodes"][:3]]) for fault in found]
