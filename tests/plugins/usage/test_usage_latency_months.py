"""Monthly histograms of latencies: results are the same with and without them, whatever changes later."""

import asyncio
import random
import uuid
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from llmring_server.contracts.usage import UsageReading
from llmring_server.contracts.usage_filters import CallFilter
from llmring_server.testing import eventually, live, make_settings
from llmring_usage.maintenance.audit import LOCK_MONTHS, Audit
from llmring_usage.maintenance.hourly import Maintenance
from llmring_usage.settings import UsageSettings
from llmring_usage.tables.latency_months import LatencyMonths
from llmring_usage.tables.state import LATENCY_MONTHS, UsageState

FIRST, LAST = date(2025, 1, 1), date(2025, 6, 30)
TODAY = date(2025, 7, 3)
ZONES = ("UTC", "Europe/Madrid", "Asia/Kathmandu")
days = st.dates(FIRST - timedelta(days=40), LAST + timedelta(days=40))


@pytest.fixture(scope="module", params=["UTC", "Europe/Madrid"])
def lasting(request, llmring_postgres):
    """A server for the whole module, whose reporting zone is the parameter."""
    schema = f"test_{uuid.uuid4().hex[:16]}"
    database = {"database_url": llmring_postgres, "database_schema": schema, "database_pool_size": 2}
    with live(make_settings(database, usage={"timezone": request.param}), ["usage"]) as server:
        after_maintenance(server)
        yield server
    with psycopg.connect(llmring_postgres, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


@pytest.fixture
def used(usage):
    """A server with 300 calls of half a year, after its first maintenance."""
    log(after_maintenance(usage), some_calls(300))
    return usage


def after_maintenance(server):
    eventually(lambda: server.run(UsageState(server.server.database).get(LATENCY_MONTHS)))
    return server


def some_calls(number, seed=7):
    """Return calls of the first half of 2025, of two models."""
    draw = random.Random(seed)
    start, seconds = datetime(2025, 1, 1, tzinfo=UTC), 181 * 86_400
    return [
        {
            "provider": draw.choice(["openai", "google"]),
            "model": draw.choice(["small", "large"]),
            "timestamp": (start + timedelta(seconds=draw.uniform(0, seconds))).isoformat(),
            "latency_ms": draw.choice([None, 0, draw.uniform(1, 20_000)]),
            "cost": draw.randrange(100),
        }
        for _ in range(number)
    ]


def log(server, calls, key="test-project"):
    answer = server.client(key).post("/api/v1/log/batch", json=calls)
    assert answer.json()["accepted"] == len(calls), answer.text


def late(server, day="2025-03-14", latency_ms=7.5):
    call = {"provider": "openai", "model": "small", "input_tokens": 1, "timestamp": f"{day}T12:00:00Z"}
    log(server, [{**call, "latency_ms": latency_ms}])


def months(server):
    return LatencyMonths(server.server.database, ZoneInfo(server.server.plugin_settings(UsageSettings).timezone))


def refresh(server, today=TODAY):
    server.run(months(server).refresh(today))


def fetch(server, start=FIRST, end=LAST, zone="UTC", key="test-project", kind="model", step="week"):
    """Return the results of the contract for a range: with steps of time, and only the sums."""
    reading, project = server.server.service(UsageReading), server.project_id(key)
    chosen = CallFilter(start_date=start and str(start), end_date=end and str(end), tz=zone)
    return (
        server.run(reading.spending(project, chosen, kind, step)),
        server.run(reading.summary(project, chosen)),
        server.run(reading.statistics(project, chosen, "month")),
    )


def execute(server, statement, params=()):
    return server.run(server.server.database.execute(statement, params))


def forget(server):
    execute(server, "DELETE FROM usage_latency_months")


def delete_daily_latencies(server):
    """Delete the daily latencies, so that only the months include them."""
    assert execute(server, "DELETE FROM usage_latencies")


def stored_months(server, key="test-project"):
    query = "SELECT month FROM usage_latency_months WHERE project_id = %s ORDER BY month"
    return [row["month"] for row in server.rows(query, [server.project_id(key)])]


def in_order(start, end):
    return (end, start) if start and end and end < start else (start, end)


def firsts(*numbers):
    return [date(2025, number, 1) for number in numbers]


@pytest.mark.own_server
def test_monthly_histograms_equal_their_days(used):
    before = fetch(used)
    refresh(used)
    delete_daily_latencies(used)
    assert fetch(used) == before
    assert before[0].summary.latency_p95_ms > before[0].summary.latency_p50_ms > 0
    assert before[0].summary.latency_p50_ms == before[1].latency_p50_ms


@pytest.mark.own_server
def test_months_without_latencies_are_stored_too(usage):
    late(after_maintenance(usage), latency_ms=None)
    refresh(usage)
    assert stored_months(usage) == firsts(3)
    assert fetch(usage)[0].summary.latency_p50_ms is None


@pytest.mark.own_server
def test_a_month_that_is_not_over_is_not_summed(used):
    refresh(used, date(2025, 6, 30))
    assert stored_months(used) == firsts(1, 2, 3, 4, 5)
    refresh(used, date(2025, 7, 1))
    assert stored_months(used) == firsts(1, 2, 3, 4, 5, 6)


@pytest.mark.own_server
def test_a_late_entry_invalidates_its_month_until_the_next_maintenance(used):
    refresh(used)
    before = fetch(used)
    late(used, latency_ms=90_000)
    now = fetch(used)
    assert now != before
    forget(used)
    assert fetch(used) == now
    refresh(used)
    delete_daily_latencies(used)
    assert fetch(used) == now


@pytest.mark.own_server
def test_days_are_read_only_for_an_invalid_month(used):
    refresh(used)
    late(used)
    now = fetch(used)
    execute(used, "DELETE FROM usage_latencies WHERE day < '2025-03-01' OR day >= '2025-04-01'")
    assert fetch(used) == now


@pytest.mark.own_server
def test_only_missing_and_invalid_months_are_computed_again(used):
    refresh(used)
    late(used)
    touched = "SELECT month FROM usage_latency_months WHERE xmin::text::bigint > %s"
    (last,) = used.rows("SELECT max(xmin::text::bigint) AS xid FROM usage_latency_months")
    refresh(used)
    assert used.rows(touched, [last["xid"]]) == [{"month": date(2025, 3, 1)}]


@pytest.mark.own_server
def test_days_without_daily_sums_are_read_as_days(used):
    """Days whose raw rows were dropped remain in an earlier zone."""
    refresh(used)
    execute(
        used,
        "INSERT INTO usage_latencies SELECT project_id, '2024-12-31', model, bucket, slot, 1000 FROM usage_latencies"
        " WHERE day = (SELECT min(day) FROM usage_latencies) LIMIT 1",
    )
    now = fetch(used, date(2024, 12, 1))
    forget(used)
    assert fetch(used, date(2024, 12, 1)) == now != fetch(used)


def test_retention_does_not_change_months(used, llmring_cli):
    before = fetch(used)
    refresh(used)
    done = llmring_cli("usage", "retention", "--days", "30", LLMRING_PLUGINS="usage")
    assert "dropping usage_logs_2025_03" in done.stdout
    assert stored_months(used) == firsts(1, 2, 3, 4, 5, 6)
    assert fetch(used) == before
    late(used)
    forgotten = fetch(used)
    forget(used)
    assert fetch(used) == forgotten != before


@pytest.mark.parametrize("table", ["usage_latencies", "usage_daily"])
def test_a_month_whose_rollups_are_repaired_is_deleted_until_the_next_maintenance(used, llmring_cli, table):
    before = fetch(used)
    spoil = f"UPDATE {table} SET requests = requests + 5 WHERE day >= '2025-03-01' AND day < '2025-04-01'"
    execute(used, spoil)
    refresh(used)
    assert fetch(used) != before
    done = llmring_cli("usage", "rebuild", LLMRING_PLUGINS="usage")
    assert "2025-03: repaired" in done.stdout
    assert stored_months(used) == firsts(1, 2, 4, 5, 6)
    assert fetch(used) == before
    used.run(used.server.service(Maintenance).run_once())
    assert stored_months(used) == firsts(1, 2, 3, 4, 5, 6)
    assert fetch(used) == before


@pytest.mark.own_server
def test_computing_a_month_waits_until_the_rollups_are_repaired(used):
    database = used.server.database

    async def repair_beside():
        async with database.transaction() as connection:
            await connection.execute(LOCK_MONTHS)
            adding = asyncio.create_task(months(used).refresh(TODAY))
            await asyncio.sleep(0.3)
            await connection.execute("UPDATE usage_latencies SET bucket = bucket + 100")
        await adding

    used.run(repair_beside())
    now = fetch(used)
    forget(used)
    assert fetch(used) == now


def test_months_are_counted_again_in_another_zone(used, llmring_live, llmring_cli):
    log(
        used,
        [{"provider": "p", "model": "m", "input_tokens": 1, "timestamp": "2025-03-31T23:00:00Z", "latency_ms": 10}],
    )
    refresh(used)
    done = llmring_cli("usage", "rebuild", LLMRING_PLUGINS="usage", LLMRING_USAGE_TIMEZONE="Europe/Madrid")
    assert "days are now counted in Europe/Madrid" in done.stdout
    assert stored_months(used) == []
    there = after_maintenance(llmring_live(["usage"], usage={"timezone": "Europe/Madrid"}))
    refresh(there)
    now = fetch(there, zone="Europe/Madrid")
    forget(there)
    assert fetch(there, zone="Europe/Madrid") == now


@pytest.mark.own_server
def test_a_project_that_cannot_be_summed_does_not_stop_the_others(used):
    log(used, some_calls(20), "another")
    refused = min(used.project_id(), used.project_id("another"))
    execute(used, f"ALTER TABLE usage_latency_months ADD CONSTRAINT refused CHECK (project_id <> '{refused}')")
    refresh(used)
    assert {bool(stored_months(used)), bool(stored_months(used, "another"))} == {True, False}


@pytest.mark.own_server
def test_maintenance_sums_months_once_per_day(used):
    maintenance, state = used.server.service(Maintenance), UsageState(used.server.database)
    used.run(state.delete(LATENCY_MONTHS))
    used.run(maintenance.run_once())
    assert stored_months(used)
    forget(used)
    used.run(maintenance.run_once())
    assert not stored_months(used)


@pytest.mark.own_server
def test_a_repair_makes_the_next_maintenance_compute_months(used):
    async def repair():
        return [finding async for finding in Audit(used.server.database, ZoneInfo("UTC")).repair()]

    used.run(repair())
    assert used.run(UsageState(used.server.database).get(LATENCY_MONTHS)) is None


changes = st.lists(st.one_of(st.just("refresh"), st.integers(0, 2**32)), min_size=1, max_size=5)
questions = st.tuples(st.none() | days, st.none() | days, st.sampled_from(ZONES))


@settings(deadline=None, max_examples=25, database=None)
@given(changes, st.lists(questions, min_size=1, max_size=4), st.sampled_from(["day", "week", "month"]))
def test_spending_over_any_range_is_the_same_with_months_and_without(lasting, changes, questions, step):
    """Months are computed, invalidated by late entries and computed again in any order."""
    key = f"any-{uuid.uuid4().hex}"
    for change in changes:
        if change == "refresh":
            refresh(lasting)
        else:
            log(lasting, some_calls(random.Random(change).randrange(1, 40), change), key)
    asked = [(*in_order(*span), zone) for *span, zone in questions]
    found = [fetch(lasting, *one, key=key, step=step) for one in asked]
    execute(lasting, "DELETE FROM usage_latency_months WHERE project_id = %s", [lasting.project_id(key)])
    assert [fetch(lasting, *one, key=key, step=step) for one in asked] == found
