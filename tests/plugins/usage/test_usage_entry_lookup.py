"""The contract `UsageEntries`: a logged call is looked up by its id, without reading other calls."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest

from llmring_server.contracts import UsageEntries
from llmring_usage.ingest import entry_to_row
from llmring_usage.tables.entry_lookup import FIND, ID_TOLERANCE


@pytest.fixture
def find(usage):
    """Return a function that finds an entry of the default project."""

    def fetch(log_id, project=None):
        return usage.run(usage.server.service(UsageEntries).find(project or usage.project_id(), log_id))

    return fetch


def test_an_entry_is_found_as_it_is_stored(usage, log, find):
    logged = log(usage.client(), cost=0.1, alias="fast", profile="dev", origin="tests", cached_input_tokens=7)
    entry = find(logged["log_id"])
    assert (entry.log_id, entry.project_id, entry.occurred_at.isoformat()) == (
        logged["log_id"],
        usage.project_id(),
        logged["timestamp"].replace("Z", "+00:00"),
    )
    assert (entry.provider, entry.model, entry.alias, entry.profile, entry.origin) == (
        "openai",
        "gpt-5-mini",
        "fast",
        "dev",
        "tests",
    )
    assert (entry.input_tokens, entry.output_tokens, entry.cached_input_tokens) == (1000, 100, 7)
    assert (entry.cost, entry.cost_source, entry.cost_status) == (Decimal("0.1"), "client", "priced")
    assert entry.registry_version is None


@pytest.mark.parametrize("ago", [0, 1, 40, 4000])
def test_an_entry_of_any_time_is_found(usage, log, find, ago):
    happened = datetime.now(UTC) - timedelta(days=ago)
    assert find(log(usage.client(), timestamp=happened.isoformat())["log_id"]).occurred_at == happened


def test_an_entry_of_another_project_is_not_found(usage, log, find):
    log_id = log(usage.client("mine"))["log_id"]
    assert find(log_id, usage.project_id("mine")) is not None
    assert find(log_id, usage.project_id("yours")) is None


@pytest.mark.parametrize("change", [str.upper, lambda text: text.replace("-", ""), lambda text: f"{{{text}}}"])
def test_an_id_has_one_spelling(usage, log, find, change):
    assert find(change(log(usage.client())["log_id"])) is None


@pytest.mark.parametrize("log_id", ["", "x", "0" * 36, str(uuid.UUID(int=2**128 - 1)), str(uuid.UUID(int=7))])
def test_an_unknown_id_finds_nothing(find, log_id):
    assert find(log_id) is None


def indexes_read(server, params):
    """Return the indexes that a lookup reads if no table is small enough for a sequential scan."""
    with psycopg.connect(server.server.database.conninfo, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET enable_bitmapscan = off")
        ((plan,),) = connection.execute("EXPLAIN (FORMAT JSON) " + FIND, params).fetchall()
    return {node["Index Name"] for node in nodes(plan[0]["Plan"]) if "Index Name" in node}


def nodes(plan):
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


@pytest.mark.own_server
def test_a_lookup_reads_one_month_and_only_late_calls_of_the_others(usage, log):
    client = usage.client()
    for month in (1, 2, 3):
        log(client, timestamp=f"2025-0{month}-15T12:00:00Z")
    moment = datetime(2025, 2, 15, 12, tzinfo=UTC)
    given = {"project": usage.project_id(), "id": uuid.uuid4()}
    read = indexes_read(usage, {**given, "earliest": moment - ID_TOLERANCE, "latest": moment + ID_TOLERANCE})
    late = "SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indpred IS NOT NULL AND indisvalid"
    assert read - {row["name"] for row in usage.rows(late)} == {"usage_logs_2025_02_pkey"}
    assert len(read) >= 4


@pytest.mark.own_server
def test_calls_without_a_timestamp_are_not_in_the_index_of_late_ones(usage, log):
    log(usage.client())
    log(usage.client(), timestamp="2025-01-15T12:00:00Z")
    (row,) = usage.rows("SELECT count(*) AS n FROM usage_logs WHERE received_at <> occurred_at")
    assert row["n"] == 1


@pytest.mark.parametrize("minutes", [-10, -1.5 / 60])
def test_an_entry_that_is_logged_after_the_clock_stepped_back_is_found(usage, log, find, monkeypatch, minutes):
    class Clock:
        fromtimestamp = datetime.fromtimestamp

        @staticmethod
        def now(zone):
            return datetime.now(zone) + timedelta(minutes=minutes)

    monkeypatch.setattr(entry_to_row, "datetime", Clock)
    logged = log(usage.client())
    assert find(logged["log_id"]).occurred_at.isoformat() == logged["timestamp"].replace("Z", "+00:00")
