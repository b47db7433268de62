"""The hourly sums behind what calls an alias: exact with them and without, whatever happens after they were made."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from llmring_server.contracts import PriceList
from llmring_server.contracts.traffic import Traffic
from llmring_server.testing import eventually
from llmring_usage.maintenance.hourly import Maintenance
from llmring_usage.maintenance.reprice import Repricing, RowSelection
from llmring_usage.models.entries import UsageEntry
from llmring_usage.pricing.calculators import provider_cost
from llmring_usage.pricing.price_book import PriceBook
from llmring_usage.pricing.tokens import count_tokens
from llmring_usage.tables.alias_hours import THRESHOLDS, TRY_LOCK, AliasHours
from llmring_usage.tables.state import ALIAS_HOURS, UsageState

PRO = "google:gemini-2.5-pro"
NOW = datetime.now(UTC)
UNTIL = NOW + timedelta(minutes=1)
SINCE = UNTIL - timedelta(days=7)


def some_calls(number, seed=7):
    """Return calls of the last nine days: two aliases, two profiles, prompts on both sides of every threshold."""
    draw = random.Random(seed)
    return [
        {
            "provider": "openai",
            "model": draw.choice(["gpt-5-mini", "gpt-4o", "unknown"]),
            "alias": draw.choice(["fast", "slow", None]),
            "profile": draw.choice(["default", "prod"]),
            "origin": draw.choice(["app", "batch", None]),
            "timestamp": (UNTIL - timedelta(seconds=draw.uniform(60, 9 * 86_400))).isoformat(),
            "input_tokens": draw.choice(THRESHOLDS) + draw.randint(-1, 1),
            "cached_input_tokens": draw.randint(0, 20_000),
            "output_tokens": draw.randint(0, 900),
        }
        for _ in range(number)
    ]


def call(**members):
    return {"provider": "openai", "model": "gpt-5-mini", "alias": "fast", "input_tokens": 1000, **members}


@pytest.fixture
def server(priced):
    """A server whose first upkeep is over."""
    eventually(lambda: priced.run(UsageState(priced.server.database).get(ALIAS_HOURS)))
    return priced


@pytest.fixture
def used(server):
    """The server with 300 calls of nine days, whose sums have not been made yet."""
    log_batch(server, some_calls(300))
    return server


def log_batch(server, calls, key="test-project"):
    answer = server.client(key).post("/api/v1/log/batch", json=calls)
    assert answer.json()["accepted"] == len(calls), answer.text


def ask(server, alias="fast", profile="default", since=SINCE):
    traffic, project = server.server.service(Traffic), server.project_id()
    return server.run(traffic.of_alias(project, profile=profile, alias=alias, since=since, until=UNTIL, models=[PRO]))


def ask_all(server):
    return [ask(server, alias, profile) for alias in ("fast", "slow") for profile in ("default", "prod")]


def refresh(server, now=NOW):
    server.run(AliasHours(server.server.database).refresh(now))


def kept(server, key="test-project"):
    """Return how many hours of a project's aliases are kept as sums."""
    query = "SELECT count(*) AS hours FROM usage_alias_hours WHERE project_id = %s"
    (found,) = server.rows(query, [server.project_id(key)])
    return found["hours"]


def blind(server):
    """Take the raw rows of whole hours away, so that only the sums know of them."""
    server.run(
        server.server.database.execute(
            "DELETE FROM usage_logs WHERE occurred_at >= date_trunc('hour', %s) + interval '1 hour'"
            " AND occurred_at < date_trunc('hour', %s)",
            [SINCE, NOW],
        )
    )


def reprice(server):
    prices = server.server.service(PriceBook)

    async def all_rows():
        return [step async for step in Repricing(server.server.database, prices, "UTC", RowSelection()).run()]

    server.run(all_rows())


@pytest.mark.own_server
def test_sums_of_hours_say_what_the_raw_rows_said(used):
    before = ask_all(used)
    refresh(used)
    blind(used)
    assert ask_all(used) == before
    assert sum(found.requests for found in before) > 100


def test_a_range_with_odd_ends_takes_raw_rows_for_its_ends(used):
    since = SINCE + timedelta(hours=5, minutes=17, seconds=3)
    before = ask(used, since=since)
    refresh(used)
    assert ask(used, since=since) == before


@pytest.mark.parametrize("minutes", [1, 59])
def test_a_range_within_an_hour_is_read_from_raw_rows(used, minutes):
    refresh(used)
    log_batch(used, [call(timestamp=NOW.isoformat())])
    assert ask(used, since=UNTIL - timedelta(minutes=minutes, seconds=1)).requests >= 1


@pytest.mark.own_server
def test_another_model_would_have_cost_what_each_call_would_have_by_itself(used):
    refresh(used)
    blind(used)
    price = used.server.service(PriceList).find(*PRO.split(":"))
    calls = [
        UsageEntry(**{name: value for name, value in one.items() if name != "timestamp"})
        for one in some_calls(300)
        if (one["alias"], one["profile"]) == ("fast", "default") and datetime.fromisoformat(one["timestamp"]) >= SINCE
    ]
    (found,) = ask(used).alternatives
    assert (found.status, found.cost) == ("priced", sum(provider_cost(count_tokens(one), price) for one in calls))


@pytest.mark.own_server
def test_counts_of_more_than_64_bits_are_exact(server):
    many = 2**62
    late = {"timestamp": (NOW - timedelta(days=2)).isoformat(), "input_tokens": many, "cost": 0}
    log_batch(server, [call(**late) for _ in range(5)])
    refresh(server)
    blind(server)
    assert ask(server).tokens.fresh == 5 * many


@pytest.mark.own_server
def test_a_late_entry_voids_the_hour_it_falls_into_until_the_next_upkeep(used):
    refresh(used)
    before = ask(used).requests
    log_batch(used, [call(timestamp=(NOW - timedelta(days=3)).isoformat())])
    assert ask(used).requests == before + 1
    refresh(used)
    blind(used)
    assert ask(used).requests == before + 1


@pytest.mark.own_server
def test_a_new_price_voids_the_hours_that_it_changes(used):
    before, database = ask(used), used.server.database
    used.run(database.execute("UPDATE usage_logs SET cost = cost * 2 WHERE cost > 0"))
    for table in ("usage_daily", "usage_quarters"):
        used.run(database.execute(f"UPDATE {table} SET cost = cost * 2"))
    refresh(used)
    assert ask(used).cost == before.cost * 2 > 0
    reprice(used)
    assert ask(used) == before
    refresh(used)
    blind(used)
    assert ask(used) == before


@pytest.mark.own_server
def test_new_prices_that_cancel_out_void_their_hour_too(server):
    late = (NOW - timedelta(days=2)).isoformat()
    log_batch(server, [call(timestamp=late), call(timestamp=late, model="gpt-4o")])
    right = ask(server)
    shift = "UPDATE usage_logs SET cost = cost + CASE model WHEN 'gpt-4o' THEN 0.0001 ELSE -0.0001 END"
    server.run(server.server.database.execute(shift))
    refresh(server)
    wrong = ask(server)
    assert wrong.cost == right.cost
    assert wrong.models != right.models
    reprice(server)
    assert ask(server) == right


@pytest.mark.own_server
def test_unpriced_calls_are_counted_and_cost_nothing(server):
    log_batch(server, [call(model="unknown", timestamp=(NOW - timedelta(days=1)).isoformat())])
    refresh(server)
    blind(server)
    found = ask(server)
    assert (found.requests, found.unpriced_requests, found.cost) == (1, 1, Decimal(0))


@pytest.mark.own_server
def test_sums_that_do_not_tell_the_wanted_lengths_apart_are_not_taken(used, monkeypatch):
    before = ask(used)
    monkeypatch.setattr("llmring_usage.tables.alias_hours.THRESHOLDS", (1_000,))
    refresh(used)
    assert kept(used)
    assert ask(used) == before


@pytest.mark.own_server
def test_sums_of_other_lengths_are_made_anew(used, monkeypatch):
    with monkeypatch.context() as other:
        other.setattr("llmring_usage.tables.alias_hours.THRESHOLDS", (1_000,))
        refresh(used)
    before = ask_all(used)
    refresh(used)
    blind(used)
    assert ask_all(used) == before


@pytest.mark.own_server
def test_an_hour_that_is_not_over_is_left_for_later(server):
    log_batch(server, [call(timestamp=NOW.isoformat())])
    refresh(server)
    assert not kept(server)
    refresh(server, NOW + timedelta(hours=1))
    assert kept(server)


@pytest.mark.own_server
def test_sums_that_nobody_asks_about_any_more_are_dropped(used):
    refresh(used)
    assert kept(used)
    refresh(used, NOW + timedelta(days=9))
    assert not kept(used)


@pytest.mark.own_server
def test_a_project_that_another_process_is_about_is_left_to_it(used):
    database = used.server.database

    async def beside():
        async with database.transaction() as connection:
            await connection.execute(TRY_LOCK, [used.project_id()])
            await AliasHours(database).refresh(NOW)

    used.run(beside())
    assert not kept(used)
    refresh(used)
    assert kept(used)


@pytest.mark.own_server
def test_a_project_that_cannot_be_added_up_does_not_stop_the_others(used):
    log_batch(used, some_calls(20), "another")
    refused = min(used.project_id(), used.project_id("another"))
    used.run(
        used.server.database.execute(
            f"ALTER TABLE usage_alias_hours ADD CONSTRAINT refused CHECK (project_id <> '{refused}')"
        )
    )
    refresh(used)
    assert {kept(used) > 0, kept(used, "another") > 0} == {True, False}


@pytest.mark.own_server
def test_the_upkeep_of_usage_adds_hours_up_once_an_hour(used):
    maintenance, state = used.server.service(Maintenance), UsageState(used.server.database)
    used.run(state.delete(ALIAS_HOURS))
    used.run(maintenance.run_once())
    hours = kept(used)
    assert hours
    used.run(used.server.database.execute("DELETE FROM usage_alias_hours"))
    used.run(state.set(ALIAS_HOURS, datetime.now(UTC).replace(minute=0, second=0, microsecond=0).isoformat()))
    used.run(maintenance.run_once())
    assert not kept(used)
