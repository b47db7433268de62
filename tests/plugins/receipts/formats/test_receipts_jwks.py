"""JWK sets: what is parsed from an untrusted file, and what is rejected."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from receipts_kit import Signer

from llmring_receipts.formats import jwks, keys

MOMENT = datetime(2026, 1, 31, tzinfo=UTC)


def jwk(signer, **members):
    return {"kty": "OKP", "crv": "Ed25519", "x": keys.encode(signer.public), **members}


def read(*given, **members):
    return jwks.parse(json.dumps({"keys": given, **members}).encode())


def test_what_is_written_is_read_again():
    active, retired, compromised = (Signer() for _ in range(3))
    known = [
        keys.PublicKey("active", active.public, MOMENT, None, "active"),
        keys.PublicKey("retired", retired.public, MOMENT, MOMENT, "retired"),
        keys.PublicKey("compromised", compromised.public, MOMENT, MOMENT, "compromised"),
    ]
    assert jwks.parse(msgspec.json.encode(jwks.build(known, "active"))) == known


def test_a_plain_jwk_set_needs_no_fields_of_ours():
    signer = Signer()
    assert read(jwk(signer, kid="theirs")) == [keys.PublicKey("theirs", signer.public, None, None, "active")]


def test_a_key_without_an_id_has_its_thumbprint():
    signer = Signer()
    assert [key.key_id for key in read(jwk(signer))] == [signer.key_id]


def test_keys_of_other_kinds_and_uses_are_left_out():
    signer, other = Signer(), Signer()
    given = [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}, jwk(other, use="enc"), jwk(signer, use="sig")]
    assert [key.key_id for key in read(*given)] == [signer.key_id]


def test_a_key_that_is_also_listed_as_compromised_is():
    signer = Signer()
    (found,) = read(jwk(signer), compromised=[jwk(signer)])
    assert found.status == "compromised"


def test_a_key_that_is_compromised_under_one_id_is_so_under_every_other():
    signer, other = Signer(), Signer()
    given = [jwk(signer, kid="first", retired_at="2026-01-31T00:00:00Z"), jwk(other, kid="other")]
    found = {key.key_id: key.status for key in read(*given, compromised=[jwk(signer, kid="second")])}
    assert found == {"first": "compromised", "other": "active", "second": "compromised"}


SIGNER = Signer()
REFUSED = {
    "no JSON": b"{",
    "no set": b"[]",
    "no keys": b'{"keys": []}',
    "a member twice": b'{"keys": [], "keys": []}',
    "a private key": json.dumps({"keys": [jwk(SIGNER, d=SIGNER.seed)]}).encode(),
    "a padded key": json.dumps({"keys": [jwk(SIGNER, x=keys.encode(SIGNER.public) + "=")]}).encode(),
    "a short key": json.dumps({"keys": [jwk(SIGNER, x="AAAA")]}).encode(),
    "no key in it": json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519"}]}).encode(),
    "two ids of one key": json.dumps({"keys": [jwk(SIGNER, kid="a", key_id="b")]}).encode(),
    "two keys under one id": json.dumps({"keys": [jwk(SIGNER, kid="a"), jwk(Signer(), kid="a")]}).encode(),
    "an id that is none": json.dumps({"keys": [jwk(SIGNER, kid="a b")]}).encode(),
    "a time without an offset": json.dumps({"keys": [jwk(SIGNER, retired_at="2026-01-31T00:00:00")]}).encode(),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_a_set_that_cannot_be_relied_on_is_refused(content):
    with pytest.raises(keys.InvalidKey, match=r"set|base64url") as refused:
        jwks.parse(content)
    assert SIGNER.seed not in str(refused.value)
