"""Known pitfalls of canonical JSON and signatures, one test per pitfall."""

import json
import re

import pytest
from receipts_kit import PAYLOAD

from llmring_receipts.formats.canonical import canonicalize

ISSUE = "/api/v1/receipts/issue"
RECEIPTS = "/api/v1/receipts"


def numbers(value):
    """Yield every number in a JSON value as it is written."""
    return re.findall(r"(?<![\w\"-])-?\d[\d.eE+-]*(?=[,\]}])", value)


def nested(levels):
    deep: object = 1
    for _ in range(levels):
        deep = [deep]
    return deep


def test_money_as_a_double(client):
    """Issued receipts have decimal strings for money, and no floats; 0.1 + 0.2 in doubles keeps the digits it has."""
    body = json.dumps({**PAYLOAD, "cost": {"amount": 0.1 + 0.2}})
    headers = {"Content-Type": "application/json"}
    sent = client.post(ISSUE, content=body, headers=headers)
    assert sent.json()["cost"]["amount"] == "0.30000000000000004"
    exact = client.post(ISSUE, content=body.replace("0.30000000000000004", "0.300"), headers=headers)
    assert exact.json()["cost"]["amount"] == "0.3"
    assert numbers(exact.text) == ["0", "120", "30"]


def test_timestamps_reprinted(client, verify, signer):
    """Issued timestamps have one format; a foreign receipt keeps its own and is verified with it."""
    spelt = client.post(ISSUE, json={**PAYLOAD, "timestamp": "2026-01-31T13:00:00+01:00"}).json()["timestamp"]
    assert spelt == "2026-01-31T12:00:00.000000Z"
    theirs = signer.sign(timestamp="2026-01-31T13:00:00+01:00")
    assert client.post(RECEIPTS, json={"receipt": theirs}).status_code == 200
    assert client.get(f"{RECEIPTS}/{theirs['id']}").json()["timestamp"] == "2026-01-31T13:00:00+01:00"
    assert verify({**theirs, "timestamp": "2026-01-31T12:00:00Z"})["valid"] is False


@pytest.mark.own_server
def test_rebuilding_from_columns_or_models_or_jsonb(server, client, signer):
    """The signed bytes are stored and returned, including fields that no column or struct has."""
    receipt = signer.sign(zeta=1e21, alpha={"ü": [1.5, "\u2028"]}, cost={"amount": 1e-7, "tax": None})
    assert client.post(RECEIPTS, json={"receipt": receipt}).json()["status"] == "verified"
    (kept,) = server.rows("SELECT content FROM receipts")
    assert client.get(f"{RECEIPTS}/{receipt['id']}").content == bytes(kept["content"]) == canonicalize(receipt)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ('{"a": 1, "a": 1}', ["body", "ext"]),
        ('{"a": NaN}', ["body", "ext", "a"]),
        ('{"a": 1e400}', ["body", "ext", "a"]),
        ('{"a": 9007199254740992}', ["body", "ext", "a"]),
        (r'{"a": "\ud800"}', ["body", "ext", "a"]),
        (r'{"a": "\u0000"}', ["body", "ext", "a"]),
    ],
    ids=["duplicate member", "NaN", "1e400", "past 2^53−1", "lone surrogate", "NUL"],
)
def test_what_two_readers_take_differently(client, value, place):
    """Ambiguous JSON is rejected by the parser, with its path."""
    body = json.dumps({**PAYLOAD, "ext": "here"}).replace('"here"', value)
    answer = client.post(ISSUE, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (400, place)


def test_unknown_fields(client, verify, signer):
    """The signature covers them in foreign receipts; issued receipts have them only inside ext."""
    assert client.post(ISSUE, json={**PAYLOAD, "region": "eu"}).status_code == 422
    ours = client.post(ISSUE, json={**PAYLOAD, "ext": {"region": "eu"}}).json()
    assert verify(ours)["valid"] is True
    assert verify({**ours, "ext": {"region": "us"}})["valid"] is False
    assert verify({**signer.sign(region="eu"), "region": "us"})["valid"] is False


@pytest.mark.parametrize(
    "spell",
    [
        lambda made: made + "=",
        lambda made: made.replace("-", "+").replace("_", "/"),
        lambda made: made[:-1] + chr(ord(made[-1]) + 1),
        lambda made: made.replace("ed25519:", "Ed25519:"),
    ],
    ids=["padding", "the other alphabet", "the last bits", "the scheme"],
)
def test_base64url_encodings(verify, signer, spell):
    """Only the canonical encoding is accepted, although others decode to the same bytes."""
    number, receipt = 0, signer.sign()
    while spell(receipt["signature"]) == receipt["signature"]:
        number, receipt = number + 1, signer.sign(number=number)
    assert verify(receipt)["valid"] is True
    verdict = verify({**receipt, "signature": spell(receipt["signature"])})
    assert verdict["valid"] is False
    assert "86 characters" in verdict["reason"]


def test_depth_and_size(client, verify, signer):
    """32 levels and 64 KiB are accepted, more is not."""
    assert verify(signer.sign(ext=nested(31)))["valid"] is True
    deeper = client.post(f"{RECEIPTS}/verify", json={"receipt": signer.sign(ext=nested(32))})
    assert deeper.status_code == 400
    assert client.post(ISSUE, json={**PAYLOAD, "ext": {"a": "x" * 60_000}}).status_code == 200
    assert client.post(ISSUE, json={**PAYLOAD, "ext": {"a": "x" * 65_536}}).status_code == 413


def test_receipts_of_others_with_numeric_amounts(client, verify, signer):
    """They verify and are stored: floats are forbidden only in issued receipts."""
    theirs = signer.sign(cost={"amount": 0.00045, "currency": "USD"})
    assert verify(theirs)["valid"] is True
    assert client.post(RECEIPTS, json={"receipt": theirs}).json()["status"] == "verified"
