"""Every sum equals the sum over the rows that count, whatever was logged, voided, corrected and repriced."""

import asyncio
import random
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import psycopg
import pytest
from breakdown_kit import DIMENSIONS, stated_rows, summed_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from llmring_server.contracts.traffic import Traffic
from llmring_server.testing import eventually, live, make_settings
from llmring_usage.maintenance.audit import Audit
from llmring_usage.maintenance.reprice import Repricing, RowSelection
from llmring_usage.maintenance.retention import UsageRetention
from llmring_usage.prices.book import PriceBook
from llmring_usage.tables.alias_hours import TRY_LOCK, AliasHours
from llmring_usage.tables.latency_months import LatencyMonths

ZONE = "Europe/Madrid"
TAGS = ("customer",)
COUNTS = {"input_tokens": 1000, "output_tokens": 10}
NOW = datetime.now(UTC)
# The last instants of a month in Madrid, an old month, and hours of this week.
TIMES = [
    datetime(2025, 3, 31, 21, 59, 59, tzinfo=UTC), datetime(2025, 3, 31, 22, tzinfo=UTC),
    NOW - timedelta(hours=3), NOW - timedelta(hours=2), NOW - timedelta(days=2),
]  # fmt: skip
COUNTING: str = """
    SELECT count(*) AS requests, count(*) FILTER (WHERE status = 'error') AS failed,
        coalesce(sum(cost), 0) AS cost, coalesce(sum(input_tokens), 0) AS input,
        coalesce(sum(output_tokens), 0) AS output, count(*) FILTER (WHERE cost IS NULL) AS unpriced,
        count(*) FILTER (WHERE cost_status = 'estimated') AS estimated, count(DISTINCT model) AS models
    FROM usage_logs WHERE project_id = %s AND corrected_at IS NULL
"""
FILTERS = {
    "status": ("error", "status = 'error'"),
    "model": ("gpt-5", "model = 'gpt-5'"),
    "cost_status": ("estimated", "cost_status = 'estimated'"),
    "tag.customer": ("acme", "tags->>'customer' = 'acme'"),
}
names = st.sampled_from(["gpt-5-mini", "gpt-5", "viblrp", "other"])
fields = {
    "model": names,
    "alias": st.sampled_from([None, "fast", "slow"]),
    "origin": st.sampled_from([None, "web"]),
    "status": st.sampled_from(["success", "error"]),
    "latency_ms": st.sampled_from([None, 0.5, 20, 9000]),
    "cost": st.sampled_from([None, 0.1, 7]),
    "tags": st.sampled_from([None, {"customer": "acme"}, {"customer": "umbrella", "user": "u1"}]),
}
counts = st.fixed_dictionaries(
    {"input_tokens": st.sampled_from([0, 1000, 2**63 - 1]), "output_tokens": st.integers(0, 500)}
)
changes = st.fixed_dictionaries({}, optional=fields).filter(bool) | counts
calls = st.builds(lambda some, tokens, at: {**some, **tokens, "timestamp": at.isoformat()},
                  st.fixed_dictionaries(fields), counts, st.sampled_from(TIMES))  # fmt: skip
pick = st.integers(0, 10**6)
breakdowns = st.lists(st.sampled_from(sorted(DIMENSIONS)), min_size=1, max_size=2, unique=True)
actions = st.one_of(
    st.tuples(st.just("log"), calls),
    st.tuples(st.just("void"), pick),
    st.tuples(st.just("correct"), st.tuples(pick, changes)),
    st.tuples(st.just("price"), st.sampled_from(["1", "3"])),
    st.tuples(st.just("compute"), st.none()),
)


@pytest.fixture(scope="module")
def server(llmring_postgres):
    schema = f"test_{uuid.uuid4().hex[:16]}"
    database = {"database_url": llmring_postgres, "database_schema": schema, "database_pool_size": 8}
    usage = {"timezone": ZONE, "max_tokens": 2**63 - 1, "rollup_slots": 3, "tags": TAGS}
    with live(make_settings(database, usage=usage), ["usage"]) as server:
        yield server
    with psycopg.connect(llmring_postgres, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


def log(client, **call):
    answer = client.post("/api/v1/log", json={"provider": "openai", **call})
    assert answer.status_code == 200, answer.text
    return answer.json()["log_id"]


def void(client, entry):
    return client.post(f"/api/v1/logs/{entry}/void", json={"reason": "test"})


def correct(client, entry, changed):
    return client.post(f"/api/v1/logs/{entry}/correct", json={"reason": "test", "fields": changed})


def price(server, project, rate):
    """Set an own price of the unknown model, and price every call of the project at it."""
    price = {"provider": "openai", "model": "viblrp", "rates": {"input": rate, "output": rate}}
    assert project.put("/api/v1/prices/overrides/own", json=price).status_code == 200
    reprice(server, None)


def reprice(server, only):
    async def work():
        selection = RowSelection(only=only, every=True)
        prices = server.server.service(PriceBook)
        async for _ in Repricing(server.server.database, prices, ZONE, selection, TAGS).run():
            await asyncio.sleep(0)

    server.run(work())


def compute(server):
    """Compute the sums of hours and of months that are read instead of others."""
    server.run(AliasHours(server.server.database).refresh(datetime.now(UTC)))
    server.run(LatencyMonths(server.server.database, ZoneInfo(ZONE)).refresh(datetime.now(ZoneInfo(ZONE)).date()))


def verify(server):
    async def work():
        return [finding async for finding in Audit(server.server.database, ZoneInfo(ZONE), TAGS).verify()]

    assert [finding for finding in server.run(work()) if finding.differences] == []


def summed(server, project, condition="true"):
    (row,) = server.rows(f"{COUNTING} AND {condition}", [project])
    return row


def stated(client, **query):
    found = client.get("/api/v1/stats", params=query).json(parse_float=Decimal)["summary"]
    return {
        "requests": found["total_requests"], "failed": found["failed_requests"], "cost": found["total_cost"],
        "input": found["input_tokens"], "output": found["output_tokens"], "unpriced": found["unpriced_requests"],
        "estimated": found["estimated_requests"], "models": found["unique_models"],
    }  # fmt: skip


def computed_results(server, client, project):
    """Return what is read from computed hours and months."""
    latencies = client.get("/api/v1/stats", params={"end_date": "2025-05-31"}).json()
    span = {"profile": "default", "since": NOW - timedelta(days=3), "until": NOW}
    traffic = server.server.service(Traffic)
    return latencies, [server.run(traffic.of_alias(project, alias=alias, **span)) for alias in ("fast", "slow")]


@settings(deadline=None, max_examples=25, database=None)
@given(st.lists(calls, min_size=2, max_size=6), st.lists(actions, max_size=12), breakdowns)
def test_sums_and_breakdowns_are_those_of_the_rows_that_count(server, first, then, by):
    name = uuid.uuid4().hex
    client, project = server.client(name), server.project_id(name)
    entries = [log(client, **call) for call in first]
    for action, given_ in then:
        if action == "log":
            entries.append(log(client, **given_))
        elif action == "void":
            assert void(client, entries[given_ % len(entries)]).status_code in (200, 409)
        elif action == "correct":
            answer = correct(client, entries[given_[0] % len(entries)], given_[1])
            assert answer.status_code in (200, 409), answer.text
            entries += [answer.json()["replaced_by"]] if answer.status_code == 200 else []
        elif action == "price":
            price(server, client, given_)
        else:
            compute(server)
    assert stated(client) == summed(server, project)
    assert stated_rows(client, by) == summed_rows(server, project, by)
    for name, (value, condition) in FILTERS.items():
        assert stated(client, **{name: value}) == summed(server, project, condition)
        assert stated_rows(client, by, **{name: value}) == summed_rows(server, project, by, condition)
    verify(server)
    before = computed_results(server, client, project)
    for table in ("usage_alias_hours", "usage_latency_months"):
        server.rows(f"DELETE FROM {table} RETURNING 1")
    assert computed_results(server, client, project) == before


def test_a_correction_shows_at_once_although_the_sums_of_its_hour_were_computed(server):
    client, project = server.client("hours"), server.project_id("hours")
    hour = (NOW - timedelta(hours=3)).isoformat()
    entry = log(client, model="gpt-5", alias="fast", origin="web", cost=1, timestamp=hour, **COUNTS)
    compute(server)
    correct(client, entry, {"origin": "batch"})
    _, (traffic, _) = computed_results(server, client, project)
    assert traffic.origins == [("batch", 1)]


def test_a_correction_shows_at_once_although_the_latencies_of_its_month_were_computed(server):
    client, project = server.client("months"), server.project_id("months")
    entry = log(client, model="gpt-5", latency_ms=10, cost=1, timestamp="2025-03-10T12:00:00Z", **COUNTS)
    compute(server)
    correct(client, entry, {"latency_ms": 5000})
    latencies, _ = computed_results(server, client, project)
    assert 4000 < latencies["summary"]["latency_p50_ms"] < 6000


@pytest.mark.parametrize(
    "lock", [TRY_LOCK.replace("try_", ""), "LOCK TABLE usage_latency_months IN ROW EXCLUSIVE MODE"]
)
def test_a_correction_waits_while_the_sums_of_hours_or_months_are_computed(server, llmring_postgres, lock):
    """They would be computed from a snapshot before it, and stored after it."""
    client, project = server.client("waiting"), server.project_id("waiting")
    entry = log(client, model="gpt-5", cost=1, timestamp="2025-03-10T12:00:00Z", **COUNTS)
    schema = server.server.settings.database_schema
    with ThreadPoolExecutor(1) as pool, psycopg.connect(llmring_postgres, options=f"-c search_path={schema}") as other:
        other.execute(lock, [project] if "%s" in lock else None)
        waiting = pool.submit(void, client, entry)
        blocked = "SELECT 1 AS one FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
        eventually(lambda: server.rows(blocked, [other.info.backend_pid]))
        other.rollback()
        assert waiting.result().status_code == 200


def test_a_repair_of_the_sums_keeps_those_of_slots_without_requests(llmring_live):
    """A correction subtracts in slot 0, where another process may have counted another call."""
    server = llmring_live(["usage"])
    client, project = server.client(), server.project_id()
    log(client, model="gpt-5", cost=5, **COUNTS)
    voided = log(client, model="gpt-5", cost=7, **COUNTS)
    for table in ("usage_daily", "usage_quarters", "usage_latencies", "usage_combinations"):
        server.rows(f"UPDATE {table} SET slot = 1 RETURNING 1")
    log(client, model="gpt-5", cost=2, **COUNTS)
    void(client, voided)
    server.run(_consume(Audit(server.server.database, ZoneInfo("UTC")).repair()))
    assert stated(client) == summed(server, project)
    assert stated(client)["cost"] == 7


async def _consume(findings):
    return [finding async for finding in findings]


class Contention:
    """Threads that change the same entries of one project; the first failure is raised at the end."""

    CALL = {"model": "viblrp", "input_tokens": 1000, "output_tokens": 10, "latency_ms": 5, "alias": "fast"}

    def __init__(self, server):
        self.server = server
        self.client = server.client("contended")
        self.chance = random.Random(5)
        self.recent = [log(self.client, **self.CALL) for _ in range(60)]
        self.old = [log(self.client, **self.CALL, cost=1, timestamp="2024-02-10T12:00:00Z") for _ in range(60)]
        self.voided_old = set()
        self.first_voided = threading.Event()

    def void_some(self):
        for entry in self.chance.sample(self.recent + self.old, 60):
            status = void(self.client, entry).status_code
            assert status in (200, 404, 409)
            if status == 200 and entry in self.old:
                self.voided_old.add(entry)
                self.first_voided.set()

    def correct_some(self):
        for entry in self.chance.sample(self.recent, 40):
            model = self.chance.choice(["viblrp", "gpt-5"])
            assert correct(self.client, entry, {"model": model}).status_code in (200, 409)

    def log_some(self):
        for _ in range(40):
            log(self.client, **self.CALL)

    def reprice_some(self):
        for rate in ("1", "2", "3", "4"):
            price(self.server, self.client, rate)

    def drop(self):
        assert self.first_voided.wait(30)
        retention = UsageRetention(self.server.server.database)
        (month,) = [one for one in self.server.run(retention.partitions()) if one.name == "usage_logs_2024_02"]
        self.server.run(retention.drop(month))

    def run(self):
        work = (self.void_some, self.void_some, self.correct_some, self.log_some, self.reprice_some, self.drop)
        with ThreadPoolExecutor(len(work)) as pool:
            for done in [pool.submit(one) for one in work]:
                done.result()


def test_sums_stay_exact_while_entries_are_logged_voided_corrected_repriced_and_dropped(server):
    contention = Contention(server)
    contention.run()
    found, kept = stated(contention.client), summed(server, server.project_id("contended"))
    dropped = len(contention.old) - len(contention.voided_old)
    assert 0 < dropped < len(contention.old)
    assert (found["requests"], found["cost"]) == (kept["requests"] + dropped, kept["cost"] + dropped)
    verify(server)
