"""Receipts and statements that are stored while the log is off are in it when it is on again."""

import pytest
from receipts_kit import PAYLOAD

from llmring_server.testing import eventually
from llmring_server.tlog.signers import Signer

RECEIPTS = "/api/v1/receipts"
STATEMENTS = "/api/v1/statements"
CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1, "output_tokens": 1, "cost": 1}
BATCH = 300


@pytest.fixture
def start(llmring_live, signer, tmp_path):
    """Return a function that starts a server on one database, with the log or without."""
    key = Signer.generate("log.example").text()

    def served(*, log, **settings):
        receipts = {"private_key_b64": signer.seed}
        if log:
            logged = {"key": key, "guard_file": str(tmp_path / "guard")}
            return llmring_live(["receipts", "usage", "transparency"], receipts=receipts, transparency=logged)
        return llmring_live(["receipts", "usage"], receipts=receipts, **settings)

    return served


def issue(server, name):
    server.client().post(f"{RECEIPTS}/issue?store=true", json={**PAYLOAD, "id": name}).raise_for_status()


def state(server, name):
    call = {**CALL, "alias": name}
    server.client().post("/api/v1/log", json=call).raise_for_status()
    server.client().post(STATEMENTS).raise_for_status()


def is_proven(server, path):
    return server.client().get(f"{path}/proof").status_code == 200


def waiting(server):
    return server.rows("SELECT kind, reference FROM receipts_unlogged ORDER BY kind, reference")


def test_receipts_and_statements_enter_the_log_when_it_is_on_again(start):
    issue(start(log=True), "before")
    off = start(log=False)
    issue(off, "meanwhile")
    state(off, "meanwhile")
    assert waiting(off) == [{"kind": "receipt", "reference": "meanwhile"}, {"kind": "statement", "reference": "1"}]
    on = start(log=True)
    eventually(lambda: is_proven(on, f"{RECEIPTS}/meanwhile") and is_proven(on, f"{STATEMENTS}/1"))
    assert is_proven(on, f"{RECEIPTS}/before")
    assert waiting(on) == []
    leaves = on.rows("SELECT reference FROM transparency_leaves WHERE project_id <> '' ORDER BY leaf_index")
    assert [row["reference"] for row in leaves] == ["before", "meanwhile", "1"]


def test_more_than_a_batch_is_queued_by_two_servers_once_each(start):
    start(log=True)
    off = start(log=False)
    for number in range(BATCH):
        off.rows(
            "INSERT INTO receipts (project_id, receipt_id, issued_at, key_id, content, digest, stored_at) "
            "VALUES ('p', %s, now(), 'k', 'c', 'd', now())",
            [f"r{number:03}"],
        )
    off.rows("INSERT INTO receipts_unlogged SELECT project_id, 'receipt', receipt_id FROM receipts")
    first, _ = start(log=True), start(log=True)
    leaves = "FROM transparency_leaves WHERE project_id = 'p'"
    count = f"SELECT count(*) AS many, count(DISTINCT reference) AS different {leaves}"
    eventually(lambda: first.rows(count) == [{"many": BATCH, "different": BATCH}])
    assert waiting(first) == []


def test_without_a_log_nothing_is_recorded(start):
    server = start(log=False)
    issue(server, "alone")
    state(server, "alone")
    assert waiting(server) == []


def test_after_the_log_was_retired_nothing_is_recorded(start):
    start(log=True)
    server = start(log=False, retired_plugins=("transparency",))
    issue(server, "after")
    assert waiting(server) == []
