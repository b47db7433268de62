"""Sums of an earlier version: read as they are, then counted again from their rows while calls are logged."""

import asyncio
from zoneinfo import ZoneInfo

import pytest

from llmring_server.testing import eventually
from llmring_usage.maintenance.audit import Audit
from llmring_usage.maintenance.former_sums import FormerSums
from llmring_usage.tables.rollups import FORMER_KINDS
from llmring_usage.tables.state import DROPPED_BEFORE, FORMER_SUMS, UsageState

pytestmark = pytest.mark.own_server  # they change the sums and the state of the whole database

KINDS = ("extra_input_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "estimated_requests",
         "counted_requests")  # fmt: skip
CALLS = [
    {
        "provider": provider,
        "model": "gpt-4o",
        "alias": "fast",
        "origin": None,
        "input_tokens": 100 * day,
        "cached_input_tokens": 10,
        "output_tokens": 7,
        "reasoning_tokens": 3,
        "cost": day,
        "timestamp": f"2026-03-{day:02}T22:40:00Z",
    }
    for day in range(1, 5)
    for provider in ("openai", "azure:eu~1", "anthropic")
]


@pytest.fixture
def client(usage):
    """A client of a server that has counted once at its start, with the calls logged."""
    eventually(lambda: usage.run(UsageState(usage.server.database).get(FORMER_SUMS)))
    client = usage.client()
    log(client, CALLS)
    return client


def log(client, calls):
    answer = client.post("/api/v1/log/batch", json=calls)
    assert answer.json()["accepted"] == len(calls), answer.text


def age(usage, where="true"):
    """Make the sums those of an earlier version: by provider and by model, in two slots, without the later columns."""
    for table, bucket in (("usage_daily", "day"), ("usage_quarters", "quarter")):
        given = ", ".join(("requests", "errors", "input_tokens", "output_tokens", "cached_input_tokens", "cost",
                           "unpriced_requests", "unpriced_tokens"))  # fmt: skip
        sums = ", ".join(f"sum({name})" for name in given.split(", "))
        for slot, (kind, name) in enumerate(FORMER_KINDS.items()):
            run(usage, f"INSERT INTO {table} (project_id, {bucket}, kind, name, slot, {given}) SELECT project_id,"
                       f" {bucket}, '{kind}', {name}, {slot}, {sums} FROM {table} WHERE kind = 'provider_model'"
                       f" AND {where} GROUP BY 1, 2, 4")  # fmt: skip
        run(usage, f"DELETE FROM {table} WHERE kind = 'provider_model' AND {where}")
        run(usage, f"UPDATE {table} SET {', '.join(f'{name} = 0' for name in KINDS)} WHERE {where}")
    run(usage, f"DELETE FROM usage_facts WHERE name = '{FORMER_SUMS}'")


def run(usage, statement):
    return usage.run(usage.server.database.execute(statement))


def count(usage, zone="UTC"):
    usage.run(FormerSums(usage.server.database, ZoneInfo(zone)).count())


def findings(usage):
    async def verify():
        return [found.differences async for found in Audit(usage.server.database, ZoneInfo("UTC")).verify()]

    return sum(usage.run(verify()))


def former_rows(usage):
    return usage.rows("SELECT 1 FROM usage_daily WHERE kind IN ('provider', 'model')"
                      " UNION ALL SELECT 1 FROM usage_quarters WHERE kind IN ('provider', 'model')")  # fmt: skip


def without_kinds(share):
    unknown = ("total_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "uncounted_requests")
    return {name: value for name, value in share.items() if name not in unknown}


def test_former_sums_are_read_and_their_kinds_are_unknown(usage, client, stats):
    before = stats(client)
    age(usage)
    now = stats(client)
    assert now["summary"]["uncounted_requests"] == now["summary"]["total_requests"] == 12
    assert without_kinds(now["summary"]) == without_kinds(before["summary"])
    for breakdown in ("by_model", "by_provider", "by_alias", "by_origin"):
        assert {name: without_kinds(share) for name, share in now[breakdown].items()} == {
            name: without_kinds(share) for name, share in before[breakdown].items()
        }
    assert set(now["by_provider_model"]) == {":gpt-4o"}
    assert now["by_day"] == before["by_day"]


def test_former_sums_are_counted_again(usage, client, stats):
    before = stats(client)
    age(usage)
    count(usage)
    assert stats(client) == before
    assert before["summary"]["uncounted_requests"] == 0
    assert set(before["by_provider_model"]) == {"openai:gpt-4o", "azure~1eu~01:gpt-4o", "anthropic:gpt-4o"}
    assert set(before["by_provider"]) == {"openai", "azure:eu~1", "anthropic"}
    assert former_rows(usage) == []
    assert findings(usage) == 0


def test_new_calls_of_a_day_add_up_with_its_former_sums(usage, client, stats):
    age(usage)
    log(client, CALLS)
    now = stats(client)
    assert (now["summary"]["total_requests"], now["summary"]["uncounted_requests"]) == (24, 12)
    assert now["by_model"]["gpt-4o"]["requests"] == 24
    assert now["by_provider"]["openai"]["requests"] == 8
    count(usage)
    assert stats(client)["summary"]["uncounted_requests"] == 0
    assert findings(usage) == 0


def test_calls_that_are_logged_meanwhile_are_counted_once(usage, client, stats):
    age(usage)

    async def count_beside_calls():
        counting = asyncio.gather(*(FormerSums(usage.server.database, ZoneInfo("UTC")).count() for _ in range(3)))
        for _ in range(10):
            await asyncio.to_thread(log, client, CALLS)
        await counting

    usage.run(count_beside_calls())
    assert stats(client)["summary"]["total_requests"] == 132
    assert stats(client)["summary"]["uncounted_requests"] == 0
    assert findings(usage) == 0


@pytest.mark.own_server
def test_days_whose_rows_were_dropped_keep_their_sums(usage, client, stats):
    age(usage)
    dropped = "2026-03-02T12:00:00+00:00"
    usage.run(UsageState(usage.server.database).set(DROPPED_BEFORE, dropped))
    run(usage, f"DELETE FROM usage_logs WHERE occurred_at < '{dropped}'")
    count(usage)
    now = stats(client)
    assert (now["summary"]["total_requests"], now["summary"]["uncounted_requests"]) == (12, 6)
    assert set(now["by_provider_model"]) == {
        ":gpt-4o", "openai:gpt-4o", "azure~1eu~01:gpt-4o", "anthropic:gpt-4o"
    }  # fmt: skip
    assert now["by_model"]["gpt-4o"]["uncounted_requests"] == 6


def test_a_repair_counts_former_sums_too(usage, client, stats):
    before = stats(client)
    age(usage)

    async def repair():
        return [found async for found in Audit(usage.server.database, ZoneInfo("UTC")).repair()]

    usage.run(repair())
    assert stats(client) == before
    assert former_rows(usage) == []


def test_rare_counts_and_estimates_are_in_the_sums(usage, stats):
    client, rare = usage.client(), {"provider": "openai", "model": "gpt-5-mini", "timestamp": "2026-03-01T10:07:00Z"}
    audio = {"input_tokens": 50, "cached_input_tokens": 30, "audio_input_tokens": 20, "cached_audio_tokens": 15}
    log(client, [
        {**rare, "input_tokens": 10, "output_tokens": 1},
        {**rare, **audio, "cost": 1},
        {**rare, "input_tokens": 9, "cache_write_30m_tokens": 4, "cache_write_12h_tokens": 3, "cost": 1},
        {**rare, "input_tokens": 7, "units": {"carrier_pigeon": 2}},
    ])  # fmt: skip
    now = stats(client)
    for sums in (now["summary"], now["by_provider_model"]["openai:gpt-5-mini"], now["by_profile"]["default"]):
        assert (sums["total_tokens"], sums["cache_read_tokens"], sums["cache_write_tokens"]) == (77, 30, 7)
        assert (sums["estimated_requests"], sums["unpriced_requests"], sums["uncounted_requests"]) == (1, 0, 0)
    assert stats(client, start_date="2026-03-01T10:05:00Z", end_date="2026-03-01T10:10:00Z") == now
    assert findings(usage) == 0
