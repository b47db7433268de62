"""The overview: each of its numbers equals `/api/v1/stats`, to the last decimal."""

import csv
import io
import json
import os
import random
import re
import subprocess
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

MARKUP = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>&amp;{{7*7}}"""
FIRST = date(2026, 3, 1)
KINDS = ["model", "alias", "profile", "origin", "provider"]
MONTH = {"start_date": "2026-03-01", "end_date": "2026-03-31", "tz": "UTC"}

TILES = {
    "cost": "total_cost",
    "requests": "total_requests",
    "tokens": "total_tokens",
    "unpriced": "unpriced_requests",
    "estimated": "estimated_requests",
    "p50": "latency_p50_ms",
    "p95": "latency_p95_ms",
}


def seeded(days=31, calls=12, first=FIRST):
    """Return the calls of a month, with awkward amounts and names."""
    chance = random.Random(7)
    return [
        {
            "provider": chance.choice(["openai", "anthropic"]),
            "model": f"model-{chance.randrange(14)}",
            "alias": chance.choice([None, "summarizer", "écrit", MARKUP]),
            "profile": chance.choice(["default", "prod"]),
            "origin": chance.choice([None, "web", "batch", "cron"]),
            "input_tokens": chance.randrange(10**6),
            "output_tokens": chance.randrange(10**4),
            "cost": chance.choice([None, float(f"0.{chance.randrange(1, 10**12):012}"), chance.randrange(9)]),
            "latency_ms": chance.choice([None, chance.randrange(1, 60_000)]),
            "status": chance.choice(["success", "success", "error"]),
            "timestamp": datetime.combine(
                first + timedelta(days=day), time(chance.randrange(24), chance.randrange(60)), UTC
            ).isoformat(),
        }
        for day in range(days)
        for _ in range(calls)
    ]


@pytest.fixture
def month(server, log):
    """The server, with a month of calls and some of the month before."""
    log(server, *seeded(), *seeded(days=28, calls=2, first=date(2026, 2, 1)))
    return server


@pytest.fixture
def stats(server):
    """Return a function that requests `/api/v1/stats` with exact numbers."""

    def ask(**query):
        answer = server.client().get("/api/v1/stats", params=query)
        return json.loads(answer.content, parse_float=Decimal)

    return ask


def number(text):
    return None if text in (None, "") else Decimal(text)


@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns", "Asia/Kathmandu"])
def test_each_tile_equals_the_statistics(month, visitor, stats, zone):
    summary = stats(**MONTH | {"tz": zone})["summary"]
    visitor.open("/ui/overview", **MONTH | {"tz": zone})
    assert {tile: number(visitor.value(f"#{tile} dd")) for tile in TILES} == {
        tile: summary[name] for tile, name in TILES.items()
    }
    rate = Decimal(visitor.value("#errors dd"))
    assert rate == pytest.approx(Decimal(summary["failed_requests"]) / summary["total_requests"], rel=Decimal("1e-5"))


def test_each_tile_is_compared_with_the_previous_range(month, visitor, stats):
    before = stats(start_date="2026-01-29", end_date="2026-02-28", tz="UTC")["summary"]
    visitor.open("/ui/overview", **MONTH)
    assert "compared with 2026-01-29 to 2026-02-28" in visitor.text("main")
    assert {tile: number(visitor.value(f"#{tile} .before")) for tile in TILES} == {
        tile: before[name] for tile, name in TILES.items()
    }
    failed = Decimal(before["failed_requests"]) / before["total_requests"]
    assert Decimal(visitor.value("#errors .before")) == pytest.approx(failed, rel=Decimal("1e-5"))
    rise = (Decimal(visitor.value("#cost dd")) / before["total_cost"] - 1) * 100
    assert f"{rise:+,.1f}%" in visitor.text("#cost .before")


@pytest.mark.parametrize("kind", KINDS)
def test_the_top_ten_equals_the_statistics(month, visitor, stats, kind):
    found = stats(**MONTH)
    shares = found[f"by_{kind}"]
    order = sorted(shares, key=lambda name: (-shares[name]["cost"], -shares[name]["requests"], name))[:10]
    rows = visitor.open("/ui/overview", **MONTH, by=kind).rows("#top-ten")
    assert [row[0] for row in rows] == [name or "(none)" for name in order]
    for row, name in zip(rows, order, strict=True):
        share = shares[name]
        members = ["cost", "requests", "input_tokens", "output_tokens"]
        assert [number(row[index]) for index in (1, 3, 4, 5)] == [share[member] for member in members]
        assert Decimal(row[2]) == pytest.approx(share["cost"] / found["summary"]["total_cost"], rel=Decimal("1e-5"))
        if kind == "model":
            more = [share[member] for member in ("errors", "latency_p50_ms", "latency_p95_ms")]
            assert [number(cell) for cell in row[6:9]] == more
        assert [number(cell) for cell in row[-2:]] == [share["unpriced_requests"], share["estimated_requests"]]


def test_a_model_of_several_providers_is_shown_per_provider(month, visitor, stats):
    visitor.open("/ui/overview", **MONTH)
    shares = stats(**MONTH)["by_provider_model"]
    assert {f"{row[1]}:{row[0]}": [number(cell) for cell in row[2:]] for row in visitor.rows("#shared-models")} == {
        key: [share[name] for name in ("cost", "requests", "unpriced_requests", "estimated_requests")]
        for key, share in shares.items()
    }


def test_a_model_of_one_provider_is_shown_once(server, visitor, log):
    log(server, {"cost": 1}, {"model": "gpt-5", "cost": 1})
    assert visitor.open("/ui/overview").page.css("#shared-models") == []


def test_what_is_unpriced_is_never_shown_as_0_dollars(server, visitor, log):
    log(server, {"model": "unheard-of"}, {"model": "unheard-of"})
    visitor.open("/ui/overview")
    assert visitor.text("#cost dd").startswith("unpriced")
    assert visitor.rows("#top-ten")[0][1] == "unpriced"
    assert {text for row in visitor.words("#by-step") if row[1] != "0" for text in row[2:]} == {"–"}


def test_estimated_costs_are_counted_apart(server, visitor, log):
    log(server, {"cache_write_tokens": 100}, {}, {"cost": 1})
    visitor.open("/ui/overview")
    assert visitor.value("#estimated dd") == "1"
    assert visitor.text("#estimates") == "1 call has an estimated cost, which is in the total."


def bars(visitor):
    """Return the cost of each bar: (name, day) → USD."""
    titles = [node.text() for node in visitor.page.css(".chart svg .bar title")]
    found = [re.fullmatch(r"(.*), (\d{4}-\d\d-\d\d): \$\S+ \((\S+) USD\)", title) for title in titles]
    return {(match[1], match[2]): Decimal(match[3]) for match in found}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_each_bar_equals_the_statistics_of_its_day(month, visitor, stats, kind, zone):
    found = bars(visitor.open("/ui/overview", **MONTH | {"tz": zone, "by": kind}))
    drawn = {name for name, _ in found} - {"Other"}
    expected = {}
    for day in range(31):
        at = (FIRST + timedelta(days=day)).isoformat()
        for name, share in stats(start_date=at, end_date=at, tz=zone)[f"by_{kind}"].items():
            known = (name or "(none)") if (name or "(none)") in drawn else "Other"
            expected[known, at] = expected.get((known, at), Decimal(0)) + share["cost"]
    assert found == {key: cost for key, cost in expected.items() if cost}
    assert ("Other" in {name for name, _ in found}) == (kind == "model")


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_the_table_of_days_equals_the_statistics(month, visitor, stats, zone):
    by_day = {day["date"]: day for day in stats(**MONTH | {"tz": zone})["by_day"]}
    rows = visitor.open("/ui/overview", **MONTH | {"tz": zone}).rows("#by-step")
    assert [row[0] for row in rows] == [(FIRST + timedelta(days=day)).isoformat() for day in range(31)]
    assert {row[0]: (int(row[1]), Decimal(row[2])) for row in rows if row[1] != "0"} == {
        day: (one["requests"], one["cost"]) for day, one in by_day.items()
    }


def test_the_table_equals_the_bars(month, visitor):
    visitor.open("/ui/overview", **MONTH, by="origin")
    names = [node.text() for node in visitor.page.css("#by-step th[scope=col]")][3:]
    told = {
        (name, row[0]): Decimal(cost)
        for row in visitor.rows("#by-step")
        for name, cost in zip(names, row[3:], strict=True)
    }
    assert {key: cost for key, cost in told.items() if cost} == bars(visitor)


def test_a_period_that_includes_today_is_marked(month, visitor):
    assert "Today is still in progress" in visitor.open("/ui/overview").text("main")
    assert "Today is still in progress" not in visitor.open("/ui/overview", **MONTH).text("main")


@pytest.mark.parametrize(
    ("first", "last", "step"),
    [("2026-03-02", "2026-05-31", "day"), ("2026-03-04", "2026-12-31", "week"), ("2024-03-10", "2026-03-20", "month")],
)
def test_long_ranges_are_shown_by_wider_bars(month, visitor, stats, first, last, step):
    visitor.open("/ui/overview", start_date=first, end_date=last, tz="UTC")
    assert visitor.text("#spent") == f"Cost by {step} and model"
    found = stats(start_date=first, end_date=last, tz="UTC", group_by=step)["by_period"]
    rows = [row for row in visitor.rows("#by-step") if row[1] != "0"]
    assert [(row[0], int(row[1]), Decimal(row[2])) for row in rows] == [
        (one["date"], one["total_calls"], one["total_cost"]) for one in found
    ]


WEEKS = [date(2026, 2, 2) + timedelta(weeks=number) for number in range(10)]
MONTHS = [date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns"])
@pytest.mark.parametrize(
    ("first", "last", "steps"),
    [(date(2026, 2, 4), date(2026, 12, 31), WEEKS), (date(2024, 3, 10), date(2026, 3, 20), MONTHS)],
)
def test_each_wider_bar_equals_the_statistics_of_its_days(month, visitor, stats, kind, zone, first, last, steps):
    query = {"start_date": first.isoformat(), "end_date": last.isoformat(), "tz": zone, "by": kind}
    found = bars(visitor.open("/ui/overview", **query))
    drawn = {name for name, _ in found} - {"Other"}
    expected = {}
    for start, behind in pairwise(steps):
        ends = {"start_date": max(start, first), "end_date": min(behind - timedelta(days=1), last)}
        for name, share in stats(**ends, tz=zone)[f"by_{kind}"].items():
            known = (name or "(none)") if (name or "(none)") in drawn else "Other"
            key = known, start.isoformat()
            expected[key] = expected.get(key, Decimal(0)) + share["cost"]
    assert found == {key: cost for key, cost in expected.items() if cost}


def test_the_range_is_selected_by_a_form_and_part_of_the_url(month, visitor):
    visitor.open("/ui/overview").send(
        "form.filters", start_date="2026-03-01", end_date="2026-03-02", tz="Europe/Rome", by="origin"
    )
    query = dict(visitor.answer.url.params)
    assert query == {"start_date": "2026-03-01", "end_date": "2026-03-02", "tz": "Europe/Rome", "by": "origin"}
    assert "2026-03-01 to 2026-03-02, Europe/Rome" in visitor.text("main")


def test_the_ranges_on_offer_are_links(month, visitor):
    visitor.open("/ui/overview")
    offered = {node.text(): node.attributes["href"] for node in visitor.page.css(".picks a")}
    assert list(offered) == ["Today", "7 days", "30 days", "90 days", "This month", "Last month"]
    assert visitor.text(".picks a[aria-current]") == "30 days"
    assert visitor.open(offered["7 days"]).text(".picks a[aria-current]") == "7 days"


def test_a_range_is_of_the_reporting_zone_unless_another_is_named(dashboard, visit, log):
    server = dashboard(usage={"timezone": "Pacific/Kiritimati"})
    log(server, {"cost": 1})
    visitor = visit(server).sign_in().open("/ui/overview")
    assert "Pacific/Kiritimati" in visitor.text("main")
    assert visitor.value("#requests") == "1"


@pytest.mark.parametrize(
    "query",
    [{"start_date": "x"}, {"end_date": "2026-02-30"}, {"tz": "Mars/Olympus"}, {"by": "price"},
     {"start_date": "2026-03-02", "end_date": "2026-03-01"}, {"start_date": "2000-01-01"}, {"end_date": "9999-12-31"}],
)  # fmt: skip
def test_a_range_that_cannot_be_is_refused_with_its_place(visitor, query):
    visitor.open("/ui/overview", **query)
    assert (visitor.status, visitor.heading) == (422, "Unprocessable Entity")
    assert f"query.{next(iter(query))}" in visitor.text("[role=alert]") or "start_date" in visitor.text("[role=alert]")


def test_markup_in_names_is_text_everywhere(server, visitor, log):
    names = {"provider": MARKUP[:60], "model": MARKUP, "alias": MARKUP, "profile": MARKUP, "origin": MARKUP}
    log(server, names | {"cost": 1, "timestamp": "2026-03-01T00:00:00Z"})
    for kind in ("model", "alias", "profile", "origin", "provider"):
        visitor.open("/ui/overview", **MONTH, by=kind)
        expected = names[kind]
        assert [row[0] for row in visitor.rows("#top-ten")] == [expected]
        assert visitor.text(".legend li") == expected
        assert list(bars(visitor)) == [(expected, "2026-03-01")]
        assert visitor.page.css("main script, main img") == []


def test_characters_that_no_page_can_show_do_not_break_the_chart(server, visitor, log):
    log(server, {"model": "a\x01b\x1f\ufffe", "cost": 1, "timestamp": "2026-03-01T00:00:00Z"})
    assert visitor.open("/ui/overview", **MONTH).status == 200
    assert list(bars(visitor).values()) == [1]


def test_a_new_project_is_shown_a_command_that_logs_a_first_call(server, visitor):
    key = visitor.open("/ui/overview").text("#variable")
    assert "LLMRING_PROJECT_KEY" in key
    command = visitor.page.css_first("#curl").text()
    known = {**os.environ, "LLMRING_PROJECT_KEY": server.key()}
    done = subprocess.run(["sh", "-c", command], env=known, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["log_id"]
    assert visitor.open("/ui/overview").value("#requests") == "1"


def test_a_range_without_calls_is_marked_empty(month, visitor):
    visitor.open("/ui/overview", start_date="2020-01-01", end_date="2020-01-31")
    assert visitor.page.css_first("#curl") is None
    assert (visitor.value("#requests"), visitor.value("#errors")) == ("0", "")
    assert "No priced calls in this period" in visitor.text("main")


def test_another_projects_calls_are_not_counted(month, visit, log):
    log(month, {"cost": 5}, key="another")
    visitor = visit(month).sign_in("another").open("/ui/overview")
    assert (visitor.value("#requests"), visitor.value("#cost")) == ("1", "5")


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_of_the_top_ten_leads_to_its_calls(month, visitor, stats, kind):
    visitor.open("/ui/overview", **MONTH, by=kind)
    line = visitor.page.css_first("#top-ten tbody a")
    visitor.open(line.attributes["href"])
    calls = stats(**MONTH)[f"by_{kind}"][line.text()]["requests"]
    rows = list(
        csv.DictReader(io.StringIO(visitor.client.get(f"/ui/logs.csv?{visitor.answer.url.query.decode()}").text))
    )
    assert (len(rows), {row[kind] for row in rows}) == (calls, {line.text()})


@pytest.mark.parametrize("by", ["model", "origin"])
def test_names_beyond_the_first_hundred_are_counted_and_drawn_as_other(server, visitor, log, by):
    log(server, *({by: f"name-{n:03}", "cost": 1000 - n, "timestamp": "2026-03-01T12:00:00Z"} for n in range(120)))
    visitor.open("/ui/overview", **MONTH, by=by)
    assert visitor.text("#top-ten caption") == "10 of 120"
    assert [node.text() for node in visitor.page.css("#top-ten tbody th")] == [f"name-{n:03}" for n in range(10)]
    assert visitor.page.css(".legend li")[-1].text().strip() == "Other"
    last = visitor.page.css("#by-step tbody tr")[0].css("td")[-1].css_first("data").attributes["value"]
    assert Decimal(last) == sum(1000 - n for n in range(9, 120))


FILTERED = {"provider": ["openai"], "status": ["error", "success"], "alias": "summarizer"}


@pytest.mark.parametrize("by", KINDS)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_a_filtered_overview_equals_the_filtered_statistics(month, visitor, stats, by, zone):
    query = MONTH | FILTERED | {"tz": zone}
    found = stats(**query)
    visitor.open("/ui/overview", **query, by=by)
    summary = found["summary"]
    assert {tile: number(visitor.value(f"#{tile} dd")) for tile in TILES} == {
        tile: summary[name] for tile, name in TILES.items()
    }
    by_day = {day["date"]: (day["requests"], day["cost"]) for day in found["by_day"]}
    shown = {row[0]: (int(row[1]), Decimal(row[2])) for row in visitor.rows("#by-step") if row[1] != "0"}
    assert shown == {day: share for day, share in by_day.items() if share[0]}
    costs = sorted((share["cost"] for share in found[f"by_{by}"].values()), reverse=True)[:10]
    assert [Decimal(row[1] if row[1] != "unpriced" else 0) for row in visitor.rows("#top-ten")] == costs
    assert 0 < summary["total_requests"] < stats(**MONTH)["summary"]["total_requests"]


def test_filters_are_chips_that_stay_in_ranges_the_form_and_links(month, visitor):
    query = MONTH | {"provider": "openai", "tag.customer": "acme"}
    visitor.open("/ui/overview", **query)
    for address in [link.attributes["href"] for link in visitor.page.css(".picks a, .top nav a[href*='?']")]:
        assert "provider=openai" in address
        assert "tag.customer=acme" in address
    assert len(visitor.page.css(".top nav a[href*='?']")) == 2
    visitor.send("form.filters", by="alias")
    assert visitor.text("#filters li").startswith("Provider: openai")
    chips = {chip.text().split(":")[0].strip(): chip.css_first("a").attributes["href"] for chip in
             visitor.page.css("#filters li")}  # fmt: skip
    visitor.open(chips["tag.customer"])
    assert int(visitor.value("#requests dd")) > 0
    assert "by=alias" in str(visitor.answer.url)


@pytest.mark.parametrize(
    ("tile", "query"), [("errors", {"status": "error"}), ("unpriced", {"cost_status": "unpriced"})]
)
def test_a_count_leads_to_its_calls(month, visitor, stats, tile, query):
    expected = stats(**MONTH | {"provider": "openai"} | query)["summary"]["total_requests"]
    visitor.open("/ui/overview", **MONTH, provider="openai")
    visitor.open(visitor.page.css_first(f"#{tile} a").attributes["href"])
    shown = 0
    while True:
        shown += len(visitor.page.css("#calls tbody tr"))
        if "Older" not in visitor.links:
            break
        visitor.open(visitor.links["Older"])
    assert shown == expected > 0


def test_a_count_of_a_name_leads_to_its_calls(month, visitor):
    visitor.open("/ui/overview", **MONTH, by="provider")
    row = visitor.page.css_first("#top-ten tbody tr")
    *_, unpriced, _ = row.css("td")
    visitor.open(unpriced.css_first("a").attributes["href"])
    assert {words[1].partition(":")[0] for words in visitor.words("#calls")} == {row.css_first("th").text()}
    assert {words[7] for words in visitor.words("#calls")} == {"unpriced"}
