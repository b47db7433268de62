"""Trusted issuers: receipts that another deployment signed verify here, and are distinguished from our own."""

import json

import msgspec
import pytest
from receipts_kit import PAYLOAD, Signer

from llmring_receipts.formats import jwks, keys
from llmring_server.errors import StartupError

RECEIPTS = "/api/v1/receipts"


@pytest.fixture
def trusting(llmring_live, tmp_path, signer):
    """Give a function that starts a server which trusts these keys."""

    def start(*known, **settings):
        path = tmp_path / "issuers.json"
        path.write_bytes(msgspec.json.encode(jwks.build(known, None)))
        return llmring_live(
            ["receipts"], receipts={"private_key_b64": signer.seed, "trusted_jwks": str(path), **settings}
        )

    return start


def public(signer, status="active", key_id=None):
    return keys.PublicKey(key_id or signer.key_id, signer.public, None, None, status)


def verdict(server, receipt):
    return server.client(None).post(f"{RECEIPTS}/verify", json={"receipt": receipt}).json()


def test_a_receipt_of_a_trusted_issuer_verifies_and_is_stored(trusting):
    theirs = Signer()
    server = trusting(public(theirs))
    assert verdict(server, theirs.sign()) == {
        "valid": True, "reason": None, "key_id": theirs.key_id, "issuer": "trusted",
    }  # fmt: skip
    assert server.client().post(RECEIPTS, json={"receipt": theirs.sign()}).json()["status"] == "verified"


def test_our_own_receipts_are_distinguished_from_theirs(trusting):
    server = trusting(public(Signer()))
    ours = server.client().post(f"{RECEIPTS}/issue", json=PAYLOAD).json()
    assert verdict(server, ours)["issuer"] == "self"


def test_an_issuer_that_is_not_in_the_file_is_unknown(trusting):
    stranger = Signer()
    found = verdict(trusting(public(Signer())), stranger.sign())
    assert (found["valid"], found["issuer"]) == (False, None)


def test_a_key_that_its_issuer_calls_compromised_proves_nothing(trusting):
    theirs = Signer()
    found = verdict(trusting(public(theirs, "compromised")), theirs.sign())
    assert found["valid"] is False
    assert "compromised" in found["reason"]


def test_trusted_keys_are_not_published_as_ours(trusting, signer):
    published = trusting(public(Signer())).client(None).get("/receipts/public-keys.json").json()
    assert [key["kid"] for key in published["keys"]] == [signer.key_id]


def test_our_own_key_in_the_file_is_accepted(trusting, signer):
    server = trusting(public(signer))
    ours = server.client().post(f"{RECEIPTS}/issue", json=PAYLOAD).json()
    assert verdict(server, ours)["issuer"] == "self"


def test_a_trusted_key_under_the_id_of_ours_stops_the_start(trusting):
    with pytest.raises(StartupError, match="'main' belongs to another key"):
        trusting(public(Signer(), key_id="main"), key_id="main")


def test_a_trusted_key_under_the_id_of_a_former_key_of_ours_stops_the_start_and_retires_nothing(llmring_live, trusting):
    former = llmring_live(["receipts"], receipts={"private_key_b64": Signer().seed, "key_id": "former"})
    with pytest.raises(StartupError, match="'former' belongs to another key"):
        trusting(public(Signer(), key_id="former"))
    assert former.rows("SELECT key_id, status FROM receipt_keys") == [{"key_id": "former", "status": "active"}]


@pytest.mark.parametrize("content", [None, b"{}", b"x" * (1024 * 1024 + 1)], ids=["no file", "no set", "too large"])
def test_a_file_that_cannot_be_used_stops_the_start_and_is_named(llmring_live, tmp_path, content):
    path = tmp_path / "issuers.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StartupError, match=f"LLMRING_RECEIPTS_TRUSTED_JWKS: {path}"):
        llmring_live(["receipts"], receipts={"trusted_jwks": str(path)})


def test_what_another_deployment_publishes_is_such_a_file(llmring_live, trusting, tmp_path):
    theirs = Signer()
    other = llmring_live(["receipts"], receipts={"private_key_b64": theirs.seed})
    published = other.client(None).get("/receipts/public-keys.json").json()
    (read,) = jwks.parse(json.dumps(published).encode())
    assert verdict(trusting(read), theirs.sign())["valid"] is True
