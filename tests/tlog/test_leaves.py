"""Entries: 34 bytes that prove a receipt to a holder of its opening, and reveal nothing to others."""

import hashlib
import hmac
import itertools

import pytest
from tlog_kit import flips

from llmring_server.tlog import leaves
from llmring_server.tlog.leaves import EntryKind, LeafOpening

RECEIPT = b'{"cost":{"amount":"0.00045"},"id":"r1"}'
OPENING = LeafOpening("prj_aaaa", 7, bytes(range(32)))


def test_an_entry_is_built_as_the_design_says():
    said = b"llmring-receipt-leaf/v1\0" + b"\x08prj_aaaa" + b"\0\0\0\0\0\0\0\x07" + RECEIPT
    assert leaves.receipt_entry(OPENING, RECEIPT) == b"\x01\x01" + hmac.new(bytes(range(32)), said, "sha256").digest()


@pytest.mark.parametrize(
    "other",
    [
        LeafOpening("prj_aaab", 7, bytes(range(32))),
        LeafOpening("prj_aaaa", 8, bytes(range(32))),
        LeafOpening("prj_aaaa", 7, bytes(32)),
    ],
)
def test_another_project_number_or_salt_gives_another_entry(other):
    assert leaves.receipt_entry(other, RECEIPT) != leaves.receipt_entry(OPENING, RECEIPT)


def test_any_changed_byte_of_the_receipt_gives_another_entry():
    entry = leaves.receipt_entry(OPENING, RECEIPT)
    assert all(leaves.receipt_entry(OPENING, changed) != entry for _, changed in flips(RECEIPT))


def test_without_the_salt_the_project_of_a_receipt_cannot_be_found():
    entry = leaves.receipt_entry(OPENING, RECEIPT)
    said = b"llmring-receipt-leaf/v1\0" + b"\x08prj_aaaa" + (7).to_bytes(8, "big") + RECEIPT
    secrets = [b"", bytes(32), b"prj_aaaa", hashlib.sha256(b"prj_aaaa").digest(), hashlib.sha256(RECEIPT).digest()]
    guesses = [hmac.digest(secret, said, "sha256") for secret in secrets]
    guesses += [hashlib.sha256(b"".join(parts)).digest() for parts in itertools.permutations([said, b"\x01", b"\0"], 2)]
    guesses += [hashlib.sha256(RECEIPT).digest(), hashlib.sha256(said).digest()]
    assert all(guess != entry[2:] for guess in guesses)


@pytest.mark.parametrize("seq", [1, 7, 2**64 - 1])
def test_an_opening_is_read_as_it_is_written(seq):
    opened = LeafOpening("prj_aaaa", seq, bytes(range(32)))
    assert leaves.parse_opening(opened.text()) == opened
    assert len(leaves.receipt_entry(opened, RECEIPT)) == leaves.ENTRY_BYTES


OTHERS = {
    "nothing": b"",
    "no members": b"{}",
    "a list": b"[]",
    "a space behind it": OPENING.text() + b" ",
    "number 0": OPENING.text().replace(b":7", b":0"),
    "a number of nine bytes": OPENING.text().replace(b":7", b":18446744073709551616"),
    "cut off": OPENING.text()[:-30] + b'"}',
    "too deep": b'{"more":' + b"[" * 100_000,
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_other_text_is_no_opening(text):
    with pytest.raises(ValueError, match="not an opening"):
        leaves.parse_opening(text)


@pytest.mark.parametrize("kind", [EntryKind.STATEMENT, EntryKind.KEY_EVENT, EntryKind.TOMBSTONE])
def test_what_is_public_is_a_digest_of_its_kind(kind):
    entry = leaves.public_entry(kind, b"{}")
    assert len(entry) == leaves.ENTRY_BYTES
    assert entry[:2] == bytes([1, kind])
    assert len({leaves.public_entry(other, b"{}") for other in list(EntryKind)[1:]}) == 3


def test_a_receipt_is_never_a_plain_digest():
    with pytest.raises(ValueError, match="salt"):
        leaves.public_entry(EntryKind.RECEIPT, RECEIPT)


@pytest.mark.parametrize("project", ["", "p" * 256])
def test_a_project_without_a_valid_name_is_refused(project):
    with pytest.raises(ValueError, match="1 to 255 bytes"):
        leaves.receipt_entry(LeafOpening(project, 1, bytes(32)), RECEIPT)
