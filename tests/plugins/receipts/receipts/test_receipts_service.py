"""Receipts for other plugins: the list, one as it was signed, and its verification step by step."""

import json
from contextlib import contextmanager

import pytest

from llmring_server.contracts.receipts import ReceiptBook
from llmring_server.http.errors import Problem
from llmring_server.testing import eventually

STEPS = ["content_readable", "key_known", "signature_present", "signature_spelling", "signature_match", "key_trusted"]


@pytest.fixture
def book(server):
    return server.server.service(ReceiptBook)


@pytest.fixture
def project(server):
    return server.project_id("one")


@pytest.fixture
def prove(server, book):
    return lambda content: server.run(book.prove(content))


@contextmanager
def refused(status):
    with pytest.raises(Problem) as problem:
        yield
    assert problem.value.status.startswith(str(status))


def failed(proof):
    return [(check.about, check.fault) for check in proof.checks if check.fault is not None]


def test_pages_of_receipts_hold_each_once_newest_first(server, book, project, issue):
    for number in range(5):
        issue(store=True, id=f"r{number}", timestamp=f"2026-01-0{number + 1}T12:00:00Z")
    found, cursor = [], None
    for _ in range(3):
        page = server.run(book.page(project, 2, cursor))
        found += [receipt.receipt_id for receipt in page.receipts]
        cursor = page.next
    assert found == ["r4", "r3", "r2", "r1", "r0"]
    assert cursor is None


def test_a_cursor_of_elsewhere_is_refused(server, book, project):
    with refused(422):
        server.run(book.page(project, 2, "elsewhere"))


def test_a_receipt_comes_byte_for_byte_as_signed_and_to_its_project_only(server, book, project, issue):
    signed = issue(store=True, id="mine").content
    assert server.run(book.get(project, "mine")).content == signed
    assert server.run(book.get(server.project_id("two"), "mine")) is None
    assert server.run(book.get(project, "no id\0")) is None


def test_a_good_receipt_passes_every_step(issue, prove, signer):
    proof = prove(issue().content)
    assert proof.valid
    assert [(check.about, check.fault) for check in proof.checks] == [(step, None) for step in STEPS]
    assert (proof.key_id, proof.key_status, proof.key_retired_at) == (signer.key_id, "active", None)
    assert proof.key_created_at is not None


@pytest.mark.parametrize(
    ("members", "step", "word"),
    [
        ({"model": "openai:other"}, "signature_match", "changed"),
        ({"signature": "ed25519:short"}, "signature_spelling", "base64url"),
        ({"signature": None}, "signature_present", "no signature"),
        ({"key_id": "stranger"}, "key_known", "stranger"),
        ({"key_id": 7}, "key_known", "names no key_id"),
    ],
)
def test_a_receipt_that_was_tampered_with_fails_at_the_step_that_shows_it(issue, prove, verify, members, step, word):
    changed = {**issue().json(), **members}
    proof = prove(json.dumps(changed).encode())
    [(failing, fault)] = failed(proof)
    assert (proof.valid, failing) == (False, step)
    assert proof.checks[-1].about == failing
    assert word in fault
    assert fault == verify(changed)["reason"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 1, "a": 2}', b"\xff"])
def test_content_that_is_not_a_receipt_fails_the_first_step(prove, content):
    proof = prove(content)
    assert not proof.valid
    assert [about for about, _ in failed(proof)] == ["content_readable"]


@pytest.mark.own_server
def test_a_compromised_key_fails_the_last_step(server, issue, prove):
    signed = issue().content
    server.run(server.server.database.execute("UPDATE receipt_keys SET status = 'compromised'"))
    proof = eventually(lambda: (found := prove(signed)).valid is False and found)
    assert proof.key_status == "compromised"
    assert [about for about, _ in failed(proof)] == ["key_trusted"]
