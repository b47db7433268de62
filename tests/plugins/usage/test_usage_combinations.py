"""Sums by combination: counted for calls of an earlier version, limited per day, and right after every change."""

from zoneinfo import ZoneInfo

import pytest

from llmring_server.testing import eventually
from llmring_usage.maintenance.audit import Audit
from llmring_usage.maintenance.combination_fill import CombinationFill
from llmring_usage.maintenance.reprice import Repricing, RowSelection
from llmring_usage.prices.book import PriceBook
from llmring_usage.tables.combination_days import EVER, read_combination_days
from llmring_usage.tables.state import COMBINATIONS, DROPPED_BEFORE, FORMER_SUMS, UsageState

pytestmark = pytest.mark.own_server  # they change the sums and the state of the whole database

UTC = ZoneInfo("UTC")
TAGS = ("customer",)
LIMIT = 8


@pytest.fixture
def server(start_server):
    """A server with sums by customer and at most 8 combinations per day, after its first maintenance."""
    server = start_server(["usage"], usage={"tags": TAGS, "names_per_day": LIMIT})
    eventually(lambda: server.run(UsageState(server.server.database).get(FORMER_SUMS)))
    return server


def call(day=1, **members):
    return {"provider": "p", "model": "m", "input_tokens": 10, "cost": 1, "latency_ms": 20,
            "timestamp": f"2026-03-0{day}T10:00:00Z", **members}  # fmt: skip


def log(server, calls):
    answer = server.client().post("/api/v1/log/batch", json=calls)
    assert answer.json()["accepted"] == len(calls), answer.text


def execute(server, statement):
    return server.run(server.server.database.execute(statement))


def fill(server, tags=TAGS, limit=1000):
    return CombinationFill(server.server.database, UTC, tags, limit)


def summed_days(server):
    return server.run(read_combination_days(UsageState(server.server.database)))


def by(server, dimension, **query):
    """Return the requests by name, and those without their names."""
    answer = server.client().get("/api/v1/stats", params={"by": dimension, **query})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    rows = {row["names"] and row["names"][dimension]: row["requests"] for row in found["rows"]}
    assert sum(rows.values()) == found["summary"]["requests"]
    return rows, found["limited_requests"]


def differences(server):
    async def verify():
        audit = Audit(server.server.database, UTC, TAGS)
        return {found.check for found in [one async for one in audit.verify()] if found.differences}

    return server.run(verify())


def age(server):
    """Make the database one of an earlier version, which has no sums by combination."""
    execute(server, "DELETE FROM usage_combinations")
    execute(server, f"DELETE FROM usage_facts WHERE name = '{COMBINATIONS}'")


def test_a_new_database_is_complete_from_its_first_call_on(server):
    assert summed_days(server).since(TAGS) == EVER
    assert summed_days(server).since(["team"]) is None


def test_answers_are_right_before_and_after_former_days_are_counted(server):
    log(server, [call(day, tags={"customer": name}) for day in (1, 2, 3) for name in ("acme", "zeta")])
    age(server)
    server.run(fill(server).begin())
    expected = ({"acme": 3, "zeta": 3}, 0)
    assert by(server, "tag.customer") == expected
    log(server, [call(2, tags={"customer": "acme"}, model="new")])
    server.run(fill(server).count())
    assert summed_days(server).since(TAGS) == EVER
    execute(server, "DELETE FROM usage_logs")
    assert by(server, "tag.customer") == ({"acme": 4, "zeta": 3}, 0)


def test_counting_again_changes_nothing(server):
    log(server, [call(day, model=model) for day in (1, 2) for model in "ab"])
    age(server)
    for _ in range(2):
        server.run(fill(server).recount())
    assert differences(server) == set()


def test_days_whose_rows_were_dropped_are_reported_as_missing(server):
    log(server, [call(day) for day in (1, 2, 3)])
    age(server)
    execute(server, "DELETE FROM usage_logs WHERE occurred_at < '2026-03-02'")
    execute(server, f"INSERT INTO usage_facts VALUES ('{DROPPED_BEFORE}', '2026-03-02T00:00:00+00:00')")
    server.run(fill(server).begin())
    server.run(fill(server).count())
    found = server.client().get("/api/v1/stats?by=model").json()
    assert (found["incomplete_before"], found["summary"]["requests"]) == ("2026-03-02", 2)
    assert server.client().get("/api/v1/stats?by=model&start_date=2026-03-02").json()["incomplete_before"] is None


def test_a_tag_that_is_added_has_sums_after_a_recount(server):
    log(server, [call(tags={"customer": "acme", "team": team}) for team in ("red", "blue")])
    later = fill(server, ("customer", "team"))
    server.run(later.begin())
    assert summed_days(server).since(["team"]) > EVER
    assert by(server, "tag.team") == ({"red": 1, "blue": 1}, 0)
    server.run(later.recount())
    assert summed_days(server).since(["customer", "team"]) == EVER
    execute(server, "DELETE FROM usage_logs")
    assert by(server, "tag.team") == ({"red": 1, "blue": 1}, 0)


def test_combinations_beyond_the_limit_of_a_day_are_summed_together(server):
    for name in range(20):
        log(server, [call(tags={"customer": str(name)})])
    log(server, [call(tags={"customer": "0"}), call(2)])
    rows, limited = by(server, "tag.customer")
    stored = server.rows("SELECT count(*) AS found FROM usage_combinations WHERE day = '2026-03-01'")[0]["found"]
    assert stored <= LIMIT + 2
    assert (rows["0"], rows[""], rows[None]) == (2, 1, limited)
    assert sum(rows.values()) == 22
    assert limited == 22 - 1 - 1 - (stored - 1)
    assert differences(server) == set()


def test_the_most_used_combinations_of_a_former_day_keep_their_names(server):
    log(server, [call(tags={"customer": name}) for name in "aaabbcd"])
    age(server)
    server.run(fill(server, limit=2).begin())
    server.run(fill(server, limit=2).count())
    assert by(server, "tag.customer") == ({"a": 3, "b": 2, None: 2}, 2)


def test_a_repair_corrects_sums_by_combination(server):
    log(server, [call(model=model) for model in "ab"])
    execute(server, "UPDATE usage_combinations SET requests = requests + 1, cost = cost + 1 WHERE model = 'a'")
    assert differences(server) == {"sums by combination against raw rows"}

    async def repair():
        return [one async for one in Audit(server.server.database, UTC, TAGS).repair()]

    server.run(repair())
    assert differences(server) == set()
    assert by(server, "model") == ({"a": 1, "b": 1}, 0)


def test_days_are_counted_again_in_another_zone(server):
    log(server, [call(timestamp="2026-03-01T23:30:00Z")])
    zone = ZoneInfo("Europe/Madrid")

    async def rebuild():
        audit = Audit(server.server.database, zone, TAGS)
        await audit.recount_days()
        return [one async for one in audit.repair()]

    server.run(rebuild())
    (row,) = server.rows("SELECT day::text AS day, requests FROM usage_combinations")
    assert (row["day"], row["requests"]) == ("2026-03-02", 1)


def test_a_new_price_moves_calls_to_the_combination_of_priced_ones(server):
    client = server.client()
    log(server, [call(cost=None, model="own", latency_ms=latency) for latency in (10, 1000)])
    execute(server, "UPDATE usage_logs SET cost_source = NULL")
    answer = client.put("/api/v1/prices/overrides/own", json={
        "provider": "p", "model": "own", "rates": {"input": "1", "output": "1"},
    })  # fmt: skip
    assert answer.status_code in (200, 201), answer.text

    async def reprice():
        book = server.server.service(PriceBook)
        return [one async for one in Repricing(server.server.database, book, "UTC", RowSelection(), TAGS).run()]

    server.run(reprice())
    eventually(lambda: by(server, "model", cost_status="priced")[0] == {"own": 2})
    assert by(server, "model", cost_status="unpriced")[0] == {}
    assert differences(server) == set()
