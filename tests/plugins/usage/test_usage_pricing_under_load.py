"""Calls are priced automatically beside a steady sender and a statement: rows, sums and statements agree."""

import csv
import io
import threading
import time
from collections import Counter
from decimal import Decimal

import pytest

from llmring_receipts.formats import keys
from llmring_server.testing import eventually

PRICES, STATEMENTS = "/api/v1/prices/overrides/azure", "/api/v1/statements"
CALL = {"provider": "azure", "model": "viblrp", "input_tokens": 1000, "output_tokens": 100}
PRICE = {"provider": "azure", "model": "viblrp", "rates": {"input": "1", "output": "2"}}
COST = Decimal("0.0012")
SEED = keys.encode(keys.seed_bytes(keys.generate_key()))
UNPRICED = 2_000
SENDERS, PER_SECOND = 2, 50  # each sends so many


@pytest.fixture
def server(llmring_live):
    return llmring_live(["usage", "receipts"], receipts={"private_key_b64": SEED})


@pytest.fixture
def sending(server):
    """Calls that are logged at a steady rate while the test runs: every second one has no price at first."""
    done, sent = threading.Event(), []

    def send(client):
        due = time.monotonic()
        while not done.is_set():
            call = CALL if len(sent) % 2 else {**CALL, "provider": "openai", "model": "gpt-5-mini"}
            sent.append(client.post("/api/v1/log", json=call).status_code)
            due += 1 / PER_SECOND
            done.wait(max(due - time.monotonic(), 0))

    threads = [threading.Thread(target=send, args=[server.client()]) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()

    def stop():
        done.set()
        for thread in threads:
            thread.join()
        return Counter(sent)

    yield stop
    stop()


def state(client):
    """Make a statement, which may take longer than a request."""
    eventually(lambda: client.post(STATEMENTS).raise_for_status().status_code != 202, 60)


def costs_of_lines(client):
    """Return the cost of each call by all statements: the amount of its line with its corrections."""
    costs = Counter()
    for number in (statement["number"] for statement in client.get(STATEMENTS).json()):
        text = client.get(f"{STATEMENTS}/{number}/lines").raise_for_status().text
        for line in csv.DictReader(io.StringIO(text, newline="")):
            costs[line["id"]] += Decimal(line["amount"] or 0)
    return costs


@pytest.mark.slow
@pytest.mark.own_server
def test_calls_are_priced_beside_a_sender_and_a_statement(server, sending, llmring_cli, figure):
    client = server.client()
    for _ in range(UNPRICED // 1_000):
        client.post("/api/v1/log/batch", json=[CALL] * 1_000).raise_for_status()
    state(client)
    began = time.monotonic()
    client.put(PRICES, json=PRICE).raise_for_status()
    state(client)
    unpriced = "SELECT count(*) AS calls FROM usage_logs WHERE cost IS NULL"
    eventually(lambda: server.rows(unpriced) == [{"calls": 0}], 60)
    figure(f"{UNPRICED:,} calls priced beside a sender", f"{time.monotonic() - began:.1f} s")
    sent = sending()
    assert set(sent) == {200}
    eventually(lambda: server.rows(unpriced) == [{"calls": 0}], 30)
    assert llmring_cli("usage", "verify", LLMRING_PLUGINS="usage").returncode == 0
    state(client)
    assert len(client.get(STATEMENTS).json()) >= 3
    rows = {row["id"]: row["cost"] for row in server.rows("SELECT id::text, cost FROM usage_logs")}
    assert len(rows) == UNPRICED + sent[200]
    assert costs_of_lines(client) == rows
    assert set(rows.values()) == {COST, Decimal("0.00045")}
