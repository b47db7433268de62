"""Statistics against the raw calls: any range, any grouping, any zone, to the last decimal."""

import json
import math
import random
import uuid
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from llmring_server.testing import live, make_settings

ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns", "Europe/Madrid")
GROUPINGS = ("day", "week", "month")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)  # Madrid's days of 23 and of 25 hours
SUMS = (
    "requests", "cost", "input_tokens", "output_tokens", "total_tokens", "cached_input_tokens", "cache_read_tokens",
    "cache_write_tokens", "reasoning_tokens", "unpriced_requests", "estimated_requests", "uncounted_requests",
)  # fmt: skip
DIGITS = 200

encode = msgspec.json.Encoder(decimal_format="number").encode
any_example = settings(deadline=None, max_examples=60, database=None)


@pytest.fixture(scope="module", params=["UTC", "Europe/Madrid"])
def server(request, llmring_postgres):
    """A server whose reporting zone is the parameter."""
    schema = f"test_{uuid.uuid4().hex[:16]}"
    database = {"database_url": llmring_postgres, "database_schema": schema, "database_pool_size": 2}
    with live(make_settings(database, usage={"timezone": request.param, "max_tokens": 2**63 - 1}), ["usage"]) as server:
        yield server
    with psycopg.connect(llmring_postgres, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


@pytest.fixture(scope="module")
def seeded(server):
    """A client of a project with some hundred calls, most of them near the boundaries of days and quarter hours."""
    chance = random.Random(20261123)
    calls = [call(chance) for _ in range(600)]
    client = server.client("seeded")
    send(client, calls)
    return client, calls


def call(chance):
    day = chance.choice([SPRING, AUTUMN, date(2026, 1, 1), date(2025, 12, 31), date(2026, 2, 28), date(2019, 12, 31)])
    turn = datetime.combine(day, time(), ZoneInfo(chance.choice(ZONES))).astimezone(UTC)
    away = timedelta(minutes=15 * chance.randrange(-200, 200), microseconds=chance.choice([-1, 0, 0, 1]))
    moment = turn + away + chance.choice([timedelta(), timedelta(seconds=chance.randrange(-900, 900))])
    cost = None if chance.random() < 0.2 else Decimal(chance.randrange(10**10)).scaleb(-chance.randrange(3, 16))
    return {
        "timestamp": moment,
        "provider": chance.choice(["openai", "anthropic"]),
        "model": chance.choice(["small", "middle", "large", "émü"]),
        "alias": chance.choice([None, "fast", "cheap"]),
        "profile": chance.choice(["default", "prod"]),
        "origin": chance.choice([None, "web", "batch"]),
        "input_tokens": chance.choice([0, 1, chance.randrange(10**6), 2**62]),
        "output_tokens": chance.randrange(10**4),
        "cached_input_tokens": chance.randrange(10**3),
        "cache_write_5m_tokens": chance.choice([0, 0, 7]),
        "reasoning_tokens": chance.choice([None, 0, 5]),
        "cost": cost,
        "latency_ms": chance.choice([None, 0, 0.5, chance.randrange(1, 10**5)]),
        "status": chance.choice(["success", "error", "aborted"]),
    }


def send(client, calls):
    answer = client.post("/api/v1/log/batch", content=encode(calls), headers={"Content-Type": "application/json"})
    assert answer.json()["accepted"] == len(calls), answer.text


def fetch(client, **query):
    """Request statistics and return them, money as Decimal."""
    answer = client.get("/api/v1/stats", params=query)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content, parse_float=Decimal)


def exact(amounts):
    with localcontext(prec=DIGITS):
        return sum(amounts, Decimal(0))


def sums(calls):
    """Return the expected share of these calls in the statistics."""
    return {
        "requests": len(calls),
        "cost": exact(one["cost"] or 0 for one in calls),
        "input_tokens": sum(one["input_tokens"] for one in calls),
        "output_tokens": sum(map(output, calls)),
        "total_tokens": sum(prompt(one) + output(one) for one in calls),
        "cached_input_tokens": sum(one["cached_input_tokens"] for one in calls),
        "cache_read_tokens": sum(one["cached_input_tokens"] for one in calls),
        "cache_write_tokens": sum(one["cache_write_5m_tokens"] for one in calls),
        "reasoning_tokens": sum(one["reasoning_tokens"] or 0 for one in calls),
        "unpriced_requests": sum(one["cost"] is None for one in calls),
        "estimated_requests": 0,
        "uncounted_requests": 0,
    }


def prompt(one):
    """Return all input of a call: the cache is beside it at Anthropic, and where it is larger."""
    read, written = one["cached_input_tokens"], one["cache_write_5m_tokens"]
    if one["provider"] == "anthropic" or read > one["input_tokens"]:
        return one["input_tokens"] + read + written
    return one["input_tokens"] + (written if read + written > one["input_tokens"] else 0)


def output(one):
    """Return all output of a call: reasoning is beside it where it is larger."""
    reasoning = one["reasoning_tokens"] or 0
    return one["output_tokens"] + (reasoning if reasoning > one["output_tokens"] else 0)


def grouped(calls, key):
    groups = defaultdict(list)
    for one in calls:
        groups[key(one)].append(one)
    return groups


def summary(calls):
    unpriced = [one for one in calls if one["cost"] is None]
    total = sums(calls)
    return {
        "total_requests": total.pop("requests"),
        "total_cost": total.pop("cost"),
        **total,
        "unique_models": len({one["model"] for one in calls}),
        "unique_origins": len({one["origin"] for one in calls} - {None}),
        "unpriced_tokens": sum(one["input_tokens"] + output(one) for one in unpriced),
        "failed_requests": sum(one["status"] == "error" for one in calls),
    }


def period(day, grouping):
    if grouping == "week":
        return date.fromisocalendar(*day.isocalendar()[:2], 1)
    return day.replace(day=1) if grouping == "month" else day


def periods(calls, zone, grouping):
    by_period = grouped(calls, lambda one: period(one["timestamp"].astimezone(zone).date(), grouping))
    return [
        {
            "date": start.isoformat(),
            "total_calls": len(within),
            "total_tokens": sums(within)["total_tokens"],
            "total_cost": exact(one["cost"] or 0 for one in within),
            "top_model": top_model(within),
        }
        for start, within in sorted(by_period.items())
    ]


def top_model(calls):
    models = {model: sums(within) for model, within in grouped(calls, lambda one: one["model"]).items()}
    return min(models, key=lambda model: (-models[model]["cost"], -models[model]["requests"], model))


def latency(calls, share):
    """Return the latency (ms) that this share of the calls does not exceed (nearest rank)."""
    found = sorted(one["latency_ms"] for one in calls if one["latency_ms"] is not None)
    return found[math.ceil(share * len(found)) - 1] if found else None


def check(found, calls, zone, grouping):
    """Compare every part of the statistics with the calls."""
    whole = dict(found["summary"])
    check_latency(whole.pop("latency_p50_ms"), latency(calls, 0.5))
    check_latency(whole.pop("latency_p95_ms"), latency(calls, 0.95))
    assert whole == summary(calls)
    assert found["by_period"] == periods(calls, zone, grouping)
    assert found["by_day"] == [
        {"date": day["date"], "requests": day["total_calls"], "cost": day["total_cost"], "top_model": day["top_model"]}
        for day in periods(calls, zone, "day")
    ]
    for one in calls:
        one["provider_model"] = f"{one['provider']}:{one['model']}"
    for member in ("model", "alias", "profile", "origin", "provider", "provider_model"):
        expected = {value or "": sums(within) for value, within in grouped(calls, lambda one: one[member]).items()}  # noqa: B023
        shares = found[f"by_{member}"]
        assert {value: {name: share[name] for name in SUMS} for value, share in shares.items()} == expected
    for model, within in grouped(calls, lambda one: one["model"]).items():
        share = found["by_model"][model]
        assert share["errors"] == sum(one["status"] == "error" for one in within)
        check_latency(share["latency_p50_ms"], latency(within, 0.5))
        check_latency(share["latency_p95_ms"], latency(within, 0.95))


def check_latency(found, expected):
    assert (found is None) == (expected is None)
    if expected is not None:
        assert float(found) == pytest.approx(max(expected, 1), rel=0.2, abs=0.1)


days = st.sampled_from([SPRING, AUTUMN, date(2025, 12, 31), date(2026, 2, 28), date(2020, 1, 1)]).flatmap(
    lambda day: st.integers(-3, 3).map(lambda away: day + timedelta(days=away))
)
moments = st.builds(
    lambda day, clock, zone: datetime.combine(day, clock, ZoneInfo(zone)),
    days,
    st.times()
    | st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 17, 30, 45, 59]), st.sampled_from([0, 1, 59])),
    st.sampled_from(ZONES),
)
bounds = st.none() | days | moments


def within(one, start, end, zone):
    """Return whether a call is in a range: a date is a whole day in the zone, a time is an instant."""
    moment = one["timestamp"]
    day = moment.astimezone(zone).date()
    begun = start is None or (moment >= start if isinstance(start, datetime) else day >= start)
    return begun and (end is None or (moment < end if isinstance(end, datetime) else day <= end))


def instant(bound, zone):
    return bound if isinstance(bound, datetime) else datetime.combine(bound, time(), zone)


def in_order(start, end, zone):
    """Return two bounds with the earlier first."""
    if start is None or end is None or instant(start, zone) <= instant(end, zone):
        return start, end
    return end, start


@any_example
@given(st.tuples(bounds, bounds), st.sampled_from(ZONES), st.sampled_from(GROUPINGS))
def test_statistics_equal_the_sums_of_the_raw_calls(seeded, range_, name, grouping):
    client, calls = seeded
    zone = ZoneInfo(name)
    start, end = in_order(*range_, zone)
    query = {"start_date": start and start.isoformat(), "end_date": end and end.isoformat()}
    found = fetch(client, tz=name, group_by=grouping, **{name: text for name, text in query.items() if text})
    check(found, [one for one in calls if within(one, start, end, zone)], zone, grouping)


@any_example
@given(days, st.sampled_from(ZONES))
def test_a_range_split_in_two_loses_and_repeats_nothing(seeded, day, name):
    client, calls = seeded
    zone = ZoneInfo(name)
    cut = datetime.combine(day, time(11, 7, 13), zone).isoformat()
    before, after = fetch(client, tz=name, end_date=cut), fetch(client, tz=name, start_date=cut)
    counted = [part["summary"]["total_requests"] for part in (before, after)]
    assert sum(counted) == len(calls)


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
@pytest.mark.parametrize("name", ZONES)
def test_every_hour_of_a_day_of_23_or_25_hours_is_counted_once(server, day, name):
    client = server.client(f"{day}-{name}")
    first = datetime.combine(day, time(), ZoneInfo("Europe/Madrid")).astimezone(UTC)
    calls = [{**call(random.Random(hour)), "timestamp": first + timedelta(hours=hour)} for hour in range(-24, 49)]
    send(client, calls)
    zone = ZoneInfo(name)
    today = [one for one in calls if one["timestamp"].astimezone(zone).date() == day]
    assert len(today) == {SPRING: 23, AUTUMN: 25}[day] if name == "Europe/Madrid" else 24
    check(fetch(client, tz=name, start_date=day, end_date=day), today, zone, "day")


@any_example
@given(st.lists(st.integers(0, 2**32).map(lambda seed: call(random.Random(seed))), min_size=1, max_size=12), st.data())
def test_any_calls_in_any_zone_add_up(server, calls, data):
    client = server.client(f"any-{uuid.uuid4().hex}")
    send(client, calls)
    name, grouping = data.draw(st.sampled_from(ZONES)), data.draw(st.sampled_from(GROUPINGS))
    check(fetch(client, tz=name, group_by=grouping), calls, ZoneInfo(name), grouping)


LONG = [
    Decimal("999999999999999.1234567890123456789012345678901234567891"),
    Decimal("0.0000000000000000000000000000000000000009"),
]


def test_a_cost_with_the_maximum_of_digits_is_stored(server):
    client = server.client("all-digits")
    send(client, [{"provider": "p", "model": "m", "cost": LONG[0]}])
    assert json.loads(client.get("/api/v1/logs").content, parse_float=Decimal)[0]["cost"] == LONG[0]


def test_costs_with_the_maximum_of_digits_add_up_in_every_part(server):
    client = server.client("long-costs")
    calls = [{**call(random.Random(1)), "timestamp": datetime(2026, 3, 1, tzinfo=UTC), "cost": cost} for cost in LONG]
    send(client, calls)
    check(fetch(client, tz="UTC"), calls, ZoneInfo("UTC"), "day")


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize(
    "query",
    [
        {"start_date": "9999-12-31T12:00:00Z"},
        {"start_date": "9999-12-31"},
        {"start_date": "0001-01-01", "end_date": "9999-12-31"},
        {"start_date": "0001-01-01T00:00:00Z", "end_date": "9999-12-31T23:59:59Z"},
        {"end_date": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_the_earliest_and_latest_dates_are_valid_bounds(seeded, name, query):
    client, calls = seeded
    everything = "start_date" in query and "end_date" in query
    found = fetch(client, tz=name, **query)["summary"]["total_requests"]
    assert found == (len(calls) if everything else 0)
    assert len(client.get("/api/v1/logs", params={"tz": name, "limit": 500, **query}).json()) == (
        500 if everything else 0
    )
