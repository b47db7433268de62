"""`llmring-server usage …`: retention, verify, rebuild and reprice, on a real deployment."""

import json
from datetime import UTC, datetime

import pytest

OLD = "2023-05-10T12:00:00Z"


@pytest.fixture
def command(llmring_cli):
    """Run a usage command beside the running server and return it."""

    def run(*arguments, **environment):
        return llmring_cli("usage", *arguments, LLMRING_PLUGINS="usage", **environment)

    return run


@pytest.fixture
def priced_command(llmring_cli, small_registry):
    """Run a usage command with the small registry."""

    def run(*arguments):
        return llmring_cli(
            "usage",
            *arguments,
            LLMRING_PLUGINS="registry,usage",
            LLMRING_REGISTRY_BASE_URL=small_registry.as_uri() + "/",
        )

    return run


def test_retention_drops_old_months_and_keeps_their_sums(usage, log, stats, command):
    client = usage.client()
    log(client, timestamp=OLD, cost=3)
    log(client, cost=1)
    done = command("retention", "--days", "90")
    assert "dropping usage_logs_2023_05" in done.stdout
    assert [entry["cost"] for entry in client.get("/api/v1/logs").json()] == [1]
    assert stats(client)["summary"]["total_cost"] == 4
    assert (
        stats(client, start_date="2023-05-10", end_date="2023-05-10", tz="Asia/Kathmandu")["summary"]["total_cost"] == 3
    )
    assert command("verify").returncode == 0


def test_a_dry_run_of_retention_drops_nothing(usage, log, command):
    log(usage.client(), timestamp=OLD)
    done = command("retention", "--days", "90", "--dry-run")
    assert "would drop usage_logs_2023_05" in done.stdout
    assert len(usage.client().get("/api/v1/logs").json()) == 1


def test_retention_without_days_names_the_setting(usage, command):
    done = command("retention")
    assert done.returncode == 1
    assert "LLMRING_USAGE_RETENTION_DAYS" in done.stderr


def test_an_entry_older_than_the_retention_is_accepted_again(usage, log, command):
    log(usage.client(), timestamp=OLD)
    command("retention", "--days", "90")
    log(usage.client(), timestamp=OLD)
    assert len(usage.client().get("/api/v1/logs").json()) == 1


def test_the_running_server_drops_expired_months_automatically(llmring_live, log):
    server = llmring_live(["usage"], usage={"retention_days": 30})
    log(server.client(), timestamp=OLD)
    from llmring_usage.maintenance.hourly import Maintenance

    server.run(server.server.service(Maintenance).run_once())
    assert server.client().get("/api/v1/logs").json() == []


@pytest.mark.parametrize("table", ["usage_daily", "usage_quarters", "usage_latencies"])
def test_verify_finds_and_rebuild_repairs_a_wrong_rollup(usage, log, stats, command, table):
    client = usage.client()
    log(client, cost=1, latency_ms=100)
    log(client, cost=2, latency_ms=100, timestamp="2024-02-29T23:59:59Z")
    before = stats(client)
    assert command("verify").returncode == 0
    usage.rows(f"WITH gone AS (UPDATE {table} SET requests = requests + 5 RETURNING 1) SELECT * FROM gone")
    found = command("verify")
    assert found.returncode == 1
    assert "differ" in found.stdout
    assert command("rebuild").returncode == 0
    assert command("verify").returncode == 0
    assert stats(client) == before


@pytest.mark.parametrize("table", ["usage_daily", "usage_quarters", "usage_latencies"])
def test_rebuild_computes_lost_rollups_again(usage, log, stats, command, table):
    client = usage.client()
    log(client, cost=1, latency_ms=100)
    before = stats(client)
    usage.rows(f"WITH gone AS (DELETE FROM {table} RETURNING 1) SELECT * FROM gone")
    assert command("rebuild").returncode == 0
    assert stats(client) == before


def test_rebuild_counts_the_days_again_in_another_zone(llmring_live, log, stats, command):
    with_utc = llmring_live(["usage"], usage={"timezone": "UTC"})
    log(with_utc.client(), timestamp="2026-03-01T23:30:00Z", cost=1, latency_ms=9)
    expected = stats(with_utc.client(), tz="Europe/Madrid")
    done = command("rebuild", LLMRING_USAGE_TIMEZONE="Europe/Madrid")
    assert "days are now counted in Europe/Madrid" in done.stdout
    there = llmring_live(["usage"], usage={"timezone": "Europe/Madrid"})
    assert stats(there.client()) == expected
    assert command("verify", LLMRING_USAGE_TIMEZONE="Europe/Madrid").returncode == 0


def raise_price(registry):
    """Multiply the input price of gpt-5-mini by ten, in a new version of its file."""
    path = registry / "openai" / "models.json"
    document = json.loads(path.read_text())
    document["version"] = document["version"] + 1
    document["models"]["openai:gpt-5-mini"]["dollars_per_million_tokens_input"] = 2.5
    path.write_text(json.dumps(document))


def change_registry(registry, edit):
    """Edit the file of OpenAI."""
    path = registry / "openai" / "models.json"
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))


@pytest.fixture
def house_model(small_registry):
    """Add a model that only the registry knows, at the price of gpt-5-mini, and return its name."""

    def add(document):
        document["models"]["openai:house"] = document["models"]["openai:gpt-5-mini"]

    change_registry(small_registry, add)
    return "house"


def test_repricing_corrects_rows_and_sums_together(llmring_live, house_model, log, stats, priced_command):
    alone = llmring_live(["usage"]).client()
    log(alone, timestamp="2026-03-01T12:00:00Z", model=house_model)
    log(alone, cost=7)
    log(alone, model="no-such-model")
    done = priced_command("reprice")
    assert "openai:house (model_not_in_registry → registry): 1 rows, unpriced → 0.00045 USD\n" in done.stdout
    summary = stats(alone)["summary"]
    assert (summary["total_cost"], summary["unpriced_requests"], summary["unpriced_tokens"]) == (7.00045, 1, 1100)
    assert stats(alone, tz="Asia/Kathmandu")["summary"] == summary
    oldest = alone.get("/api/v1/logs").json()[-1]
    assert (oldest["cost_source"], oldest["cost_status"], oldest["registry_version"]) == (
        "registry",
        "priced",
        "openai.3",
    )
    assert priced_command("verify").returncode == 0


def test_a_dry_run_of_repricing_changes_nothing(llmring_live, house_model, log, priced_command):
    client = llmring_live(["usage"]).client()
    log(client, model=house_model)
    assert "would correct 1 rows" in priced_command("reprice", "--dry-run").stdout
    assert client.get("/api/v1/logs").json()[0]["cost"] is None


def test_repricing_applies_a_changed_price_only_to_selected_rows(priced, small_registry, log, priced_command):
    client = priced.client()
    log(client, timestamp="2026-03-01T12:00:00Z")
    log(client, timestamp="2026-04-01T12:00:00Z")
    log(client, timestamp="2026-04-02T12:00:00Z", model="gpt-4o")
    raise_price(small_registry)
    assert "nothing to correct" in priced_command("reprice").stdout
    done = priced_command(
        "reprice", "--all", "--since", "2026-04-01", "--until", "2026-04-30", "--model", "openai:gpt-5-mini"
    )
    assert "corrected 1 rows" in done.stdout, done.stdout + done.stderr
    costs = {entry["logged_at"][:10]: entry["cost"] for entry in client.get("/api/v1/logs").json()}
    assert (costs["2026-03-01"], costs["2026-04-01"]) == (0.00045, 0.0027)


def test_repricing_uses_the_prices_of_each_calls_time_unless_asked_for_todays(
    priced, small_registry, log, priced_command
):
    client = priced.client()
    log(client, timestamp="2026-03-01T12:00:00Z")
    log(client, timestamp="2026-07-01T12:00:00Z")
    priced_command("reprice")  # stores the version of January
    raise_price(small_registry)
    change_registry(small_registry, lambda document: document.update(updated_at="2026-06-01T00:00:00"))
    assert "corrected 1 rows" in priced_command("reprice", "--all").stdout
    costs = [entry["cost"] for entry in client.get("/api/v1/logs").json()]
    assert costs == [0.0027, 0.00045]
    assert "corrected 1 rows" in priced_command("reprice", "--all", "--at", "today").stdout
    assert [entry["cost"] for entry in client.get("/api/v1/logs").json()] == [0.0027, 0.0027]
    assert priced_command("verify").returncode == 0


def test_repricing_again_finds_nothing_to_correct(llmring_live, house_model, log, priced_command):
    log(llmring_live(["usage"]).client(), model=house_model)
    assert "corrected 1 rows" in priced_command("reprice").stdout
    assert "nothing to correct" in priced_command("reprice").stdout


@pytest.mark.own_server
def test_an_interrupted_repricing_continues_where_it_stopped(priced, log, monkeypatch):
    from llmring_usage.maintenance import reprice
    from llmring_usage.prices.book import PriceBook

    client = priced.client()
    for second in range(7):
        log(client, timestamp=f"2026-03-01T12:00:0{second}Z")
    priced.rows("WITH n AS (UPDATE usage_logs SET cost = NULL, cost_source = NULL RETURNING 1) SELECT * FROM n")
    monkeypatch.setattr(reprice, "CHUNK_ROWS", 3)
    prices = priced.server.service(PriceBook)

    def repricing():
        return reprice.Repricing(priced.server.database, prices, "UTC", reprice.RowSelection(every=True))

    async def first_chunk():
        run = repricing().run()
        seen = (await anext(run)).seen
        await run.aclose()
        return seen

    async def the_rest():
        return [progress.seen async for progress in repricing().run()]

    assert priced.run(first_chunk()) == 3
    assert priced.run(the_rest()) == [3, 1]
    assert all(entry["cost"] == 0.00045 for entry in client.get("/api/v1/logs").json())


def test_partitions_end_where_their_month_does():
    from llmring_usage.maintenance.retention import Partition

    assert Partition("usage_logs_2023_12", 0, 0).end == datetime(2024, 1, 1, tzinfo=UTC)
    assert Partition("usage_logs_before_2020", 0, 0).end == datetime(2020, 1, 1, tzinfo=UTC)
