"""Issue receipts from payloads, and reject invalid ones."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from receipts_kit import PAYLOAD

ISSUE = "/api/v1/receipts/issue"


def test_issuing_needs_a_project_key(server):
    assert server.client(None).post(ISSUE, json=PAYLOAD).status_code == 401


def test_an_issued_receipt_verifies(issue, verify, signer):
    assert verify(issue().json()) == {"valid": True, "reason": None, "key_id": signer.key_id, "issuer": "self"}


def test_without_a_signing_key_issuing_is_503_and_names_the_remedy(llmring_live):
    answer = llmring_live(["receipts"]).client().post(ISSUE, json=PAYLOAD)
    assert answer.status_code == 503
    assert "llmring-server receipts keygen" in answer.json()["detail"]


def test_what_is_absent_is_filled_in(issue, signer):
    receipt = issue().json()
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", receipt["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", receipt["timestamp"])
    assert receipt["key_id"] == signer.key_id
    assert receipt["tokens"] == {"input": 120, "output": 30, "cached_input": 0}
    assert receipt["cost"] == {"amount": "0.00045", "currency": "USD", "calculation": None}
    assert receipt["registry_version"] is receipt["profile"] is receipt["lock_digest"] is None
    assert not {"provider", "usage_log_id", "ext"} & set(receipt)


def test_a_timestamp_is_written_in_utc_with_microseconds(issue):
    assert issue(timestamp="2026-01-31T13:00:00.5+01:00").json()["timestamp"] == "2026-01-31T12:00:00.500000Z"


def test_a_timestamp_may_be_at_most_five_minutes_ahead(issue):
    ahead = [datetime.now(UTC) + timedelta(minutes=minutes) for minutes in (4, 6)]
    found = [issue(timestamp=moment.isoformat()) for moment in ahead]
    assert [answer.status_code for answer in found] == [200, 422]
    assert found[1].json()["errors"][0]["loc"] == ["body", "timestamp"]


def test_a_cost_computed_in_floats_is_written_with_every_digit(issue):
    assert issue(cost={"amount": 0.00010811999999999999}).json()["cost"]["amount"] == "0.00010811999999999999"


def test_a_number_becomes_a_decimal_string_with_every_digit(client):
    body = '{"model": "m", "tokens": {"input": 1, "output": 1}, "cost": {"amount": 1234567890.123456789012}}'
    answer = client.post(ISSUE, content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["cost"]["amount"] == "1234567890.123456789012"


def test_ext_takes_any_json_without_floats(issue, verify):
    ext = {"trace": ["a", 1, None, True, {"ü": {}}]}
    receipt = issue(ext=ext).json()
    assert receipt["ext"] == ext
    assert verify(receipt)["valid"]


@pytest.mark.parametrize("ext", [{"a": [1, 2.5]}, {"a": [1, 1e3]}])
def test_a_float_in_ext_is_422_with_its_path(issue, ext):
    answer = issue(ext=ext)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["body", "ext", "a", 1]


@pytest.mark.parametrize(
    ("members", "loc"),
    [
        ({"cost": {"amount": "0." + "3" * 61}}, ["body", "cost", "amount"]),
        ({"cost": {"amount": -1}}, ["body", "cost", "amount"]),
        ({"cost": {"amount": "free"}}, ["body", "cost", "amount"]),
        ({"cost": {"amount": 1, "currency": "dollars"}}, ["body", "cost", "currency"]),
        ({"tokens": {"input": -1, "output": 1}}, ["body", "tokens", "input"]),
        ({"tokens": {"input": 1.0, "output": 1}}, ["body", "tokens", "input"]),
        ({"tokens": {"input": True, "output": 1}}, ["body", "tokens", "input"]),
        ({"model": ""}, ["body", "model"]),
        ({"timestamp": "2026-01-31T12:00:00"}, ["body", "timestamp"]),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, ["body", "timestamp"]),
        ({"billed": {"input": 120}}, ["body"]),
        ({"id": "a/b"}, ["body", "id"]),
        ({"id": "verify"}, ["body", "id"]),
        ({"key_id": "another"}, ["body", "key_id"]),
    ],
)
def test_an_invalid_value_is_422_with_its_path(issue, members, loc):
    answer = issue(**members)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["loc"] == loc


@pytest.mark.parametrize("missing", ["model", "tokens", "cost"])
def test_model_tokens_and_cost_are_needed(client, missing):
    answer = client.post(ISSUE, json={name: value for name, value in PAYLOAD.items() if name != missing})
    assert answer.status_code == 422
    assert missing in answer.json()["detail"]


@pytest.mark.parametrize(
    "members",
    [
        {"region": "eu"},
        {"signature": "ed25519:" + "A" * 86},
        {"tokens": {"input": 1, "output": 1, "region": 5}},
        {"cost": {"amount": 1, "region": 5}},
    ],
)
def test_an_unknown_field_outside_ext_is_422_and_named(issue, members):
    answer = issue(**members)
    assert answer.status_code == 422
    assert ("region" if "signature" not in members else "signature") in answer.json()["detail"]
    assert "ext" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("text", "loc"),
    [
        (b'{"model": "a", "model": "b"}', ["body"]),
        (b'{"cost": {"amount": NaN}}', ["body", "cost", "amount"]),
        (b'{"cost": {"amount": 1e400}}', ["body", "cost", "amount"]),
        (b'{"tokens": {"input": 9007199254740992}}', ["body", "tokens", "input"]),
        (rb'{"model": "\ud800"}', ["body", "model"]),
        (rb'{"model": "\u0000"}', ["body", "model"]),
        (b'{"ext": ' + b"[" * 33 + b"]" * 33 + b"}", ["body", "ext", *[0] * 31]),
        (b'{"model": ', ["body"]),
        (b'{"model": "\xff"}', ["body"]),
    ],
    ids=["duplicate", "NaN", "1e400", "integer", "surrogate", "NUL", "depth", "cut short", "not UTF-8"],
)
def test_json_that_a_receipt_must_not_contain_is_400_with_its_path(client, text, loc):
    answer = client.post(ISSUE, content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["loc"] == loc


@pytest.mark.parametrize("path", ["/api/v1/receipts/issue", "/api/v1/receipts", "/api/v1/receipts/verify"])
def test_a_body_past_64_kib_is_413(client, path):
    assert client.post(path, json={"receipt": {"ext": "x" * 65536}}).status_code == 413


def test_a_receipt_that_would_be_too_large_to_post_back_is_not_issued(issue):
    assert issue(ext={"x": "x" * 65100}).status_code == 413


def test_the_largest_receipt_that_is_issued_can_be_stored(client, issue):
    receipt = issue(ext={"x": "x" * 64500})
    assert receipt.status_code == 200
    body = b'{"receipt":' + receipt.content + b"}"
    answer = client.post("/api/v1/receipts/", content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["status"] == "verified"


def test_issuing_with_store_keeps_the_same_bytes(client, issue):
    issued = issue(store=True)
    assert client.get(f"/api/v1/receipts/{issued.json()['id']}").content == issued.content


def test_issuing_without_store_stores_nothing(client, issue):
    assert client.get(f"/api/v1/receipts/{issue().json()['id']}").status_code == 404


def test_issuing_the_same_again_gives_the_same_bytes(issue):
    same = {"id": "call-1", "timestamp": "2026-01-31T12:00:00Z"}
    assert issue(store=True, **same).content == issue(store=True, **same).content


def test_issuing_another_receipt_under_a_stored_id_is_409(issue):
    issue(store=True, id="call-1")
    assert issue(store=True, id="call-1").status_code == 409
