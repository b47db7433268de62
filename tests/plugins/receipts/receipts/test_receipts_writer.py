"""Storing receipts: group commit, a bounded queue, and responses in time while the database does not answer."""

import asyncio
import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import psycopg
import pytest
from receipts_kit import PAYLOAD

from llmring_receipts.receipts.models import ReceiptRecord
from llmring_receipts.receipts.store import StoreOutcome
from llmring_receipts.receipts.writer import MAX_BATCH, MAX_WAITING, ReceiptWriter
from llmring_server.http.errors import Unavailable
from llmring_server.testing import eventually, make_plugin

pytestmark = pytest.mark.own_server

ANSWER_SECONDS = 2.0
TOKEN = "a-token-of-these-tests"
MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)


@contextmanager
def locked(server, tables="receipts"):
    """Hold tables so that nothing can be done with them, as a database that hangs does."""
    with psycopg.connect(server.server.database.conninfo) as connection:
        connection.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
        yield


def stored(receipt_id, project="prj_test", **members):
    return ReceiptRecord(project, receipt_id, MOMENT, "main", json.dumps({"id": receipt_id, **members}).encode())


def put(server, receipts):
    """Hand receipts to the server's writer at once, and return what came of each."""
    writer = server.server.service(ReceiptWriter)

    async def all_at_once():
        return await asyncio.gather(*map(writer.put, receipts), return_exceptions=True)

    return server.run(all_at_once())


def transactions(server, table="receipts"):
    return [row["n"] for row in server.rows(f"SELECT count(*) AS n FROM {table} GROUP BY xmin::text ORDER BY n")]


def test_receipts_that_wait_together_are_committed_together(server):
    assert set(put(server, [stored(f"r{n}") for n in range(600)])) == {StoreOutcome.NEW}
    assert transactions(server) == [600 - 2 * MAX_BATCH, MAX_BATCH, MAX_BATCH]


def test_each_of_many_projects_keeps_its_own(server):
    put(server, [stored("one", f"prj_{n}") for n in range(50)])
    assert len(server.rows("SELECT DISTINCT project_id FROM receipts WHERE receipt_id = 'one'")) == 50


def test_of_several_under_one_id_in_one_batch_the_first_is_stored(server):
    first, second = stored("one", model="a"), stored("one", model="b")
    assert put(server, [first, second, first, second]) == [
        StoreOutcome.NEW, StoreOutcome.CONFLICT, StoreOutcome.SAME, StoreOutcome.CONFLICT,
    ]  # fmt: skip
    assert server.rows("SELECT content FROM receipts") == [{"content": first.content}]
    assert server.rows("SELECT digest, kept_digest FROM receipt_conflicts") == [
        {"digest": hashlib.sha256(second.content).digest(), "kept_digest": hashlib.sha256(first.content).digest()}
    ]


def test_known_ids_in_a_batch_leave_their_neighbours_new(server):
    put(server, [stored("known")])
    found = put(server, [stored("a"), stored("known"), stored("b"), stored("known", model="x"), stored("c")])
    assert found == [StoreOutcome.NEW, StoreOutcome.SAME, StoreOutcome.NEW, StoreOutcome.CONFLICT, StoreOutcome.NEW]


def test_content_is_stored_byte_for_byte(server):
    content = '{"a":"\\u0001\\\\ \\" é 😀 \u2028"}'.encode()
    put(server, [ReceiptRecord("prj_test", "one", MOMENT, "main", content)])
    assert server.rows("SELECT content, digest, issued_at FROM receipts") == [
        {"content": content, "digest": hashlib.sha256(content).digest(), "issued_at": MOMENT}
    ]


def test_two_servers_that_store_the_same_receipts_in_other_orders_agree(server, llmring_live, signer):
    other = llmring_live(["receipts"], receipts={"private_key_b64": signer.seed})
    receipts = [stored(f"r{n:03}") for n in range(200)]

    async def both():
        here, there = (one.server.service(ReceiptWriter) for one in (server, other))
        theirs = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(gathered(there, receipts[::-1]), other._loop))
        return await gathered(here, receipts), await theirs

    async def gathered(writer, these):
        return await asyncio.gather(*map(writer.put, these))

    ours, theirs = server.run(both())
    assert sorted((ours + theirs).count(outcome) for outcome in (StoreOutcome.NEW, StoreOutcome.SAME)) == [200, 200]


def test_a_receipt_is_refused_in_time_while_the_database_hangs_and_taken_afterwards(server, issue):
    same = {"id": "one", "timestamp": "2026-01-31T12:00:00Z"}
    with locked(server):
        started = time.monotonic()
        answer = issue(store=True, **same)
        assert time.monotonic() - started < ANSWER_SECONDS
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert eventually(lambda: issue(store=True, **same).is_success)
    assert len(server.rows("SELECT 1 FROM receipts")) == 1


class Timer:
    """Middleware that measures requests in the server, without the clients' threads, which share its processor."""

    def __init__(self):
        self.seconds = []

    async def process_resource(self, req, resp, resource, params):
        req.context.began = time.monotonic()

    async def process_response(self, req, resp, resource, succeeded):
        self.seconds.append(time.monotonic() - req.context.began)


def test_many_are_refused_in_time_while_nothing_of_the_database_answers(llmring_live, signer):
    timer = Timer()
    measuring = make_plugin("measuring", llmring_middleware=lambda server: [timer])
    server = llmring_live(["receipts", measuring], receipts={"private_key_b64": signer.seed})
    clients = [server.client("one") for _ in range(16)]
    with locked(server, "receipts, receipt_keys"), ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda one: one.post("/api/v1/receipts/issue?store=true", json=PAYLOAD), clients * 3))
    assert {answer.status_code for answer in answers} == {503}
    assert len(timer.seconds) == 48
    assert max(timer.seconds) < ANSWER_SECONDS


def test_a_receipt_that_waits_for_a_slow_batch_is_refused_in_time(server):
    writer, conninfo = server.server.service(ReceiptWriter), server.server.database.conninfo
    lock = "LOCK TABLE receipts IN ACCESS EXCLUSIVE MODE"

    async def slow_batches():
        loop = asyncio.get_running_loop()
        async with (
            await psycopg.AsyncConnection.connect(conninfo) as first,
            await psycopg.AsyncConnection.connect(conninfo) as second,
        ):
            await first.execute(lock)
            slow = asyncio.ensure_future(writer.put(stored("slow")))
            await asyncio.sleep(0.1)
            next_lock = asyncio.ensure_future(second.execute(lock))  # granted after the first batch, before the second
            started = loop.time()
            waiting = asyncio.ensure_future(writer.put(stored("waiting")))
            await asyncio.sleep(1)
            await first.rollback()
            assert await slow is StoreOutcome.NEW
            refused = await asyncio.gather(waiting, return_exceptions=True)
            took = loop.time() - started
            await next_lock
            return took, *refused

    took, refused = server.run(slow_batches())
    assert isinstance(refused, Exception)
    assert took < ANSWER_SECONDS


def test_later_requests_while_the_database_hangs_are_refused_in_time_too(server):
    with locked(server):
        writer = server.server.service(ReceiptWriter)

        async def later():
            loop = asyncio.get_running_loop()
            first = asyncio.ensure_future(writer.put(stored("first")))
            await asyncio.sleep(1)
            started = loop.time()
            second = await asyncio.gather(writer.put(stored("second")), return_exceptions=True)
            took = loop.time() - started
            return took, *second, *await asyncio.gather(first, return_exceptions=True)

        took, *refused = server.run(later())
    assert took < ANSWER_SECONDS
    assert all(isinstance(error, Exception) for error in refused)


def test_a_receipt_beyond_the_queue_is_refused_at_once(server):
    with locked(server):
        found = put(server, [stored(f"r{n}") for n in range(MAX_WAITING + 5)])
    assert [isinstance(one, Unavailable) for one in found].count(True) == 5
    assert eventually(lambda: put(server, [stored("again")]) == [StoreOutcome.NEW])


def test_waiting_receipts_and_batch_sizes_are_metrics(llmring_live, signer):
    receipts, metrics = {"private_key_b64": signer.seed}, {"token": TOKEN}
    server = llmring_live(["receipts", "metrics"], receipts=receipts, metrics=metrics)

    def shown():
        return httpx.get(f"{server.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text

    put(server, [stored(f"r{n}") for n in range(30)])
    assert "llmring_receipts_batch_receipts_sum 30.0" in shown()
    assert 'llmring_receipts_batch_receipts_bucket{le="20"} 0.0' in shown()
    with ThreadPoolExecutor(1) as pool, locked(server):
        waiting = pool.submit(put, server, [stored(f"w{n}") for n in range(5)])
        assert eventually(lambda: "llmring_receipts_queue_receipts 5.0" in shown())
    waiting.result()
    assert "llmring_receipts_queue_receipts 0.0" in shown()
