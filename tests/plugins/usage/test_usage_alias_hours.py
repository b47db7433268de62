"""Hourly sums of the calls per alias: results are exact with and without them, whatever changes afterwards."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from llmring_server.contracts import PriceList
from llmring_server.contracts.traffic import Traffic
from llmring_server.testing import eventually
from llmring_usage.counts.own_counts import count_tokens
from llmring_usage.maintenance.hourly import Maintenance
from llmring_usage.maintenance.reprice import Repricing, RowSelection
from llmring_usage.models.entries import UsageEntry
from llmring_usage.prices.book import PriceBook
from llmring_usage.pricing.calculators import provider_cost
from llmring_usage.tables.alias_hours import THRESHOLDS, TRY_LOCK, AliasHours
from llmring_usage.tables.state import ALIAS_HOURS, UsageState

PRO = "google:gemini-2.5-pro"
MEDIA = {"cached_audio_tokens": 0, "image_input_tokens": 300, "video_input_tokens": 400, "units": {"web_search": 1}}
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
            **draw.choice([{}, {}, MEDIA]),
        }
        for _ in range(number)
    ]


def call(**members):
    return {"provider": "openai", "model": "gpt-5-mini", "alias": "fast", "input_tokens": 1000, **members}


@pytest.fixture
def server(priced):
    """A server whose first maintenance is over."""
    eventually(lambda: priced.run(UsageState(priced.server.database).get(ALIAS_HOURS)))
    return priced


@pytest.fixture
def used(server):
    """The server with 300 calls of nine days, whose sums are not computed yet."""
    log_batch(server, some_calls(300))
    return server


def log_batch(server, calls, key="test-project"):
    answer = server.client(key).post("/api/v1/log/batch", json=calls)
    assert answer.json()["accepted"] == len(calls), answer.text


def fetch(server, alias="fast", profile="default", since=SINCE):
    traffic, project = server.server.service(Traffic), server.project_id()
    return server.run(traffic.of_alias(project, profile=profile, alias=alias, since=since, until=UNTIL, models=[PRO]))


def fetch_all(server):
    return [fetch(server, alias, profile) for alias in ("fast", "slow") for profile in ("default", "prod")]


def refresh(server, now=NOW):
    server.run(AliasHours(server.server.database).refresh(now))


def stored_hours(server, key="test-project"):
    """Return the number of stored hours of a project's aliases."""
    query = "SELECT count(*) AS hours FROM usage_alias_hours WHERE project_id = %s"
    (found,) = server.rows(query, [server.project_id(key)])
    return found["hours"]


def delete_summed_rows(server):
    """Delete the raw rows of whole hours, so that only the sums include them."""
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
        return [step async for step in Repricing(server.server.database, prices, "UTC", RowSelection(every=True)).run()]

    server.run(all_rows())


@pytest.mark.own_server
def test_hourly_sums_equal_the_raw_rows(used):
    before = fetch_all(used)
    refresh(used)
    delete_summed_rows(used)
    assert fetch_all(used) == before
    assert sum(found.requests for found in before) > 100


@pytest.mark.own_server
def test_hours_of_a_version_without_rare_kinds_are_read_from_raw_rows_and_summed_again(used):
    before = fetch_all(used)
    refresh(used)
    spoil = "UPDATE usage_alias_hours SET sums = 0, lines = '[]'"
    used.run(used.server.database.execute(spoil))
    assert fetch_all(used) == before
    refresh(used)
    delete_summed_rows(used)
    assert fetch_all(used) == before


def test_a_range_with_partial_hours_reads_raw_rows_at_its_ends(used):
    since = SINCE + timedelta(hours=5, minutes=17, seconds=3)
    before = fetch(used, since=since)
    refresh(used)
    assert fetch(used, since=since) == before


@pytest.mark.parametrize("minutes", [1, 59])
def test_a_range_within_an_hour_is_read_from_raw_rows(used, minutes):
    refresh(used)
    log_batch(used, [call(timestamp=NOW.isoformat())])
    assert fetch(used, since=UNTIL - timedelta(minutes=minutes, seconds=1)).requests >= 1


@pytest.mark.own_server
def test_the_cost_with_another_model_is_the_sum_over_the_calls(used):
    refresh(used)
    delete_summed_rows(used)
    price = used.server.service(PriceList).find(*PRO.split(":"))
    calls = [
        UsageEntry(**{name: value for name, value in one.items() if name != "timestamp"})
        for one in some_calls(300)
        if (one["alias"], one["profile"]) == ("fast", "default") and datetime.fromisoformat(one["timestamp"]) >= SINCE
    ]
    (found,) = fetch(used).alternatives
    assert (found.status, found.cost) == ("estimated", sum(provider_cost(count_tokens(one), price) for one in calls))


@pytest.mark.own_server
def test_counts_of_more_than_64_bits_are_exact(start_server):
    many = 2**62
    server = start_server(["usage"], usage={"max_tokens": many})
    eventually(lambda: server.run(UsageState(server.server.database).get(ALIAS_HOURS)))
    late = {"timestamp": (NOW - timedelta(days=2)).isoformat(), "input_tokens": many, "cost": 0}
    log_batch(server, [call(**late) for _ in range(5)])
    refresh(server)
    delete_summed_rows(server)
    assert fetch(server).tokens.fresh == 5 * many


@pytest.mark.own_server
def test_a_late_entry_invalidates_its_hour_until_the_next_maintenance(used):
    refresh(used)
    before = fetch(used).requests
    log_batch(used, [call(timestamp=(NOW - timedelta(days=3)).isoformat())])
    assert fetch(used).requests == before + 1
    refresh(used)
    delete_summed_rows(used)
    assert fetch(used).requests == before + 1


@pytest.mark.own_server
def test_a_new_price_invalidates_the_hours_that_it_changes(used):
    before, database = fetch(used), used.server.database
    used.run(database.execute("UPDATE usage_logs SET cost = cost * 2 WHERE cost > 0"))
    for table in ("usage_daily", "usage_quarters"):
        used.run(database.execute(f"UPDATE {table} SET cost = cost * 2"))
    refresh(used)
    assert fetch(used).cost == before.cost * 2 > 0
    reprice(used)
    assert fetch(used) == before
    refresh(used)
    delete_summed_rows(used)
    assert fetch(used) == before


@pytest.mark.own_server
def test_new_prices_that_cancel_out_invalidate_their_hour_too(server):
    late = (NOW - timedelta(days=2)).isoformat()
    log_batch(server, [call(timestamp=late), call(timestamp=late, model="gpt-4o")])
    right = fetch(server)
    shift = "UPDATE usage_logs SET cost = cost + CASE model WHEN 'gpt-4o' THEN 0.0001 ELSE -0.0001 END"
    server.run(server.server.database.execute(shift))
    refresh(server)
    wrong = fetch(server)
    assert wrong.cost == right.cost
    assert wrong.models != right.models
    reprice(server)
    assert fetch(server) == right


@pytest.mark.own_server
def test_unpriced_calls_are_counted_and_cost_nothing(server):
    log_batch(server, [call(model="unknown", timestamp=(NOW - timedelta(days=1)).isoformat())])
    refresh(server)
    delete_summed_rows(server)
    found = fetch(server)
    assert (found.requests, found.unpriced_requests, found.cost) == (1, 1, Decimal(0))


@pytest.mark.own_server
def test_sums_without_the_requested_thresholds_are_not_used(used, monkeypatch):
    before = fetch(used)
    monkeypatch.setattr("llmring_usage.tables.alias_hours.THRESHOLDS", (1_000,))
    refresh(used)
    assert stored_hours(used)
    assert fetch(used) == before


@pytest.mark.own_server
def test_sums_with_other_thresholds_are_computed_again(used, monkeypatch):
    with monkeypatch.context() as other:
        other.setattr("llmring_usage.tables.alias_hours.THRESHOLDS", (1_000,))
        refresh(used)
    before = fetch_all(used)
    refresh(used)
    delete_summed_rows(used)
    assert fetch_all(used) == before


@pytest.mark.own_server
def test_an_hour_that_is_not_over_is_not_summed(server):
    log_batch(server, [call(timestamp=NOW.isoformat())])
    refresh(server)
    assert not stored_hours(server)
    refresh(server, NOW + timedelta(hours=1))
    assert stored_hours(server)


@pytest.mark.own_server
def test_sums_that_are_no_longer_read_are_deleted(used):
    refresh(used)
    assert stored_hours(used)
    refresh(used, NOW + timedelta(days=9))
    assert not stored_hours(used)


@pytest.mark.own_server
def test_a_project_that_another_process_is_summing_is_skipped(used):
    database = used.server.database

    async def beside():
        async with database.transaction() as connection:
            await connection.execute(TRY_LOCK, [used.project_id()])
            await AliasHours(database).refresh(NOW)

    used.run(beside())
    assert not stored_hours(used)
    refresh(used)
    assert stored_hours(used)


@pytest.mark.own_server
def test_a_project_that_cannot_be_summed_does_not_stop_the_others(used):
    log_batch(used, some_calls(20), "another")
    refused = min(used.project_id(), used.project_id("another"))
    used.run(
        used.server.database.execute(
            f"ALTER TABLE usage_alias_hours ADD CONSTRAINT refused CHECK (project_id <> '{refused}')"
        )
    )
    refresh(used)
    assert {stored_hours(used) > 0, stored_hours(used, "another") > 0} == {True, False}


@pytest.mark.own_server
def test_maintenance_sums_hours_once_per_hour(used):
    maintenance, state = used.server.service(Maintenance), UsageState(used.server.database)
    used.run(state.delete(ALIAS_HOURS))
    used.run(maintenance.run_once())
    hours = stored_hours(used)
    assert hours
    used.run(used.server.database.execute("DELETE FROM usage_alias_hours"))
    used.run(state.set(ALIAS_HOURS, datetime.now(UTC).replace(minute=0, second=0, microsecond=0).isoformat()))
    used.run(maintenance.run_once())
    assert not stored_hours(used)
