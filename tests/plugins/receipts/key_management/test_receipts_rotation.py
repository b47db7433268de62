"""Keys over time: registration, rotation by restart, retirement, and what stops a start."""

import threading
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from receipts_kit import PAYLOAD, Signer

from llmring_receipts.formats import keys
from llmring_receipts.key_management.key_store import ReceiptKeyStore
from llmring_server.errors import StartupError
from llmring_server.testing.live import live, make_settings

ISSUE = "/api/v1/receipts/issue"
VERIFY = "/api/v1/receipts/verify"
KEYS = "/receipts/public-keys.json"


def statuses(server) -> dict[str, str]:
    return {row["key_id"]: row["status"] for row in server.rows("SELECT key_id, status FROM receipt_keys")}


def verdict(server, receipt) -> dict[str, object]:
    return server.client(None).post(VERIFY, json={"receipt": receipt}).json()


def test_a_receipt_survives_a_restart_byte_for_byte(llmring_process, signer):
    environment = {"LLMRING_PLUGINS": "receipts", "LLMRING_RECEIPTS_PRIVATE_KEY_B64": signer.seed}
    headers = {"X-Project-Key": "one"}
    first = llmring_process(**environment).wait_until_up()
    issued = httpx.post(f"{first.url}{ISSUE}?store=true", json=PAYLOAD, headers=headers).content
    first.stop()
    second = llmring_process(**environment).wait_until_up()
    (listed,) = httpx.get(f"{second.url}/api/v1/receipts", headers=headers).json()
    assert httpx.get(f"{second.url}/api/v1/receipts/{listed['id']}", headers=headers).content == issued
    assert httpx.post(f"{second.url}{VERIFY}", json={"receipt": listed}).json()["valid"] is True


def test_after_a_rotation_receipts_of_the_old_key_still_verify(start):
    old, new = Signer(), Signer()
    receipt = start(private_key_b64=old.seed).client().post(ISSUE, json=PAYLOAD).json()
    rotated = start(private_key_b64=new.seed)
    assert verdict(rotated, receipt)["valid"] is True
    assert rotated.client().post(ISSUE, json=PAYLOAD).json()["key_id"] == new.key_id
    assert statuses(rotated) == {old.key_id: "retired", new.key_id: "active"}


def test_a_receipt_dated_after_its_key_was_retired_is_not_valid(start):
    old, new = Signer(), Signer()
    start(private_key_b64=old.seed)
    rotated = start(private_key_b64=new.seed)
    late = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = verdict(rotated, old.sign(timestamp=late))
    assert answer["valid"] is False
    assert "retired" in answer["reason"]


def test_a_receipt_of_a_retired_key_without_a_time_is_not_valid(start):
    old = Signer()
    start(private_key_b64=old.seed)
    assert verdict(start(private_key_b64=Signer().seed), old.sign(timestamp="once"))["valid"] is False


def test_a_server_whose_key_was_retired_by_another_stops_signing(start):
    old = start(private_key_b64=Signer().seed)
    start(private_key_b64=Signer().seed)
    deadline = datetime.now(UTC) + timedelta(seconds=10)
    answer = old.client().post(ISSUE, json=PAYLOAD)
    while answer.is_success and datetime.now(UTC) < deadline:
        assert verdict(old, answer.json())["valid"] is True
        answer = old.client().post(ISSUE, json=PAYLOAD)
    assert answer.status_code == 503
    assert "retired" in answer.json()["detail"]


def test_starting_again_with_a_retired_key_retires_nothing_and_signs_nothing(start):
    old, new = Signer(), Signer()
    start(private_key_b64=old.seed)
    start(private_key_b64=new.seed)
    again = start(private_key_b64=old.seed)
    assert statuses(again) == {old.key_id: "retired", new.key_id: "active"}
    assert again.client().post(ISSUE, json=PAYLOAD).status_code == 503


def test_a_compromised_key_proves_nothing(start, signer):
    server = start(private_key_b64=signer.seed)
    server.run(server.server.database.execute("UPDATE receipt_keys SET status = 'compromised'"))
    restarted = start(private_key_b64=signer.seed)
    answer = verdict(restarted, signer.sign())
    assert answer["valid"] is False
    assert "compromised" in answer["reason"]
    published = restarted.client(None).get(KEYS).json()
    assert (published["keys"], published["current_key_id"]) == ([], None)
    assert [key["kid"] for key in published["compromised"]] == [signer.key_id]
    assert restarted.client().post(ISSUE, json=PAYLOAD).status_code == 503


def test_a_receipt_of_a_key_that_another_server_registered_verifies_within_a_second(start):
    first = start(private_key_b64=Signer().seed)
    receipt = start(private_key_b64=Signer().seed).client().post(ISSUE, json=PAYLOAD).json()
    deadline = time.monotonic() + 1
    while not (valid := verdict(first, receipt)["valid"]) and time.monotonic() < deadline:
        pass
    assert valid is True


def test_a_public_key_alone_verifies_but_does_not_sign(start, signer):
    server = start(public_key_b64=keys.encode(signer.public))
    assert verdict(server, signer.sign())["valid"] is True
    assert server.client().post(ISSUE, json=PAYLOAD).status_code == 503


@pytest.mark.parametrize("other", [{}, {"public_key_b64": keys.encode(Signer().public)}], ids=["no key", "public only"])
def test_a_server_that_cannot_sign_retires_nothing(start, signer, other):
    start(private_key_b64=signer.seed)
    assert statuses(start(**other))[signer.key_id] == "active"


def test_without_a_key_everything_else_works(start, signer):
    start(private_key_b64=signer.seed)
    server = start()
    assert verdict(server, signer.sign())["valid"] is True
    stored = server.client().post("/api/v1/receipts/", json={"receipt": signer.sign()})
    assert stored.json()["status"] == "verified"
    assert server.client().get("/api/v1/receipts").json() == [signer.sign()]


def test_two_keys_under_one_id_stop_the_start(start, signer):
    start(private_key_b64=signer.seed, key_id="main")
    with pytest.raises(StartupError, match="'main' already belongs to another key"):
        start(private_key_b64=Signer().seed, key_id="main")


def test_a_start_that_was_stopped_retires_nothing(start, signer):
    server = start(private_key_b64=signer.seed, key_id="main")
    start(private_key_b64=Signer().seed, key_id="second")
    with pytest.raises(StartupError):
        start(private_key_b64=Signer().seed, key_id="main")
    assert statuses(server) == {"main": "retired", "second": "active"}


def test_many_servers_starting_at_once_agree_on_one_active_key(llmring_database):
    signers = [Signer() for _ in range(3)]
    outcomes: list[object] = []

    def run(signer: Signer) -> None:
        try:
            with live(
                make_settings(llmring_database, receipts={"private_key_b64": signer.seed}), ["receipts"]
            ) as server:
                outcomes.append(statuses(server))
        except BaseException as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(signer,)) for signer in signers * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(outcome, dict) for outcome in outcomes), outcomes
    with live(make_settings(llmring_database), ["receipts"]) as server:
        assert sorted(statuses(server).values()) == ["active", "retired", "retired"]


def test_a_name_may_be_given_to_the_key(start, signer):
    server = start(private_key_b64=signer.seed, key_id="main")
    assert server.client().post(ISSUE, json=PAYLOAD).json()["key_id"] == "main"


def test_a_key_in_use_may_get_another_name_and_another(start, signer):
    start(private_key_b64=signer.seed)
    start(private_key_b64=signer.seed, key_id="first")
    for _ in range(2):
        server = start(private_key_b64=signer.seed, key_id="second")
        assert server.client().post(ISSUE, json=PAYLOAD).json()["key_id"] == "second"
    assert statuses(server) == {signer.key_id: "retired", "first": "retired", "second": "active"}


def test_a_key_that_was_retired_does_not_come_back_under_another_name(start, signer):
    start(private_key_b64=signer.seed)
    server = start(private_key_b64=Signer().seed, key_id="next")
    with pytest.raises(StartupError, match="was retired under another id"):
        start(private_key_b64=signer.seed, key_id="again")
    assert statuses(server) == {signer.key_id: "retired", "next": "active"}


def test_a_key_that_is_compromised_does_not_come_back_under_another_name(start, signer):
    server = start(private_key_b64=signer.seed)
    server.run(ReceiptKeyStore(server.server.database).compromise(signer.key_id))
    with pytest.raises(StartupError, match="was retired under another id"):
        start(private_key_b64=signer.seed, key_id="again")


def test_the_key_set_is_read_by_jwk_readers_and_older_clients(start):
    old, new = Signer(), Signer()
    start(private_key_b64=old.seed)
    document = start(private_key_b64=new.seed).client(None).get(KEYS).json()
    assert document["current_key_id"] == new.key_id
    retired, active = document["keys"]
    assert active.pop("created_at").endswith("Z")
    assert active == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": keys.encode(new.public),
        "kid": new.key_id,
        "use": "sig",
        "alg": "Ed25519",
        "key_id": new.key_id,
        "public_key_pem": keys.public_pem(new.public),
        "status": "active",
        "retired_at": None,
    }
    assert retired["kid"] == old.key_id
    assert retired["retired_at"].endswith("Z")


def test_the_pem_is_the_current_key_or_the_one_asked_for(start):
    old, new = Signer(), Signer()
    start(private_key_b64=old.seed)
    client = start(private_key_b64=new.seed).client(None)
    current = client.get("/receipts/public-key.pem")
    assert (current.text, current.headers["Content-Type"]) == (keys.public_pem(new.public), "application/x-pem-file")
    assert client.get("/receipts/public-key.pem", params={"kid": old.key_id}).text == keys.public_pem(old.public)


@pytest.mark.parametrize("query", [{}, {"kid": "unknown"}])
def test_a_pem_that_is_not_there_is_404(start, query):
    assert start().client(None).get("/receipts/public-key.pem", params=query).status_code == 404
