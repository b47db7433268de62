"""The screenshots of the documentation: the pages of an invented team in a browser."""

import os
import random
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from test_dashboard_receipts import signing

SCREENSHOTS = os.environ.get("LLMRING_SCREENSHOTS")
MARCH = "/ui/overview?start_date=2026-03-01&end_date=2026-03-31&tz=UTC"
MINI, PRO, SONNET = "openai:gpt-5-mini", "google:gemini-2.5-pro", "anthropic:claude-sonnet-4-5-20250929"
WORK = (
    ("summarizer", MINI, "web", 14),
    ("extractor", "openai:gpt-4o-mini", "nightly", 16),
    ("reviewer", SONNET, "ci", 5),
    ("planner", PRO, "web", 4),
    (None, "openai:gpt-4o", "notebook", 2),
)
BOUND = (("summarizer", MINI), ("extractor", "openai:gpt-4o-mini"), ("reviewer", SONNET), ("planner", PRO))

pytestmark = pytest.mark.slow


def working_days(first, last):
    """Return the calls of a team that works less at weekends and a little more each week."""
    chance = random.Random(3)
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        busy = (0.2 if day.weekday() > 4 else 1) * (1 + (day - date(2026, 1, 29)).days / 90)
        for alias, model, origin, calls in WORK:
            for _ in range(round(calls * busy * chance.uniform(0.6, 1.4))):
                yield call(alias, model, origin, datetime.combine(day, time(8 + chance.randrange(11)), UTC), chance)


def call(alias, model, origin, when, chance):
    provider, _, name = model.partition(":")
    sent = chance.randrange(20_000, 180_000)
    return {
        "provider": provider, "model": name, "alias": alias, "origin": origin, "profile": "prod",
        "input_tokens": sent, "output_tokens": chance.randrange(500, 6_000),
        "cached_input_tokens": chance.choice([0, sent // 2]), "latency_ms": chance.randrange(900, 14_000),
        "status": "error" if chance.random() < 0.02 else "success", "timestamp": when.isoformat(),
    }  # fmt: skip


@pytest.fixture
def team(dashboard, small_registry, log):
    """A server with two months of a team's calls, a week's of one alias, aliases in two profiles, and a receipt."""
    settings = {"registry": {"base_url": small_registry.as_uri() + "/"}, "receipts": signing()}
    server = dashboard("registry", "usage", "aliases", "receipts", **settings)
    client, chance = server.client(), random.Random(5)
    assert client.get("/registry").status_code == 200
    calls = [*working_days(date(2026, 1, 29), date(2026, 3, 31))]
    lately = [call("summarizer", MINI, chance.choice(["web", "web", "nightly"]), datetime.now(UTC), chance)
              for _ in range(80)]  # fmt: skip
    for found in (calls[:1000], calls[1000:2000], calls[2000:], lately):
        log(server, *found)
    for profile in ("default", "prod"):
        for alias, model in BOUND:
            chosen = MINI if alias == "planner" and profile == "default" else model
            body = {"alias": alias, "model": chosen, "profile": profile}
            assert client.post("/api/v1/aliases/bind", json=body).status_code == 200
    receipt = {"id": "summary-of-march", "model": MINI, "alias": "summarizer", "tokens": {"input": 9500, "output": 150}}
    sent = receipt | {"cost": {"amount": "0.000875"}, "timestamp": "2026-03-31T17:03:37Z"}
    assert client.post("/api/v1/receipts/issue?store=true", json=sent).status_code == 200
    return server


def test_pictures_can_be_taken(team, window_at, tmp_path):
    """`make screenshots` keeps them in docs/images."""
    folder = Path(SCREENSHOTS or tmp_path)
    last = team.client().get("/api/v1/logs?end_date=2026-03-31&alias=summarizer&limit=1").json()[0]
    pages = {
        "overview-light": MARCH,
        "aliases-light": "/ui/aliases",
        "bind-light": f"/ui/aliases/bind?alias=summarizer&profile=prod&model={PRO}",
        "registry-light": "/ui/registry",
        "overview-dark": MARCH + "&by=alias",
        "call-dark": "/ui/logs?end_date=2026-03-31&alias=summarizer",
        "receipt-dark": "/ui/receipts/summary-of-march",
    }
    for scheme in ("light", "dark"):
        opened = window_at(team, color_scheme=scheme, viewport={"width": 1280, "height": 960})
        page = opened.sign_in()
        for name, path in pages.items():
            if name.endswith(scheme):
                opened.open(path)
                if name == "call-dark":
                    page.locator("#calls tbody a").first.click()
                    page.wait_for_selector("#calculation")
                    assert last["id"] in page.locator("main").inner_text()
                page.screenshot(path=folder / f"{name}.png")
        opened.check_manners()
    taken = {file.stem: file.read_bytes()[:8] for file in folder.glob("*.png")}
    assert taken == dict.fromkeys(pages, b"\x89PNG\r\n\x1a\n")
