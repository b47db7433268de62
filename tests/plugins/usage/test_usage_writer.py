"""The writer: group commits, a bounded queue, and timely responses while the database does not respond."""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
import psutil
import psycopg
import pytest
import uuid_utils

from llmring_server.http.errors import Problem, Unavailable
from llmring_server.testing import eventually
from llmring_usage.ingest.writer import UsageWriter
from llmring_usage.models.responses import UsageLogResponse
from llmring_usage.models.rows import UsageRow
from llmring_usage.models.series import Series

CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 10, "output_tokens": 1, "cost": 0.001}
ANSWER_SECONDS = 2.0
MEBIBYTE = 1024 * 1024
ROLLUPS = ("usage_daily", "usage_quarters", "usage_latencies", "usage_keys")


@contextmanager
def locked(conninfo, table="usage_logs"):
    """Lock a table so that writes hang."""
    with psycopg.connect(conninfo) as connection:
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def row(**members):
    """Return a row as the pricer creates it."""
    now = datetime.now(UTC)
    named = {"provider": "openai", "model": "gpt-5-mini", "profile": "default", "cost_status": "price_missing"}
    said = {**named, **{name: members.pop(name) for name in Series.__slots__ if name in members}}
    series = Series(said.pop("project_id", "prj_test"), **said)
    return UsageRow(series=series, id=str(uuid_utils.uuid7()), occurred_at=now, received_at=now, **members)


def rejected_row(**members):
    """Return a row that PostgreSQL rejects: text with U+0000, which the host never accepts."""
    return row(operation_id="\0", **members)


def record(server, submissions, order=None):
    """Submit to the server's writer at once, and return each result; `order` collects their numbers as they finish."""
    writer = server.server.service(UsageWriter)

    async def one(number, rows):
        try:
            return await writer.record(rows)
        finally:
            if order is not None:
                order.append(number)

    async def all_at_once():
        waiting = (one(number, rows) for number, rows in enumerate(submissions))
        return await asyncio.gather(*waiting, return_exceptions=True)

    return server.run(all_at_once())


def transactions(server, table="usage_logs"):
    """Return the transactions that last wrote a table's rows."""
    return {found["xmin"] for found in server.rows(f"SELECT DISTINCT xmin::text FROM {table}")}


@pytest.mark.own_server
def test_a_thousand_waiting_calls_are_committed_together(usage):
    outcomes = record(usage, [[row()] for _ in range(1000)])
    assert all(isinstance(outcome, UsageLogResponse) for (outcome,) in outcomes)
    assert len(transactions(usage)) <= 2


def test_submissions_of_no_row_one_and_several_get_their_own_outcomes(usage):
    submissions = [[], [row(), row()], [row()], [], [row(), row(), row()]]
    told = [[outcome.log_id for outcome in outcomes] for outcomes in record(usage, submissions)]
    assert told == [[one.id for one in rows] for rows in submissions]


@pytest.mark.own_server
def test_rows_rollups_latencies_and_keys_are_written_by_one_transaction(usage):
    record(usage, [[row(idempotency_key="one", fingerprint="x", latency_ms=5)]])
    (written,) = transactions(usage)
    assert [transactions(usage, table) for table in ROLLUPS] == [{written}] * len(ROLLUPS)


@pytest.mark.own_server
def test_calls_of_many_projects_share_a_commit_but_not_their_sums(usage):
    record(usage, [[row(project_id=f"prj_{number % 7}")] for number in range(100)])
    found = usage.rows("SELECT project_id, requests::int AS requests FROM usage_daily WHERE kind = 'profile'")
    assert sorted(one["requests"] for one in found) == [14, 14, 14, 14, 14, 15, 15]


@pytest.mark.own_server
@pytest.mark.parametrize("place", [0, 37, 99])
def test_a_rejected_row_does_not_affect_the_rest_of_its_batch(usage, place):
    submissions = [[row()] for _ in range(100)]
    submissions[place] = [rejected_row()]
    outcomes = [outcome for (outcome,) in record(usage, submissions)]
    assert isinstance(outcomes[place], Problem)
    assert outcomes[place].status.startswith("422")
    assert sum(isinstance(outcome, UsageLogResponse) for outcome in outcomes) == 99
    (counted,) = usage.rows("SELECT sum(requests)::int AS requests FROM usage_daily WHERE kind = 'profile'")
    assert counted["requests"] == 99


def test_a_key_whose_first_entry_is_rejected_can_be_used_again(usage):
    refused = rejected_row(idempotency_key="one", fingerprint="x")
    again = row(idempotency_key="one", fingerprint="y")
    assert isinstance(record(usage, [[refused]])[0][0], Problem)
    assert record(usage, [[again]])[0][0].log_id == again.id


@pytest.mark.own_server
def test_a_log_is_refused_in_time_while_its_table_is_locked(usage, log):
    client = usage.client()
    with locked(usage.server.database.conninfo):
        started = time.monotonic()
        answer = client.post("/api/v1/log", json=CALL)
        assert time.monotonic() - started < ANSWER_SECONDS
        eventually(lambda: not waits_for_lock(usage))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert eventually(lambda: log(client))
    assert len(eventually(lambda: client.get("/api/v1/logs").json())) == 1


@pytest.mark.own_server
def test_an_entry_refused_while_a_rollup_is_locked_can_be_sent_again(usage, log):
    client = usage.client()
    with locked(usage.server.database.conninfo, "usage_daily"):
        answer = client.post("/api/v1/log", json=CALL, headers={"Idempotency-Key": "one"})
    assert answer.status_code == 503
    eventually(lambda: log(client, **CALL, idempotency_key="one"))
    assert client.get("/api/v1/stats").json()["summary"]["total_requests"] == 1


def test_entries_beyond_the_queue_are_refused_before_waiting_ones(llmring_live):
    server = llmring_live(["usage"], usage={"queue_entries": 1000})
    order = []
    with locked(server.server.database.conninfo):
        first, *others = record(server, [[row()] for _ in range(1000)] + [[row()] for _ in range(500)], order)
    refused = [str(outcome.description) for outcome in others if isinstance(outcome, Unavailable)]
    assert isinstance(first, Unavailable)
    assert sum("Too many entries wait" in reason for reason in refused) == 500
    assert set(order[:500]) == set(range(1000, 1500))
    assert isinstance(record(server, [[row()]])[0][0], UsageLogResponse)


def test_metadata_beyond_the_queue_is_refused_at_once(llmring_live):
    server = llmring_live(["usage"], usage={"queue_bytes": 100_000})
    large = msgspec.Raw(json.dumps("x" * 60_000).encode())
    outcomes = record(server, [[row(metadata=large)], [row(metadata=large)]])
    assert [type(outcome) for outcome in outcomes] == [list, Unavailable]
    assert isinstance(record(server, [[row(metadata=large)]])[0][0], UsageLogResponse)


def test_a_flood_while_the_database_hangs_does_not_grow_the_server(llmring_process, llmring_live):
    server = llmring_live(["usage"])
    process = llmring_process(LLMRING_PLUGINS="usage", LLMRING_USAGE_QUEUE_ENTRIES="1000").wait_until_up()
    client = server.client(None, **{"X-Project-Key": "flood", "Content-Type": "application/json"})
    url = f"{process.url}/api/v1/log/batch"
    batch = json.dumps([{**CALL, "metadata": {"text": "x" * 500}}] * 1000).encode()

    def flood():
        with ThreadPoolExecutor(10) as pool:
            return set(pool.map(lambda _: client.post(url, content=batch).status_code, range(30)))

    assert flood() <= {200, 503}
    with locked(server.server.database.conninfo):
        before = psutil.Process(process.pid).memory_info().rss
        assert flood() == {503}
        assert psutil.Process(process.pid).memory_info().rss - before < 32 * MEBIBYTE
    eventually(lambda: client.post(url, content=batch).status_code == 200)


def test_waiting_calls_are_written_and_answered_before_the_server_stops(llmring_live, llmring_process):
    server = llmring_live(["usage"])
    process = llmring_process(LLMRING_PLUGINS="usage").wait_until_up()
    with ThreadPoolExecutor() as pool:
        with locked(server.server.database.conninfo):
            sent = pool.submit(server.client().post, f"{process.url}/api/v1/log", json=CALL)
            eventually(lambda: waits_for_lock(server))
            stopped = pool.submit(process.stop)
        assert sent.result().status_code == 200
        stopped.result()
    assert server.rows("SELECT count(*) AS n FROM usage_logs") == [{"n": 1}]


def waits_for_lock(server):
    """Whether the statement that stores calls waits for its table; background work may wait for it too."""
    return server.rows(
        "SELECT 1 AS found FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND relation = 'usage_logs'::regclass AND query LIKE '%%WITH series AS MATERIALIZED%%'"
    )


def connections_lent(server):
    stats = server.server.database.pool.get_stats()
    return stats["pool_size"] - stats["pool_available"]


def test_consecutive_calls_reuse_one_connection(usage):
    writer, pool = usage.server.service(UsageWriter), usage.server.database.pool

    async def one_after_the_other():
        for _ in range(50):
            await writer.record([row()])

    before = pool.get_stats().get("requests_num", 0)
    usage.run(one_after_the_other())
    assert pool.get_stats()["requests_num"] - before < 25


def test_an_idle_writer_returns_its_connection_to_the_pool(usage):
    record(usage, [[row()]])
    eventually(lambda: connections_lent(usage) == 0)
