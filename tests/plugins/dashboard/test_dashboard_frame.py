"""The layout of all pages: themes, the content security policy, problem pages, and a server without pages."""

import subprocess
import sys

import pytest


def test_the_theme_is_as_selected(visitor):
    visitor.send("form[action='/ui/theme']", theme="dark")
    assert (visitor.path, visitor.page.css_first("html").attributes["data-theme"]) == ("/ui/overview", "dark")
    visitor.send("form[action='/ui/theme']", theme="system")
    assert "data-theme" not in visitor.page.css_first("html").attributes


def test_every_page_forbids_what_it_does_not_need(visitor):
    policies = set()
    for path in ("/ui/overview", "/ui/overview", "/ui/logs/none"):
        policy = visitor.open(path).answer.headers["content-security-policy"]
        nonce = visitor.page.css_first("link[rel=stylesheet]").attributes["nonce"]
        assert policy.startswith(f"default-src 'none'; script-src 'self'; style-src 'nonce-{nonce}'; img-src 'self';")
        assert "unsafe" not in policy
        policies.add(policy)
    assert len(policies) == 3
    assert visitor.answer.headers["cache-control"] == "no-store"
    assert visitor.answer.headers["referrer-policy"] == "no-referrer"


def test_no_page_has_a_style_or_script_of_its_own(visitor, log, server):
    log(server, {"cost": 1}, {"model": "b", "cost": 2})
    for path in ("/ui/overview", "/ui/logs", "/ui/sign-in"):
        page = visitor.open(path).page
        assert page.css("style, [style], [onclick], script:not([src])") == []
        assert page.css("script[src^='/ui/static/']")


def test_only_the_url_with_the_current_digest_is_cached_for_long(visitor):
    address = visitor.page.css_first("link[rel=stylesheet]").attributes["href"]
    assert "immutable" in visitor.client.get(address).headers["cache-control"]
    for other in (address.partition("?")[0], f"{address}0"):
        answer = visitor.client.get(other)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize("path", ["/ui/receipts", "/ui/receipts/a/b", "/ui/logs/a/b", "/ui/a/b/c"])
def test_an_unknown_page_is_a_404_page(visitor, path):
    visitor.open(path)
    assert (visitor.status, visitor.heading) == (404, "Not Found")
    assert f"no page {path}" in visitor.text("[role=alert]")


def test_an_invalid_query_is_a_422_page(visitor):
    visitor.open("/ui/overview", start_date="tomorrow")
    assert (visitor.status, visitor.heading) == (422, "Unprocessable Entity")
    assert "2026-11-23" in visitor.text("main")


@pytest.mark.own_server
def test_signing_in_during_an_outage_of_the_database_is_a_503_page(dashboard, visit):
    server = dashboard("keys", "usage")
    visitor = visit(server).open("/ui/sign-in")
    server.run(server.server.database.close())
    visitor.send("main form", key="a-managed-key")
    assert (visitor.status, visitor.heading) == (503, "Service Unavailable")


def test_a_browser_at_the_servers_address_is_led_to_the_pages(server, visit):
    assert visit(server).open("/").path == "/ui/sign-in"
    answer = server.client(None).get("/")
    assert (answer.status_code, answer.json()["ui"]) == (200, "/ui")
    assert "Accept" in answer.headers["vary"]


@pytest.mark.own_server
def test_an_outage_of_the_database_is_a_503_page(dashboard, visit):
    server = dashboard()
    visitor = visit(server).sign_in()
    server.run(server.server.database.close())
    visitor.open("/ui/overview")
    assert (visitor.status, visitor.heading) == (503, "Service Unavailable")


WITHOUT = """
import sys
from llmring_server.app import create_app
from llmring_server.testing import make_settings
create_app(make_settings({}), ["usage", "registry", "aliases", "receipts"])
print(sorted({"jinja2", "pygal", "itsdangerous", "llmring_dashboard"} & set(sys.modules)))
"""


def test_without_the_plugin_nothing_is_served_and_nothing_of_it_imported(llmring_live):
    client = llmring_live(["usage"]).client(Accept="text/html")
    assert client.get("/ui").status_code == 404
    assert "ui" not in client.get("/").json()
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_a_feature_that_has_a_page_there_is_nothing_to_show(dashboard, visit):
    assert visit(dashboard("ratelimit")).sign_in().heading == "Nothing to show"


@pytest.mark.parametrize("path", ["/ui/overview", "/ui/logs", "/ui/sign-in"])
def test_a_page_refuses_a_query_parameter_that_it_does_not_have(visitor, path):
    visitor.open(path, no_such_parameter=1)
    assert visitor.status == 422
    assert "no_such_parameter" in visitor.text("[role=alert]")
