"""`llmring-server usage void`: the entries that match a filter are voided together, in chunks."""

import pytest

from llmring_server.contracts.usage_filters import CallFilter
from llmring_usage.maintenance.corrections import bulk
from llmring_usage.maintenance.corrections.events import CorrectionEvents
from llmring_usage.maintenance.corrections.store import CorrectionStore
from llmring_usage.queries.usage_logs import LogFilter
from llmring_usage.statistics.periods import Range


@pytest.fixture
def void(llmring_cli, usage):
    """Run the command for the project of the default client, and return it."""

    def run(*arguments, **given):
        project = ("--project", usage.project_id())
        return llmring_cli("usage", "void", *project, *arguments, LLMRING_PLUGINS="usage", **given)

    return run


@pytest.fixture
def logged(usage, log):
    """Log some calls: of two models, two customers, in two months."""
    client = usage.client()
    calls = [
        {"model": "a", "tags": {"customer": "acme"}, "cost": 1, "timestamp": "2026-01-05T00:00:00Z"},
        {"model": "a", "tags": {"customer": "acme"}, "cost": 2, "timestamp": "2026-02-05T00:00:00Z"},
        {"model": "a", "cost": 4, "timestamp": "2026-01-05T00:00:00Z"},
        {"model": "b", "tags": {"customer": "acme"}, "cost": 8, "timestamp": "2026-01-05T00:00:00Z"},
    ]
    for call in calls:
        log(client, **call)
    return client


def total(client):
    return client.get("/api/v1/stats").json()["summary"]["total_cost"]


ACME = ("--filter", "tag.customer=acme", "--filter", "model=a", "--reason", "load test")


def test_a_dry_run_counts_the_entries_and_changes_nothing(void, logged):
    done = void(*ACME, "--dry-run")
    assert (done.returncode, done.stdout.strip()) == (0, "would void 2 entries, 3 USD")
    assert total(logged) == 15


def test_the_entries_that_match_every_filter_are_voided_with_the_reason(void, logged, llmring_cli):
    done = void(*ACME, "--yes")
    assert (done.returncode, done.stdout.strip().splitlines()[-1]) == (0, "voided 2 entries, 3 USD")
    assert total(logged) == 12
    taken = [entry["id"] for entry in logged.get("/api/v1/logs").json() if entry["corrected_at"]]
    correction = logged.get(f"/api/v1/logs/{taken[0]}").json()["correction"]
    assert (len(taken), correction["reason"], correction["key_id"]) == (2, "load test", None)
    assert llmring_cli("usage", "verify", LLMRING_PLUGINS="usage").returncode == 0
    assert void(*ACME, "--yes").stdout.strip() == "nothing to void"


def test_a_range_of_time_limits_the_entries(void, logged):
    void("--since", "2026-01-01", "--until", "2026-01-31", "--reason", "wrong month", "--yes")
    assert total(logged) == 2


def test_the_entries_of_another_project_stay(void, logged, usage, log):
    other = usage.client("another-project")
    log(other, model="a", cost=5, tags={"customer": "acme"})
    void(*ACME, "--yes")
    assert total(other) == 5


def test_without_confirmation_nothing_is_voided(void, logged):
    done = void(*ACME)
    assert done.returncode == 1
    assert "Void 2 entries, 3 USD?" in done.stdout + done.stderr
    assert total(logged) == 15


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--reason", "x", "--yes"), "all entries would be voided"),
        (("--filter", "model", "--reason", "x"), "is not NAME=VALUE"),
        (("--filter", "colour=red", "--reason", "x"), "There is no such parameter"),
        (("--filter", "tz=UTC", "--reason", "x"), "Use --since and --until"),
        (("--filter", "model=a", "--reason", ""), "1 to 500 characters"),
        (("--since", "yesterday", "--reason", "x"), "Must be a date"),
    ],
)
def test_invalid_options_are_refused(void, logged, arguments, words):
    done = void(*arguments)
    assert done.returncode != 0
    assert words in done.stderr
    assert total(logged) == 15


def test_entries_are_voided_in_chunks_and_an_interrupted_run_is_continued(usage, logged, monkeypatch):
    monkeypatch.setattr(bulk, "CHUNK_ROWS", 1)
    server = usage.server
    store, events = CorrectionStore(server.database, "UTC", ()), CorrectionEvents(server)
    chosen = LogFilter(Range(None, None), CallFilter(model=("a",)))

    def run(chunks):
        async def work():
            found = []
            async for amount in bulk.BulkVoid(server.database, store, events, usage.project_id(), chosen).run("chunks"):
                found.append(amount.entries)
                if len(found) == chunks:
                    break
            return found

        return usage.run(work())

    assert run(1) == [1]
    assert run(9) == [1, 1]
    assert total(logged) == 8
