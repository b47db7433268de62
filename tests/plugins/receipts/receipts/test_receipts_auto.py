"""`LLMRING_RECEIPTS_AUTO`: every logged call gets its receipt in its own transaction, and in its response."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest
from receipts_kit import Signer

from llmring_server.contracts.transparency import ReceiptsStored
from llmring_server.errors import StartupError
from llmring_server.testing import eventually, make_plugin

RECEIPTS = "/api/v1/receipts"
CALL = {"provider": "openai", "model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 100, "cost": 0.0123}


class Broken:
    """A listener for stored receipts that fails."""

    async def write(self, connection, receipts):
        raise psycopg.errors.RaiseException("no more leaves")


USAGE = {"max_tokens": 2**63 - 1}


@pytest.fixture
def start(llmring_live, signer):
    """Return a function that starts a server that issues receipts for calls."""

    def live(*plugins, **tables):
        given = {"private_key_b64": signer.seed, "auto": True}
        return llmring_live([*plugins, "usage", "receipts"], **{"receipts": given, "usage": USAGE, **tables})

    return live


@pytest.fixture
def server(start):
    return start()


@pytest.fixture
def log(client):
    """Give a function that logs a call, given as changes to the usual one, and returns the answer's body."""

    def send(headers=None, **members):
        answer = client.post("/api/v1/log", json={**CALL, **members}, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send


def batch(client, *entries):
    answer = client.post("/api/v1/log/batch", json=[{**CALL, **entry} for entry in entries])
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def stored(server):
    """Return the stored receipts by their id."""
    return {row["receipt_id"]: json.loads(row["content"]) for row in server.rows("SELECT * FROM receipts")}


def transactions(server, table):
    return {row["xmin"] for row in server.rows(f"SELECT DISTINCT xmin::text FROM {table}")}


def test_the_response_for_a_logged_call_has_its_receipt(log, verify):
    logged = log()
    receipt = logged["receipt"]
    assert (receipt["id"], receipt["usage_log_id"]) == (logged["log_id"], logged["log_id"])
    assert receipt["cost"]["amount"] == "0.0123"
    assert verify(receipt)["valid"] is True


def test_the_receipt_is_stored_as_it_was_returned(client, log):
    receipt = log()["receipt"]
    assert client.get(f"{RECEIPTS}/{receipt['id']}").json() == receipt


def test_call_and_receipt_are_stored_by_one_transaction(server, log):
    log()
    (written,) = transactions(server, "usage_logs")
    assert transactions(server, "receipts") == {written}


def test_it_is_the_receipt_that_a_request_for_it_returns(client, log):
    receipt = log()["receipt"]
    asked = client.post(f"{RECEIPTS}/issue", json={"usage_log_id": receipt["id"]})
    assert asked.json() == receipt


def test_the_response_for_a_batch_has_the_receipt_of_every_entry(server, client, verify):
    results = batch(client, {}, {"cost": 1}, {"input_tokens": -1}, {"cost": None, "model": "unheard-of"})
    assert [("receipt" in result, "error" in result) for result in results] == [
        (True, False), (True, False), (False, True), (False, False),
    ]  # fmt: skip
    assert all(verify(result["receipt"])["valid"] for result in results[:2])
    assert stored(server) == {result["log_id"]: result["receipt"] for result in results[:2]}


def test_a_large_batch_is_stored_with_its_receipts_in_one_transaction(server, client):
    results = batch(client, *[{"operation_id": str(number)} for number in range(300)])
    assert stored(server) == {result["log_id"]: result["receipt"] for result in results}
    assert transactions(server, "receipts") == transactions(server, "usage_logs")
    assert len(transactions(server, "receipts")) == 1


def test_a_call_without_a_cost_is_logged_and_has_none(server, log):
    logged = log(cost=None, model="unheard-of")
    assert (logged["cost_status"], logged["receipt"]) == ("model_not_in_registry", None)
    assert stored(server) == {}


def test_tokens_that_cannot_be_signed_exactly_are_logged_and_have_none(log):
    assert log(input_tokens=2**53)["receipt"] is None


def test_a_cost_computed_in_floats_is_signed_with_every_digit(log):
    assert log(cost=0.00010811999999999999)["receipt"]["cost"]["amount"] == "0.00010811999999999999"


def test_the_receipt_in_the_response_states_what_the_stored_row_gives(server, client, log):
    logged = log(cost=None, cached_input_tokens=200, reasoning_tokens=40)
    asked = client.post(f"{RECEIPTS}/issue", json={"usage_log_id": logged["log_id"], "id": "again"}).json()
    same = ("billed", "rates", "price_source", "price_version", "priced_as", "matched", "cost", "cost_status")
    assert {name: logged["receipt"][name] for name in same} == {name: asked[name] for name in same}
    assert logged["receipt"]["billed"] == {"cache_read": 200, "input": 800, "output": 60, "reasoning": 40}
    assert logged["receipt"]["price_source"] == "genai-prices"


def test_an_estimated_cost_is_signed_with_its_substitutions(log):
    receipt = log(cost=None, cache_write_tokens=100)["receipt"]
    assert receipt["cost_status"] == "estimated"
    assert receipt["price_notes"] == ["cache_write priced as input"]


def test_a_replay_returns_the_same_receipt(server, log):
    first, again = (log(idempotency_key="one") for _ in range(2))
    assert again == first
    assert list(stored(server)) == [first["log_id"]]


def test_a_replay_in_the_same_batch_returns_the_same_receipt(client):
    first, second = batch(client, {"idempotency_key": "one"}, {"idempotency_key": "one"})
    assert second["duplicate"] is True
    assert second["receipt"] == first["receipt"]


def test_a_replay_of_a_call_from_before_has_none(llmring_live, start):
    plain = llmring_live(["usage"])
    entry = {**CALL, "idempotency_key": "one"}
    before = plain.client("one").post("/api/v1/log", json=entry).json()
    again = start().client("one").post("/api/v1/log", json=entry).json()
    assert again == {**before, "receipt": None}


def test_replays_of_two_projects_under_one_key_keep_their_own(server):
    entry = {**CALL, "idempotency_key": "one"}
    clients = [server.client(name) for name in ("one", "two")]
    first = [client.post("/api/v1/log", json=entry).json() for client in clients]
    assert [client.post("/api/v1/log", json=entry).json() for client in clients] == first
    assert first[0]["receipt"]["id"] != first[1]["receipt"]["id"]


def test_calls_at_once_each_get_their_own(server):
    clients = [server.client(f"project-{n}") for n in range(8)]

    def send(number):
        entry = {**CALL, "output_tokens": number}
        return number, clients[number % 8].post("/api/v1/log", json=entry).json()["receipt"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(200)))
    assert all(receipt["tokens"]["output"] == number for number, receipt in answers)
    assert len(stored(server)) == 200


def test_a_late_call_is_dated_when_it_happened(log):
    happened = (datetime.now(UTC) - timedelta(days=40)).replace(microsecond=5)
    assert log(timestamp=happened.isoformat())["receipt"]["timestamp"] == f"{happened:%Y-%m-%dT%H:%M:%S.%f}Z"


def test_a_billed_conversation_has_a_receipt_which_its_log_returns(start):
    server = start("conversations")
    client = server.client("one")
    about = {"provider": "openai", "model": "gpt-5-mini", "cost": 0.25, "input_tokens": 1000, "output_tokens": 50}
    conversation = client.post(
        "/api/v1/conversations/log",
        json={"messages": [{"role": "user", "content": "?"}], "response": {"content": "!"}, "metadata": about},
    ).json()
    (receipt,) = stored(server).values()
    assert receipt["usage_log_id"] == conversation["log_id"]
    entry = {**about, "id_at_origin": conversation["conversation_id"]}
    assert client.post("/api/v1/log", json=entry).json()["receipt"] == receipt


def test_once_the_key_is_retired_calls_are_logged_without_receipts(server, client, log, llmring_live):
    log()
    llmring_live(["receipts"], receipts={"private_key_b64": Signer().seed})
    logged = eventually(lambda: (found := log())["receipt"] is None and found)
    assert client.get("/api/v1/logs", params={"limit": 1}).json()[0]["id"] == logged["log_id"]


def test_what_cannot_be_written_with_a_receipt_leaves_neither_call_nor_receipt(start):
    server = start(make_plugin("log", llmring_services=lambda server: {ReceiptsStored: Broken()}))
    answer = server.client("one").post("/api/v1/log", json=CALL)
    assert not answer.is_success
    assert stored(server) == {}
    assert server.rows("SELECT 1 FROM usage_logs UNION ALL SELECT 1 FROM usage_daily") == []


def test_without_a_private_key_it_stops_the_start(llmring_live):
    with pytest.raises(StartupError, match="LLMRING_RECEIPTS_AUTO"):
        llmring_live(["usage", "receipts"], receipts={"auto": True})


def test_where_nothing_logs_calls_it_stops_the_start(llmring_live, signer):
    with pytest.raises(StartupError, match="enable usage"):
        llmring_live(["receipts"], receipts={"private_key_b64": signer.seed, "auto": True})


def test_the_order_of_the_plugins_does_not_matter(llmring_live, signer):
    server = llmring_live(["receipts", "usage"], receipts={"private_key_b64": signer.seed, "auto": True})
    assert server.client().post("/api/v1/log", json=CALL).json()["receipt"] is not None


def test_without_it_a_response_has_no_field_receipt(llmring_live, signer):
    server = llmring_live(["usage", "receipts"], receipts={"private_key_b64": signer.seed, "auto": ""})
    assert "receipt" not in server.client().post("/api/v1/log", json=CALL).json()
    assert stored(server) == {}


@pytest.mark.slow
def test_calls_of_an_outage_get_their_receipts_when_they_are_replayed(llmring_process, server, signer, tmp_path):
    process = llmring_process(
        LLMRING_PLUGINS="usage,receipts",
        LLMRING_USAGE_JOURNAL_DIR=str(tmp_path / "journal"),
        LLMRING_RECEIPTS_AUTO="true",
        LLMRING_RECEIPTS_PRIVATE_KEY_B64=signer.seed,
    ).wait_until_up()
    with psycopg.connect(server.server.database.conninfo) as connection:
        connection.execute("LOCK TABLE usage_logs IN ACCESS EXCLUSIVE MODE")
        answer = httpx.post(f"{process.url}/api/v1/log", json=CALL, headers={"X-Project-Key": "one"}, timeout=30)
    assert answer.status_code == 202
    assert "receipt" not in answer.json()
    (receipt,) = eventually(lambda: list(stored(server).values()), seconds=30)
    assert receipt["usage_log_id"] == answer.json()["log_id"]
    assert len(server.rows("SELECT 1 FROM usage_logs")) == 1
