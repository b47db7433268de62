"""Three processes grow one log under load, each killed and replaced again and again: nothing lost, nothing twice.

In as many rounds as LLMRING_TEST_ROUNDS says; 20 take some minutes.
"""

import os
import random
import threading
import time
from collections import Counter

import httpx
import pytest
from transparency_kit import Reader

from llmring_server.tlog import checkpoints, leaves
from llmring_server.tlog.growing_trees import TreeAppender
from llmring_server.tlog.hashing import leaf_hash
from llmring_server.tlog.leaves import EntryKind, LeafOpening
from llmring_server.tlog.signers import Signer
from llmring_server.tlog.tiles import Tile, root

pytestmark = pytest.mark.slow

PROCESSES = 3
ROUNDS = int(os.environ.get("LLMRING_TEST_ROUNDS", "2"))
PROJECTS = ["one", "two", "three"]
PAYLOAD = {"model": "openai:gpt-4o-mini", "tokens": {"input": 120, "output": 30}, "cost": {"amount": "0.00045"}}
LEAVES = """
    SELECT project_id, leaf_index, kind, reference, seq, salt FROM transparency_leaves ORDER BY leaf_index
"""


class Load:
    """Receipts that are issued and stored through any process, and checkpoints from any of them."""

    def __init__(self, log):
        self.log = log
        self.urls = {}
        self.kept = []
        self.seen = {}
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._issue, args=(name,)) for name in PROJECTS * 2]
        self._threads.append(threading.Thread(target=self._watch))

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *failure):
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _each(self, work):
        with httpx.Client(timeout=5) as client:
            while not self._over.is_set():
                try:
                    work(client, random.choice(list(self.urls.values())))
                except httpx.HTTPError:
                    time.sleep(0.02)

    def _issue(self, project):
        def issue(client, url):
            answer = client.post(
                f"{url}/api/v1/receipts/issue?store=true", json=PAYLOAD, headers={"X-Project-Key": project}
            )
            if answer.status_code == 200:
                self.kept.append((project, answer.json()["id"]))
            time.sleep(0.02)

        self._each(issue)

    def _watch(self):
        def look(client, url):
            answer = client.get(f"{url}/tlog/checkpoint")
            if answer.status_code == 200:
                found = checkpoints.open_checkpoint(answer.content, self.log)
                assert self.seen.setdefault(found.size, found.root) == found.root
            time.sleep(0.01)

        self._each(look)


def kill_and_replace(processes, load, start):
    for number in range(PROCESSES):
        enough = len(load.kept) + 40
        until = time.monotonic() + 60
        while len(load.kept) < enough:
            assert time.monotonic() < until, "the load stands still"
            time.sleep(0.01)
        processes[number].kill()
        del load.urls[number]
        processes[number] = start()
        load.urls[number] = processes[number].wait_until_up().url


def test_processes_that_are_killed_lose_nothing_and_fork_nothing(llmring_process, llmring_live, tmp_path, figure):
    key = Signer.generate("log.example/receipts")
    receipt_key = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
    guard = {"key": key.text(), "guard_file": str(tmp_path / "published")}

    def start():
        return llmring_process(
            LLMRING_PLUGINS="receipts,transparency",
            LLMRING_LOG_LEVEL="warning",
            LLMRING_RECEIPTS_PRIVATE_KEY_B64=receipt_key,
            LLMRING_TRANSPARENCY_KEY=guard["key"],
            LLMRING_TRANSPARENCY_GUARD_FILE=guard["guard_file"],
            LLMRING_DATABASE_POOL_SIZE="5",
        )

    load = Load(key.verifier)
    processes = {number: start() for number in range(PROCESSES)}
    load.urls = {number: process.wait_until_up().url for number, process in processes.items()}
    with load:
        for _ in range(ROUNDS):
            kill_and_replace(processes, load, start)
    for process in processes.values():
        process.kill()
    server = llmring_live(["receipts", "transparency"], transparency=guard, receipts={"private_key_b64": receipt_key})
    stored = {(row["project_id"], row["receipt_id"]): row["content"] for row in server.rows("SELECT * FROM receipts")}
    reader = Reader(server.client("one"), key.verifier)
    entries = grown(server, reader, len(stored))
    figure("receipts, published checkpoints", f"{len(stored)}, {len(load.seen)}")
    check_receipts(server, load, stored, entries)
    check_checkpoints(load, entries)


def grown(server, reader, receipts):
    """Return every entry once all receipts have their leaf; key events are leaves too."""
    until = time.monotonic() + 60
    while server.rows("SELECT count(*) AS rows FROM transparency_leaves WHERE kind = 1")[0]["rows"] < receipts:
        assert time.monotonic() < until, "not every receipt came into the log"
        time.sleep(0.05)
    size = server.rows("SELECT size FROM transparency_log")[0]["size"]
    reader.until(size)
    return reader.entries()


def check_receipts(server, load, stored, entries):
    ids = {name: server.project_id(name) for name in PROJECTS}
    assert {(ids[project], receipt) for project, receipt in load.kept} <= set(stored)
    rows = server.rows(LEAVES)
    assert [row["leaf_index"] for row in rows] == list(range(len(entries)))
    receipts = [row for row in rows if row["kind"] == EntryKind.RECEIPT]
    assert Counter((row["project_id"], row["reference"]) for row in receipts) == Counter(list(stored))
    for project in ids.values():
        seqs = [row["seq"] for row in receipts if row["project_id"] == project]
        assert seqs == list(range(1, len(seqs) + 1))
    for row in receipts:
        opened = LeafOpening(row["project_id"], row["seq"], row["salt"])
        made = leaves.receipt_entry(opened, stored[row["project_id"], row["reference"]])
        assert entries[row["leaf_index"]] == made


def check_checkpoints(load, entries):
    """Check that every checkpoint that was served matches the first leaves of the log."""
    assert len(load.seen) > 3 * ROUNDS
    growth, rows = TreeAppender(0, {}), {}
    for size in sorted(load.seen):
        growth = TreeAppender(growth.size, rows)
        growth.append([leaf_hash(entry) for entry in entries[growth.size : size]])
        rows |= growth.changed
        assert root(size, rows) == load.seen[size], size
    assert Tile(0, 0) in rows
