"""Own prices over HTTP: they are used at once, in order of how narrow they are, and their history stays."""

import time
from decimal import Decimal

import pytest

PATH = "/api/v1/prices/overrides"
CONTRACT = {"provider": "openai", "model": "gpt-5-mini", "rates": {"input": "0.20", "output": "1.60"}}
CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1_000_000, "output_tokens": 1_000_000}


@pytest.fixture
def client(usage):
    return usage.client()


@pytest.fixture
def put(client):
    """Set an own price and return it."""

    def send(name, price):
        answer = client.put(f"{PATH}/{name}", json=price)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send


@pytest.fixture
def cost(client, log):
    """Log a call and return its cost."""

    def send(**changes):
        return Decimal(str(log(client, **{**CALL, **changes})["cost"]))

    return send


def test_a_call_is_billed_at_the_own_price_at_once(client, put, cost, log):
    assert cost() == Decimal("2.25")
    put("contract", CONTRACT)
    found = log(client, **CALL)
    assert (found["cost"], found["cost_source"], found["cost_status"]) == (1.8, "override", "priced")


def test_the_row_names_the_own_price(client, put, cost, usage):
    put("contract", CONTRACT)
    cost()
    (row,) = usage.rows(
        "SELECT price_source, price_version, priced_as, registry_version FROM usage_logs WHERE project_id = %s",
        [usage.project_id()],
    )
    assert (row["price_source"], row["registry_version"]) == ("override:contract", None)
    assert row["price_version"].startswith("1, genai-prices ")
    assert row["priced_as"] == "openai:gpt-5-mini"


def test_a_rate_that_is_left_out_comes_from_the_next_source(put, cost):
    put("contract", CONTRACT)
    read = cost(input_tokens=1_000_000, cached_input_tokens=1_000_000, output_tokens=0)
    assert read == Decimal("0.025")


def test_a_model_that_nothing_knows_is_billed_as_another_one(client, put, log):
    call = {**CALL, "provider": "azure", "model": "viblrp"}
    assert log(client, **call)["cost"] is None
    put("deployment", {"provider": "azure", "model": "viblrp", "priced_as": "openai:gpt-4o"})
    assert log(client, **call)["cost"] == 12.5


def test_a_redirection_follows_own_prices_and_ends(client, put, log):
    put("one", {"provider": "azure", "model": "a", "priced_as": "azure:b"})
    put("two", {"provider": "azure", "model": "b", "priced_as": "azure:a"})
    assert log(client, provider="azure", model="a")["cost"] is None
    put("two", {"provider": "azure", "model": "b", "rates": {"input": "1", "output": "1"}})
    assert log(client, provider="azure", model="a", input_tokens=1_000_000, output_tokens=0)["cost"] == 1


def test_a_discount_applies_after_everything_and_the_list_cost_stays(client, put, cost, usage):
    put("contract", CONTRACT)
    put("all", {"provider": "openai", "model": "*", "match": "all", "discount": "0.25"})
    assert cost() == Decimal("1.35")
    (row,) = usage.rows("SELECT list_cost, discount FROM usage_logs WHERE project_id = %s", [usage.project_id()])
    assert (row["list_cost"], row["discount"]) == (Decimal("1.8"), Decimal("0.25"))


def test_only_the_narrowest_discount_applies(put, cost):
    put("all", {"provider": "openai", "model": "*", "match": "all", "discount": "0.5"})
    put("some", {"provider": "openai", "model": "gpt-5", "match": "prefix", "discount": "0.1"})
    assert cost() == Decimal("2.025")


def test_the_more_exact_of_overlapping_patterns_wins(put, cost):
    put("all", {"provider": "openai", "model": "*", "match": "all", "rates": {"input": "7", "output": "7"}})
    put("short", {"provider": "openai", "model": "gpt", "match": "prefix", "rates": {"input": "6", "output": "6"}})
    put("long", {"provider": "openai", "model": "gpt-5", "match": "prefix", "rates": {"input": "5", "output": "5"}})
    assert cost() == 10
    put("exact", CONTRACT)
    assert cost() == Decimal("1.8")
    assert cost(model="gpt-4o") == 12


@pytest.mark.parametrize("provider", ["OpenAI", "openai.chat", "openai"])
def test_a_provider_is_known_under_its_other_names(put, cost, provider):
    put("contract", CONTRACT)
    assert cost(provider=provider) == Decimal("1.8")


def test_a_price_holds_only_in_its_period(put, cost):
    put("contract", {**CONTRACT, "effective_from": "2026-11-01", "effective_to": "2026-11-15"})
    assert cost(timestamp="2026-10-31T23:59:59Z") == Decimal("2.25")
    assert cost(timestamp="2026-11-01T00:00:00Z") == Decimal("1.8")
    assert cost(timestamp="2026-11-15T23:59:59Z") == Decimal("1.8")
    assert cost(timestamp="2026-11-16T00:00:00Z") == Decimal("2.25")


def test_a_period_may_begin_within_a_day(put, cost):
    put("contract", {**CONTRACT, "effective_from": "2026-11-10T12:00:00+02:00"})
    assert cost(timestamp="2026-11-10T09:59:59Z") == Decimal("2.25")
    assert cost(timestamp="2026-11-10T10:00:00Z") == Decimal("1.8")
    assert cost(timestamp="2026-11-10T09:59:59Z") == Decimal("2.25")


def test_a_price_of_a_tier_holds_only_for_that_tier(put, cost):
    put("flex", {**CONTRACT, "service_tier": "flex"})
    assert cost() == Decimal("2.25")
    assert cost(service_tier="flex") == Decimal("1.8")


def test_a_unit_has_an_own_price(put, cost):
    put("search", {"provider": "openai", "model": "gpt-5-mini", "per_unit": {"web_search": "0.008"}})
    assert cost(units={"web_search": 2}) == Decimal("2.266")


def test_free_is_a_price(client, put, log):
    put("free", {"provider": "ollama", "model": "*", "match": "all", "rates": {"input": "0", "output": "0"}})
    found = log(client, **{**CALL, "provider": "ollama", "model": "llama3"})
    assert (found["cost"], found["cost_status"]) == (0, "priced")


def test_own_prices_are_of_their_project_alone(usage, put, log):
    put("contract", CONTRACT)
    assert log(usage.client("other"), **CALL)["cost"] == 2.25
    assert usage.client("other").get(PATH).json() == []


def test_a_change_closes_the_price_before_it_and_names_the_key(client, put):
    first = put("contract", CONTRACT)
    second = put("contract", {**CONTRACT, "rates": {"input": "0.1"}, "note": "renewed"})
    found = client.get(f"{PATH}/contract").json()
    assert (found["current"]["revision"], found["current"]["rates"]) == (2, {"input": "0.1"})
    (before,) = found["history"]
    assert (before["revision"], before["rates"]) == (1, CONTRACT["rates"])
    assert before["closed_at"] == second["created_at"]
    assert before["created_by"] == before["closed_by"] == first["created_by"] is not None


def test_a_deleted_price_is_no_longer_used_and_stays_in_the_history(client, put, cost):
    put("contract", CONTRACT)
    assert client.delete(f"{PATH}/contract").json() == {"deleted": True}
    assert cost() == Decimal("2.25")
    assert client.get(f"{PATH}/contract").status_code == client.delete(f"{PATH}/contract").status_code == 404
    assert client.get(PATH).json() == []
    (closed,) = client.get(PATH, params={"history": "true"}).json()
    assert closed["closed_at"] is not None


def test_two_prices_of_one_selector_must_not_overlap_in_time(client, put):
    put("first", {**CONTRACT, "effective_to": "2026-11-30"})
    answer = client.put(f"{PATH}/second", json={**CONTRACT, "provider": "OpenAI", "effective_from": "2026-11-30"})
    assert answer.status_code == 409
    assert "first" in answer.json()["detail"]
    put("second", {**CONTRACT, "effective_from": "2026-12-01"})
    put("discount", {"provider": "openai", "model": "gpt-5-mini", "discount": "0.1"})


def test_equal_patterns_are_refused(client, put):
    pattern = {"provider": "openai", "model": "gpt-", "match": "prefix"}
    put("first", {**pattern, "discount": "0.1"})
    assert client.put(f"{PATH}/second", json={**pattern, "discount": "0.2"}).status_code == 409


BAD = [
    ({"rates": {"input": "-1"}}, ["body", "rates", "input"]),
    ({"rates": {"input": "NaN"}}, ["body", "rates", "input"]),
    ({"rates": {"input": "10001"}}, ["body", "rates", "input"]),
    ({"rates": {"input": "0.000000001"}}, ["body", "rates", "input"]),
    ({"rates": {"inputs": "1"}}, ["body", "rates", "inputs"]),
    ({"rates": {}}, ["body", "rates"]),
    ({"rates": {"input": "1"}, "discount": "0.1"}, ["body", "rates"]),
    ({"rates": {"input": "1"}, "priced_as": "openai:gpt-4o"}, ["body", "rates"]),
    ({}, ["body", "rates"]),
    ({"discount": "1"}, ["body", "discount"]),
    ({"discount": "-0.1"}, ["body", "discount"]),
    ({"priced_as": "gpt-4o"}, ["body", "priced_as"]),
    ({"per_unit": {"web_search": "-1"}}, ["body", "per_unit", "web_search"]),
    ({"discount": "0.1", "effective_from": "2026-12-01", "effective_to": "2026-11-01"}, ["body", "effective_to"]),
    ({"discount": "0.1", "effective_from": "tomorrow"}, ["body", "effective_from"]),
    ({"discount": "0.1", "effective_from": "2026-12-01T00:00:00"}, ["body", "effective_from"]),
    ({"discount": "0.1", "match": "all"}, ["body", "model"]),
]


@pytest.mark.parametrize(("members", "place"), BAD)
def test_an_invalid_price_is_refused_and_the_one_before_stays(client, put, cost, members, place):
    put("contract", CONTRACT)
    answer = client.put(f"{PATH}/contract", json={"provider": "openai", "model": "gpt-5-mini", **members})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == place
    assert cost() == Decimal("1.8")


@pytest.mark.parametrize("member", [{"rate": {"input": "1"}}, {"match": "regex", "discount": "0.1"}])
def test_an_unknown_field_or_match_is_refused(client, member):
    answer = client.put(f"{PATH}/x", json={"provider": "openai", "model": "m", **member})
    assert answer.status_code == 422


def test_an_invalid_id_is_refused(client):
    assert client.put(f"{PATH}/a%20b", json=CONTRACT).status_code == 422


def test_a_key_without_admin_reads_but_does_not_write(llmring_live, llmring_cli):
    server = llmring_live(["keys", "usage"])
    made = llmring_cli("keys", "create", "--new-project", "p", "--scope", "read", LLMRING_PLUGINS="keys,usage")
    reader = server.client(None, **{"X-Project-Key": made.stdout.strip()})
    assert reader.get(PATH).status_code == 200
    assert reader.put(f"{PATH}/x", json=CONTRACT).status_code == 403
    assert reader.delete(f"{PATH}/x").status_code == 403


def test_every_worker_uses_a_new_price_within_a_second(llmring_live, log):
    writing, other = llmring_live(["usage"]), llmring_live(["usage"])
    assert log(other.client(), **CALL)["cost"] == 2.25
    assert writing.client().put(f"{PATH}/contract", json=CONTRACT).status_code == 200
    deadline = time.monotonic() + 1
    while log(other.client(), **CALL)["cost"] != 1.8:
        assert time.monotonic() < deadline, "the other worker still uses the price before"
