"""Properties: every valid payload is issued and verifies; no changed receipt does."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from receipts_kit import PAYLOAD, Signer

from llmring_receipts.formats import keys, signing
from llmring_receipts.formats.canonical import InvalidValue, canonicalize, parse

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=50)
COUNT = st.integers(0, 2**53 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)
PAYLOADS = st.fixed_dictionaries(
    {
        "model": TEXT,
        "tokens": st.fixed_dictionaries({"input": COUNT, "output": COUNT}, optional={"cached_input": COUNT}),
        "cost": st.fixed_dictionaries(
            {"amount": st.decimals(0, 10**9, places=12).map(str) | st.integers(0, 10**9)},
            optional={"calculation": st.none() | TEXT},
        ),
    },
    optional={
        "alias": st.none() | TEXT,
        "profile": st.none() | TEXT,
        "registry_version": st.none() | TEXT,
        "timestamp": st.datetimes(max_value=datetime(2026, 1, 1)).map(lambda moment: moment.isoformat() + "Z"),
        "ext": st.dictionaries(TEXT, JSON, max_size=3),
    },
)
SIGNER = Signer()


@pytest.fixture(scope="module")
def known() -> keys.PublicKey:
    return keys.PublicKey(SIGNER.key_id, SIGNER.public, datetime.now(UTC), None, "active")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=PAYLOADS)
def test_any_valid_payload_is_issued_and_verifies(client, verify, payload):
    issued = client.post("/api/v1/receipts/issue", json=payload)
    assert issued.status_code == 200, issued.text
    assert issued.content == canonicalize(parse(issued.content))
    assert verify(issued.json())["valid"] is True


@pytest.mark.parametrize(
    "character", [chr(code) for code in (*range(1, 0x20), 0x22, 0x2F, 0x5C, 0x7F, 0x80, 0x2028, 0xFFFF, 0x1F600)]
)
def test_every_character_that_json_may_escape_is_issued_as_canonical_json(client, verify, character):
    payload = {**PAYLOAD, "model": f"a{character}", "ext": {f"b{character}": character, "\uffff": 1, "😀": 2}}
    issued = client.post("/api/v1/receipts/issue", json=payload)
    assert issued.content == canonicalize(parse(issued.content))
    assert verify(issued.json())["valid"] is True


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0), bit=st.integers(0, 7))
def test_flipping_one_bit_anywhere_is_never_valid(known, at, bit):
    text = bytearray(
        signing.sign({**PAYLOAD, "id": "a", "key_id": SIGNER.key_id, "ext": {"ü": [1, "x"]}}, SIGNER.private)
    )
    text[at % len(text)] ^= 1 << bit
    try:
        changed = parse(bytes(text))
    except InvalidValue:
        return
    assert not isinstance(changed, dict) or signing.find_fault(changed, known) is not None


def test_every_flipped_byte_of_a_receipt_is_not_valid(known):
    whole = signing.sign({**PAYLOAD, "id": "a", "key_id": SIGNER.key_id}, SIGNER.private)
    assert signing.find_fault(json.loads(whole), known) is None
    for at in range(len(whole)):
        try:
            changed = parse(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        except InvalidValue:
            continue
        assert not isinstance(changed, dict) or signing.find_fault(changed, known) is not None, at
