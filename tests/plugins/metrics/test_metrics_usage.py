"""Metrics of usage: exact, counted once after the commit, with a limited number of series."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg
import pytest
from metrics_kit import TOKEN, scrape

from llmring_server.contracts import Billing, Call
from llmring_server.testing import eventually, make_usage

BY = ("project", "provider", "model")
ENTRIES = "llmring_usage_entries_total"
COST = "llmring_usage_cost_usd_total"
TOKENS = "llmring_usage_tokens_total"
UNPRICED = "llmring_usage_unpriced_entries_total"
ESTIMATED = "llmring_usage_estimated_entries_total"
CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 7, "output_tokens": 2}


def counted(client, entries):
    """Return a scrape once this many entries are counted."""

    def look():
        found = scrape(client)
        return found if found.sum(ENTRIES) == entries else None

    return eventually(look)


def test_logged_calls_are_counted_by_project_provider_and_model(serve):
    server = serve("usage")
    one, two = server.client("one"), server.client("two")
    one.post("/api/v1/log", json={**CALL, "cost": 0.25})
    one.post("/api/v1/log", json={**CALL, "cost": 0.5})
    two.post("/api/v1/log/batch", json=[{**CALL, "cost": 1}, {**CALL, "model": "other-model", "cost": 2}])
    found = counted(one, 4)
    first, second = server.project_id("one"), server.project_id("two")
    assert found.by(ENTRIES, *BY) == {
        (first, "openai", "gpt-5-mini"): 2,
        (second, "openai", "gpt-5-mini"): 1,
        (second, "openai", "other-model"): 1,
    }
    assert found.value(COST, project=first, provider="openai", model="gpt-5-mini") == 0.75
    assert found.by(TOKENS, "project", "model", "kind")[first, "gpt-5-mini", "input"] == 14
    assert found.by(TOKENS, "project", "model", "kind")[first, "gpt-5-mini", "output"] == 4


def test_a_replay_and_a_refused_entry_are_counted_no_second_time(serve):
    client = serve("usage").client()
    for _ in range(3):
        client.post("/api/v1/log", json={**CALL, "cost": 1, "idempotency_key": "once"})
    client.post("/api/v1/log", json={**CALL, "cost": -1})
    client.post("/api/v1/log", json={**CALL, "cost": 1})
    found = counted(client, 2)
    assert found.sum(COST) == 2


def test_entries_without_a_cost_are_counted_by_reason_and_cost_nothing(serve):
    client = serve("usage").client()
    client.post("/api/v1/log", json={**CALL, "model": "unheard-of"})
    client.post("/api/v1/log", json={**CALL, "cost": 0})
    found = counted(client, 2)
    assert found.by(UNPRICED, "model", "reason") == {("unheard-of", "model_not_in_registry"): 1}
    assert found.sum(COST) == 0


def test_entries_with_an_estimated_cost_are_counted_apart(serve):
    client = serve("usage").client()
    client.post("/api/v1/log", json={**CALL, "cache_write_tokens": 100})
    client.post("/api/v1/log", json=CALL)
    found = counted(client, 2)
    assert found.by(ESTIMATED, "model") == {("gpt-5-mini",): 1}
    assert found.by(UNPRICED, "model", "reason") == {}


def test_the_cost_shown_is_the_nearest_to_the_exact_sum(serve):
    server = serve()
    costs = [Decimal("0.1")] * 10 + [Decimal("1e15"), Decimal("1e-40"), Decimal("0.000001")]
    server.usage_recorded(*(make_usage("prj_a", cost=cost) for cost in costs))
    assert scrape(server.client()).sum(COST) == float(Decimal("1000000000000001.000001"))


def test_the_first_combinations_have_their_own_series_and_the_rest_are_other(serve):
    server = serve(label_sets=2)
    for model in ("a", "b", "c", "d", "a", "c"):
        server.usage_recorded(make_usage("prj_a", model=model, cost=Decimal(1)))
    assert scrape(server.client()).by(COST, *BY) == {
        ("prj_a", "openai", "a"): 2,
        ("prj_a", "openai", "b"): 1,
        ("other", "other", "other"): 3,
    }


def test_a_flood_of_new_names_makes_no_more_series(serve):
    server = serve(label_sets=10)
    for start in range(0, 3_000, 100):
        server.usage_recorded(*(make_usage(f"prj_{n}", model=f"m{n}") for n in range(start, start + 100)))
    found = scrape(server.client())
    assert found.sum(ENTRIES) == 3_000
    assert len(found.by(ENTRIES, *BY)) == 11


def test_without_room_for_labels_there_are_sums_alone(serve):
    server = serve(label_sets=0)
    server.usage_recorded(make_usage("prj_a"), make_usage("prj_b"))
    assert scrape(server.client()).by(ENTRIES, *BY) == {("other", "other", "other"): 2}


def test_the_queue_and_the_batches_of_the_writer_are_shown(serve):
    client = serve("usage").client()
    client.post("/api/v1/log", json={**CALL, "cost": 1})
    client.post("/api/v1/log/batch", json=[{**CALL, "cost": 1}] * 30)
    found = eventually(lambda: (s := scrape(client)).value("llmring_usage_queue_entries") == 0 and s)
    assert found.value("llmring_usage_queue_bytes") == 0
    assert found.value("llmring_usage_batch_entries_count") == 2
    assert found.value("llmring_usage_batch_entries_sum") == 31
    assert found.value("llmring_usage_batch_entries_bucket", le="20") == 1


def test_what_waits_for_a_database_that_hangs_is_shown(llmring_live, llmring_database):
    server = llmring_live(["metrics", "usage"], metrics={"token": TOKEN}, usage={"write_timeout": 5})
    client = server.client()
    client.post("/api/v1/log", json={**CALL, "cost": 1})
    with psycopg.connect(llmring_database["database_url"]) as connection:
        connection.execute(f"LOCK TABLE {llmring_database['database_schema']}.usage_daily IN EXCLUSIVE MODE")
        with ThreadPoolExecutor(5) as pool:
            sent = [pool.submit(client.post, "/api/v1/log", json={**CALL, "cost": 1}) for _ in range(5)]
            waiting = eventually(lambda: (s := scrape(client)).value("llmring_usage_queue_entries") == 5 and s)
            assert waiting.value("llmring_usage_queue_bytes") > 0
            connection.rollback()
            assert {future.result().status_code for future in sent} == {200}
    eventually(lambda: scrape(client).value("llmring_usage_queue_entries") == 0)


@pytest.mark.parametrize("cost", [Decimal("0.1"), None])
def test_billed_calls_of_other_features_are_counted(serve, cost):
    """Conversations bill through the same writer; what they recorded is counted like a logged call."""
    server = serve("usage")

    async def beside(connection, bill):
        pass

    call = Call(provider="openai", model="m", input_tokens=3, cost=cost)
    server.run(server.server.service(Billing).bill("prj_a", call, beside))
    found = counted(server.client(), 1)
    assert found.sum(COST) == float(cost or 0)
