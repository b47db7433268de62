"""`llmring-server receipts keys | retire`: list keys, and retire one."""

import json
from datetime import UTC, datetime

import pytest
from receipts_kit import PAYLOAD, Signer

from llmring_receipts.formats import jwks
from llmring_server.testing import eventually

ISSUE = "/api/v1/receipts/issue"
VERIFY = "/api/v1/receipts/verify"


@pytest.fixture
def receipts(llmring_cli):
    """Give a function that runs `llmring-server receipts`."""
    return lambda *arguments: llmring_cli("receipts", *arguments, LLMRING_PLUGINS="receipts")


def verdict(server, receipt):
    return server.client(None).post(VERIFY, json={"receipt": receipt}).json()


def test_keys_lists_every_key_with_status_and_dates(llmring_live, receipts):
    old, new = Signer(), Signer()
    llmring_live(["receipts"], receipts={"private_key_b64": old.seed})
    llmring_live(["receipts"], receipts={"private_key_b64": new.seed})
    first, second = receipts("keys").stdout.splitlines()
    today = f"{datetime.now(UTC):%Y-%m-%dT}"
    assert first.startswith(f"{old.key_id}  retired  since {today}")
    assert f"until {today}" in first
    assert second.startswith(f"{new.key_id}  active  since {today}")


def test_keys_as_json_are_the_set_that_is_published(server, receipts):
    published = server.client(None).get("/receipts/public-keys.json").json()
    assert json.loads(receipts("keys", "--json").stdout) == published


def test_without_a_key_keys_prints_how_to_create_one(receipts):
    done = receipts("keys")
    assert (done.returncode, done.stdout) == (0, "")
    assert "keygen" in done.stderr


def test_a_key_that_is_retired_signs_no_more_and_its_receipts_still_verify(server, client, receipts, signer):
    before = client.post(ISSUE, json=PAYLOAD).json()
    done = receipts("retire", signer.key_id)
    assert (done.returncode, done.stdout.split()[:2]) == (0, [signer.key_id, "retired"]), done.stderr
    answer = eventually(lambda: (found := client.post(ISSUE, json=PAYLOAD)).status_code == 503 and found)
    assert "retired" in answer.json()["detail"]
    assert verdict(server, before)["valid"] is True
    assert verdict(server, signer.sign(timestamp="2999-01-01T00:00:00Z"))["valid"] is False


def test_a_compromised_key_proves_nothing_and_the_reason_names_it(server, client, receipts, signer):
    before = client.post(ISSUE, json=PAYLOAD).json()
    assert receipts("retire", signer.key_id, "--compromised").returncode == 0
    found = eventually(lambda: (said := verdict(server, before))["valid"] is False and said)
    assert "compromised" in found["reason"]
    assert eventually(lambda: client.post(ISSUE, json=PAYLOAD).status_code == 503)
    (known,) = jwks.parse(server.client(None).get("/receipts/public-keys.json").content)
    assert known.status == "compromised"


def test_a_key_whose_id_begins_with_a_dash_is_retired_like_any_other(llmring_live, receipts):
    signer = next(signer for signer in iter(Signer, None) if signer.key_id.startswith("-"))
    llmring_live(["receipts"], receipts={"private_key_b64": signer.seed})
    for options, status in ((), "retired"), (("--compromised",), "compromised"):
        done = receipts("retire", signer.key_id, *options)
        assert (done.returncode, done.stdout.split()[:2]) == (0, [signer.key_id, status]), done.stderr


def test_a_misspelt_option_of_retire_is_refused(server, receipts, signer):
    done = receipts("retire", signer.key_id, "--compromized")
    assert done.returncode == 2
    assert receipts("keys").stdout.split()[1] == "active"


def test_a_retired_key_may_be_compromised_later(server, receipts, signer):
    assert receipts("retire", signer.key_id).returncode == 0
    assert receipts("retire", signer.key_id, "--compromised").returncode == 0
    (row,) = server.rows("SELECT status FROM receipt_keys")
    assert row["status"] == "compromised"


def test_a_key_with_two_ids_is_compromised_under_both(llmring_live, receipts, signer):
    llmring_live(["receipts"], receipts={"private_key_b64": signer.seed})
    server = llmring_live(["receipts"], receipts={"private_key_b64": signer.seed, "key_id": "prod"})
    stolen = signer.sign()
    assert verdict(server, stolen)["valid"] is True
    done = receipts("retire", "prod", "--compromised")
    assert {tuple(line.split()[:2]) for line in done.stdout.splitlines()} == {
        (signer.key_id, "compromised"),
        ("prod", "compromised"),
    }
    assert eventually(lambda: verdict(server, stolen)["valid"] is False)
    published = server.client(None).get("/receipts/public-keys.json").json()
    assert (published["keys"], len(published["compromised"])) == ([], 2)


def test_a_key_with_two_ids_is_retired_by_either(llmring_live, receipts, signer):
    llmring_live(["receipts"], receipts={"private_key_b64": signer.seed})
    server = llmring_live(["receipts"], receipts={"private_key_b64": signer.seed, "key_id": "prod"})
    assert receipts("retire", signer.key_id).returncode == 0
    assert {row["status"] for row in server.rows("SELECT status FROM receipt_keys")} == {"retired"}


@pytest.mark.parametrize("arguments", [["unknown"], ["unknown", "--compromised"]])
def test_a_key_that_is_not_there_cannot_be_retired(server, receipts, arguments):
    done = receipts("retire", *arguments)
    assert done.returncode == 1
    assert "no key 'unknown'" in done.stderr


def test_a_compromised_key_is_never_made_a_retired_one(server, receipts, signer):
    receipts("retire", signer.key_id, "--compromised")
    done = receipts("retire", signer.key_id)
    assert done.returncode == 1
    assert "already compromised" in done.stderr
