"""Logs: filters, pages, the download, and one call in full."""

import csv
import gc
import io
import json
from decimal import Decimal

import pytest

from llmring_server.testing import eventually

MARKUP = """<b onclick="x">'bold'</b>"""


@pytest.fixture
def priced(dashboard, constant_registry):
    """A server of usage with the small registry, once that is loaded."""
    server = dashboard("registry", "usage", registry={"base_url": constant_registry.as_uri() + "/"})
    assert server.client().get("/registry").status_code == 200
    return server


def ids(visitor):
    return [row.attributes["id"] for row in visitor.page.css("#calls tbody tr")]


def link(visitor, text):
    """Return the address of a link by its text, or None."""
    return next((node.attributes["href"] for node in visitor.page.css("main a") if node.text() == text), None)


def test_every_call_is_on_one_page_and_the_newest_first(server, visitor, log):
    sent = log(server, *({"timestamp": f"2026-03-01T{n // 60:02}:{n % 60:02}:00Z", "cost": n} for n in range(120)))
    visitor.open("/ui/logs")
    seen = ids(visitor)
    assert len(seen) == 50
    while link(visitor, "Older"):
        seen += ids(visitor.open(link(visitor, "Older")))
    assert seen == sent[::-1]
    assert ids(visitor.open(link(visitor, "Newest"))) == sent[:-51:-1]


@pytest.mark.parametrize("member", ["alias", "model", "provider", "profile", "origin"])
def test_a_filter_is_exact_and_stays_in_the_form(server, visitor, log, member):
    (wanted, _) = log(server, {member: "wanted & found"}, {member: "wanted"})
    visitor.open("/ui/logs").send("form.filters", **{member: "wanted & found"})
    assert ids(visitor) == [wanted]
    assert visitor.page.css_first(f"#field-{member}").attributes["value"] == "wanted & found"


CALLS = (
    {"model": "one", "cost": 1, "status": "error", "tags": {"customer": "acme & co"}},
    {"model": "two", "cost": 1, "status": "error", "tags": {"customer": "acme & co"}},
    {"model": "three", "cost": 1, "status": "error", "tags": {"customer": "acme & co"}},
    {"model": "one", "cost": 1, "tags": {"customer": "acme & co"}},
    {"model": "one", "cost": 1, "status": "error"},
    {"model": "one", "cost": "0.5", "status": "error", "tags": {"customer": "acme & co"}},
)
FILTERED = "/ui/logs?model=one&model=two&status=error&min_cost=1&tag.customer=acme+%26+co"


def chips(visitor):
    return [" ".join(chip.text().split()).removesuffix(" ×") for chip in visitor.page.css("#filters li")]


def without(visitor, words):
    """Follow the link that removes a filter."""
    return visitor.open(
        visitor.page.css_first(f'#filters a[aria-label="Remove the filter {words}"]').attributes["href"]
    )


def test_every_active_filter_is_a_chip_that_removes_it(server, visitor, log):
    one, two, _, plain, *_ = log(server, *CALLS)
    visitor.open(FILTERED)
    assert ids(visitor) == [two, one]
    assert chips(visitor) == ["Model: one", "Model: two", "Status: error", "Min cost (USD): 1",
                              "tag.customer: acme & co"]  # fmt: skip
    assert ids(without(visitor, "Model: two")) == [one]
    assert ids(without(visitor, "Status: error")) == [plain, one]
    for words in ("Model: one", "Min cost (USD): 1", "tag.customer: acme & co"):
        without(visitor, words)
    assert chips(visitor) == []
    assert len(ids(visitor)) == len(CALLS)


def test_the_form_keeps_filters_that_have_no_field(server, visitor, log):
    one, *_ = log(server, *CALLS)
    visitor.open("/ui/logs?status=error&tag.customer=acme+%26+co&min_cost=1").send("form.filters", model="one")
    assert ids(visitor) == [one]
    assert chips(visitor)[-1] == "tag.customer: acme & co"


def test_filters_are_kept_on_a_call_and_back(server, visitor, log):
    log(server, *CALLS)
    visitor.open(FILTERED)
    visitor.open(link_of(visitor, 0)).open(link(visitor, "Back to logs"))
    assert len(ids(visitor)) == 2
    assert chips(visitor)[:2] == ["Model: one", "Model: two"]


def test_the_download_has_the_filtered_calls(server, visitor, log):
    log(server, *CALLS)
    visitor.open(FILTERED)
    rows = list(csv.DictReader(io.StringIO(visitor.client.get(link(visitor, "Download these calls as CSV")).text)))
    assert [row["model"] for row in rows] == ["two", "one"]


def test_markup_in_a_filter_is_text(visitor):
    visitor.open("/ui/logs", model=MARKUP, **{f"tag.{MARKUP}": MARKUP})
    assert chips(visitor) == [f"Model: {MARKUP}", f"tag.{MARKUP}: {MARKUP}"]
    assert visitor.page.css("main b") == []


def test_dates_are_in_the_requested_time_zone(server, visitor, log):
    (wanted, _) = log(server, {"timestamp": "2026-03-01T18:20:00Z"}, {"timestamp": "2026-03-01T18:00:00Z"})
    visitor.open("/ui/logs", start_date="2026-03-02", end_date="2026-03-02", tz="Asia/Kathmandu")
    assert ids(visitor) == [wanted]
    assert visitor.text("#calls time") == "2026-03-02 00:05:00"


def test_pages_keep_the_filter(server, visitor, log):
    log(server, *({"alias": "a", "timestamp": f"2026-03-01T00:{n:02}:00Z"} for n in range(55)), {"alias": "b"})
    visitor.open("/ui/logs", alias="a").open(link(visitor, "Older"))
    assert len(ids(visitor)) == 5
    assert visitor.page.css_first("#field-alias").attributes["value"] == "a"


def test_the_download_is_just_this_view_as_the_export_gives_it(server, visitor, log):
    log(server, *({"alias": "a b", "cost": "0.000000000001", "origin": "=1+1"} for _ in range(60)), {"alias": "c"})
    visitor.open("/ui/logs", alias="a b")
    answer = visitor.client.get(link(visitor, "Download these calls as CSV"))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="usage.csv"'
    assert answer.content == server.client().get("/api/v1/logs/export", params={"alias": "a b"}).content
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert (len(rows), {row["cost"] for row in rows}) == (60, {"0.000000000001"})


@pytest.fixture
def uncollected():
    """Nothing is closed by the garbage collector alone meanwhile."""
    gc.disable()
    yield
    gc.enable()


def test_asking_for_the_head_of_the_download_leaves_no_export_open(server, visitor, log, uncollected):
    log(server, {"cost": 1})
    answers = [visitor.client.head("/ui/logs.csv") for _ in range(5)]
    assert {(answer.status_code, answer.headers["content-type"]) for answer in answers} == {
        (200, "text/csv; charset=utf-8")
    }
    pool = server.server.database.pool
    eventually(lambda: (stats := pool.get_stats())["pool_size"] == stats["pool_available"])
    assert len(visitor.client.get("/ui/logs.csv").text.splitlines()) == 2


def test_a_call_shows_all_logged_fields(server, visitor, log):
    members = {
        "model": "m", "alias": MARKUP, "origin": "web", "id_at_origin": "conversation-7", "latency_ms": 1234.5,
        "service_tier": "flex", "operation_id": "op", "attempt": 2, "tags": {"team": MARKUP}, "status": "error",
        "metadata": {"note": MARKUP, "n": [1.50, 2]}, "cost": "0.25",
    }  # fmt: skip
    log(server, members)
    visitor.open("/ui/logs").open(link_of(visitor, 0))
    said = dict(visitor.rows("#call"))
    assert (said["Alias"], said["Conversation ID"], said["Latency"]) == (MARKUP, "conversation-7", "1.23 s")
    assert (said["Status"], said["Attempt"], said["Operation"]) == ("error", "2", "op")
    assert json.loads(visitor.text("#metadata")) == members["metadata"]
    assert json.loads(visitor.text("#tags")) == members["tags"]
    assert visitor.page.css("main b") == []
    assert "as sent by the client" in visitor.text("[aria-labelledby=cost]")


def link_of(visitor, index):
    return visitor.page.css("#calls tbody a")[index].attributes["href"]


def test_a_computed_cost_is_taken_apart_into_tokens_and_prices(priced, visit, log):
    log(priced, {"input_tokens": 9500, "output_tokens": 150, "cached_input_tokens": 8000})
    visitor = visit(priced).sign_in().open("/ui/logs")
    visitor.open(link_of(visitor, 0))
    assert visitor.value("[aria-labelledby=cost] p") == "0.000875"
    text = visitor.text("[aria-labelledby=cost]")
    assert "computed from the prices of the model registry" in text
    assert "Calculated by the provider's billing rules." in text
    assert visitor.text("#price dd") == "openai:gpt-5-mini"
    assert "registry, version openai.3" in visitor.text("#price")
    assert visitor.rows("#kinds") == [["Fresh input", "1500"], ["Cache reads", "8000"], ["Output", "150"]]
    *terms, total = visitor.rows("#calculation")
    assert terms == [
        ["input", "1500", "0.25", "0.000375"],
        ["cache read", "8000", "0.025", "0.0002"],
        ["output", "150", "2.0", "0.0003"],
    ]
    assert (total[0], total[3]) == ("Total", "0.000875")
    assert visitor.page.css(".fault") == []


@pytest.mark.own_server
@pytest.mark.parametrize("calculator", ["provider", "client"])
def test_the_calculator_that_was_used_is_named(dashboard, visit, log, small_registry, calculator):
    tables = {"registry": {"base_url": small_registry.as_uri() + "/"}}
    server = dashboard("registry", "usage", **tables, usage={"calculator": calculator})
    assert server.client().get("/registry").status_code == 200
    log(server, {"provider": "google", "model": "gemini-2.5-pro", "input_tokens": 250_000, "output_tokens": 1_000})
    other = dashboard("registry", "usage", **tables)
    visitor = visit(other).sign_in().open("/ui/logs")
    visitor.open(link_of(visitor, 0))
    words = {"provider": "by the provider's billing rules", "client": "by the llmring client's estimate"}
    assert words[calculator] in visitor.text("[aria-labelledby=cost]")
    costs = [Decimal(row[3]) for row in visitor.rows("#calculation")]
    assert sum(costs[:-1]) == costs[-1] == Decimal(visitor.value("[aria-labelledby=cost] p"))
    assert visitor.page.css(".fault") == []


def test_an_unpriced_call_has_the_reason(priced, visit, log):
    log(priced, {"model": "unheard-of"})
    visitor = visit(priced).sign_in().open("/ui/logs")
    assert visitor.rows("#calls")[0][7] == "unpriced"
    visitor.open(link_of(visitor, 0))
    said = "Not priced: no source of prices knows the model."
    assert said in visitor.text("[aria-labelledby=cost]")
    assert visitor.page.css("#calculation") == []


def test_an_estimated_cost_is_marked_with_its_substitutions(priced, visit, log):
    log(priced, {"cache_write_tokens": 100})
    visitor = visit(priced).sign_in().open("/ui/logs")
    assert visitor.words("#calls")[0][7].endswith("estimated")
    assert visitor.page.css_first("#calls .soft").attributes["title"] == "cache_write priced as input"
    visitor.open(link_of(visitor, 0))
    assert "(estimated), computed from the prices of" in visitor.text("[aria-labelledby=cost]")
    assert visitor.text("#notes li") == "cache_write priced as input"
    assert ["Cache writes, unspecified lifetime", "100"] in visitor.rows("#kinds")


@pytest.mark.own_server
def test_the_source_of_a_price_and_a_discount_are_shown(priced, visit, log):
    log(priced, {"input_tokens": 9500, "output_tokens": 150, "cached_input_tokens": 8000})
    given = {"cost": "0.0006825", "list_cost": "0.000875", "discount": "0.22", "price_source": "override:contract",
             "price_version": "2", "matched": "pattern"}  # fmt: skip
    assignments = ", ".join(f"{name} = %s" for name in given)
    assert priced.rows(f"UPDATE usage_logs SET {assignments} RETURNING id", list(given.values()))
    visitor = visit(priced).sign_in().open("/ui/logs")
    visitor.open(link_of(visitor, 0))
    assert "computed from the prices of your own price contract." in visitor.text("[aria-labelledby=cost]")
    price = visitor.text("#price")
    assert "openai:gpt-5-mini (matched by pattern)" in price
    assert "override:contract, version 2" in price
    assert "22.0%" in price
    assert visitor.rows("#calculation")[-1] == ["Total before discount", "", "", "0.000875"]
    assert visitor.page.css(".fault") == []


def test_another_projects_call_is_unknown(server, visit, visitor, log):
    log(server, {"cost": 1})
    address = link_of(visitor.open("/ui/logs"), 0)
    other = visit(server).sign_in("another").open(address)
    assert (other.status, other.heading) == (404, "Not Found")


@pytest.mark.parametrize("place", ["x", "WyJ4IiwieSJd", "%00", "a" * 500])
def test_what_names_no_call_is_unknown(visitor, place):
    assert visitor.open(f"/ui/logs/{place}").status == 404


@pytest.mark.parametrize("query", [{"after": "x"}, {"start_date": "x"}, {"tz": "x"}])
def test_an_invalid_query_is_refused(visitor, query):
    assert visitor.open("/ui/logs", **query).status == 422


def test_a_list_without_matching_calls_is_marked_empty(visitor):
    assert visitor.open("/ui/logs", model="none").text(".empty h2") == "No calls"


def test_a_call_with_large_metadata_shows_its_beginning(server, visitor, log):
    log(server, {"metadata": {"text": "x" * 100_000}})
    visitor.open("/ui/logs")
    visitor.open(visitor.page.css_first("#calls tbody a").attributes["href"])
    shown = visitor.text("#metadata")
    assert shown.startswith('{"text":"xxx')
    assert "These are the first 65,536 of 100,011 bytes." in shown
    assert len(shown) < 66_000


def test_calls_that_were_taken_back_are_marked_with_the_reason_and_what_counts_instead(server, visitor, log):
    voided, corrected = log(server, {"cost": 1}, {"cost": 2})
    client = server.client()
    assert client.post(f"/api/v1/logs/{voided}/void", json={"reason": "a <test>"}).status_code == 200
    body = {"reason": "mistyped", "fields": {"cost": 3}}
    new = client.post(f"/api/v1/logs/{corrected}/correct", json=body).json()["replaced_by"]
    visitor.open("/ui/logs")
    rows = {row.attributes["id"]: row for row in visitor.page.css("#calls tbody tr")}
    marks = {one: [mark.text() for mark in row.css(".corrected")] for one, row in rows.items()}
    assert marks == {voided: ["voided"], corrected: ["superseded"], new: []}
    pages = {one: row.css_first("th a").attributes["href"] for one, row in rows.items()}
    visitor.open(pages[voided])
    assert "Voided." in visitor.text("#correction")
    assert "a <test>" in visitor.text("#correction")
    visitor.open(pages[corrected])
    assert new in visitor.text("#correction")
    visitor.open(pages[new])
    assert visitor.page.css("#correction") == []
    assert corrected in visitor.text("#replaces")
