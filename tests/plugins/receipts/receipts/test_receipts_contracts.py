"""What receipts offer other plugins: every stored receipt in its transaction, and the history of keys."""

import json
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from receipts_kit import PAYLOAD, Signer

from llmring_server.contracts.transparency import ReceiptKeyEvents, ReceiptsStored
from llmring_server.testing import make_plugin

ISSUE = "/api/v1/receipts/issue"


class Listener:
    """A log of receipts as a transparency plugin keeps one; `fails` makes it refuse."""

    def __init__(self):
        self.batches = []
        self.fails = False

    async def write(self, connection, receipts):
        self.batches.append(list(receipts))
        await connection.execute("CREATE TABLE IF NOT EXISTS told (receipt_id text)")
        for receipt in receipts:
            await connection.execute("INSERT INTO told VALUES (%s)", [receipt.receipt_id])
        if self.fails:
            raise psycopg.OperationalError("the log is down")


@pytest.fixture
def told():
    return Listener()


@pytest.fixture
def server(llmring_live, signer, told):
    listener = make_plugin("listener", llmring_services=lambda server: {ReceiptsStored: told})
    return llmring_live(["receipts", listener], receipts={"private_key_b64": signer.seed})


def test_a_listener_gets_a_stored_receipt_once_with_its_signed_bytes(server, client, issue, told):
    issued = issue(store=True)
    client.post("/api/v1/receipts", json={"receipt": issued.json()})
    ((receipt,),) = told.batches
    assert (receipt.project_id, receipt.receipt_id) == (server.project_id("one"), issued.json()["id"])
    assert receipt.content == issued.content


def test_a_listener_does_not_get_a_receipt_that_is_not_stored(issue, told):
    issue()
    assert told.batches == []


def test_a_listener_does_not_get_another_receipt_under_a_known_id(client, signer, told):
    for model in ("a:first", "a:second"):
        client.post("/api/v1/receipts", json={"receipt": signer.sign(model=model)})
    ((receipt,),) = told.batches
    assert json.loads(receipt.content)["model"] == "a:first"


def test_receipts_and_what_is_written_with_them_are_stored_both_or_neither(server, issue, told):
    issue(store=True, id="kept")
    told.fails = True
    assert issue(store=True, id="lost").status_code == 503
    stored = [row["receipt_id"] for row in server.rows("SELECT receipt_id FROM receipts")]
    assert stored == [row["receipt_id"] for row in server.rows("SELECT receipt_id FROM told")] == ["kept"]


def test_a_listener_gets_every_one_of_many_concurrent_receipts_once(server, told):
    clients = [server.client("one") for _ in range(8)]
    server.run(server.server.database.execute("CREATE TABLE told (receipt_id text)"))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: clients[n % 8].post(f"{ISSUE}?store=true", json=PAYLOAD), range(64)))
    issued = sorted(answer.json()["id"] for answer in answers)
    assert sorted(receipt.receipt_id for batch in told.batches for receipt in batch) == issued


def events(server, after=0):
    provider = server.server.service(ReceiptKeyEvents)
    return server.run(provider.after(after))


def test_key_events_are_read_in_order(llmring_live):
    old, new = Signer(), Signer()
    llmring_live(["receipts"], receipts={"private_key_b64": old.seed})
    server = llmring_live(["receipts"], receipts={"private_key_b64": new.seed})
    found = events(server)
    assert {(event.key_id, event.change) for event in found} == {
        (old.key_id, "added"), (old.key_id, "retired"), (new.key_id, "added"),
    }  # fmt: skip
    assert found[0].public_key == old.public
    assert [event.number for event in found] == sorted(event.number for event in found)
    assert events(server, found[-1].number) == []
    assert events(server, found[0].number) == found[1:]


def test_a_start_without_changes_records_nothing(llmring_live, signer):
    first = llmring_live(["receipts"], receipts={"private_key_b64": signer.seed})
    again = llmring_live(["receipts"], receipts={"private_key_b64": signer.seed})
    assert [event.change for event in events(again)] == ["added"]
    assert events(first) == events(again)


def test_a_key_that_was_marked_by_hand_is_recorded_at_the_next_start(llmring_live, signer):
    server = llmring_live(["receipts"], receipts={"private_key_b64": signer.seed})
    server.run(server.server.database.execute("UPDATE receipt_keys SET status = 'compromised'"))
    assert [event.change for event in events(llmring_live(["receipts"]))] == ["added", "compromised"]
