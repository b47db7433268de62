"""Positions of receipts and statements in the log, for other plugins."""

import time

import pytest
from transparency_kit import ORIGIN, receipts, store
from witness_kit import Witness

from llmring_server.contracts.transparency import LogPosition, LogPositions, NoPosition, StatementsStored
from llmring_server.http.errors import Unavailable
from llmring_server.testing import eventually
from llmring_server.tlog import checkpoints


@pytest.fixture
def place(server, one):
    """Return a function that returns the position of this project's receipt."""
    return lambda name, project=one: server.run(server.server.service(LogPositions).receipt_position(project, name))


def test_a_receipt_s_place_is_that_of_its_proof(server, reader, one, key, place):
    store(server, *receipts(one, "a", "b"))
    reader.until(3)
    found, proof = place("b"), reader.proof("b")
    assert (found.origin, found.index, found.size, found.seq) == (ORIGIN, proof.index, 3, 2)
    assert found.checkpoint.encode() == proof.checkpoint
    assert checkpoints.open_checkpoint(found.checkpoint.encode(), key.verifier).size == found.size
    assert found.cosigners == []


def test_a_statement_has_a_place_without_a_number_among_receipts(server, reader, one):
    async def work():
        async with server.server.database.transaction() as connection:
            await server.server.service(StatementsStored).write_statement(connection, one, "1", b"{}")

    server.run(work())
    reader.until(2)
    found = server.run(server.server.service(LogPositions).statement_position(one, "1"))
    assert (found.index, found.seq) == (1, None)
    assert server.run(server.server.service(LogPositions).statement_position(one, "2")) == NoPosition("unknown")


def test_another_project_s_receipt_has_no_place(server, reader, one, place):
    store(server, *receipts(one, "a"))
    reader.until(2)
    assert place("a", server.project_id("two")) == NoPosition("unknown")


def test_an_erased_receipt_is_reported_as_erased(server, reader, one, place):
    store(server, *receipts(one, "a"))
    reader.until(2)
    server.rows("UPDATE transparency_leaves SET salt = NULL WHERE reference = 'a' RETURNING 1")
    assert place("a") == NoPosition("erased")


def test_without_a_key_a_receipt_waits(llmring_live):
    server = llmring_live(["transparency"])
    store(server, *receipts(server.project_id("one"), "a"))
    asked = server.server.service(LogPositions).receipt_position
    assert server.run(asked(server.project_id("one"), "a")) == NoPosition("waiting")
    server.rows("UPDATE transparency_queue SET project_id = 'prj_other' RETURNING 1")
    assert server.run(asked(server.project_id("one"), "a")) == NoPosition("unknown")


def test_without_a_checkpoint_no_place_is_shown(server, reader, one, place):
    store(server, *receipts(one, "a"))
    reader.until(2)
    server.rows("UPDATE transparency_log SET checkpoint = NULL RETURNING 1")
    with pytest.raises(Unavailable):
        place("a")


def test_witnesses_that_have_cosigned_are_named(start, key, tmp_path):
    with Witness(tmp_path / "witness", key.verifier).running() as witness:
        server = start(witnesses=witness.setting)
        project = server.project_id("one")
        store(server, *receipts(project, "a"))

        def cosigned():
            found = server.run(server.server.service(LogPositions).receipt_position(project, "a"))
            return isinstance(found, LogPosition) and found.cosigners

        (cosigner,) = eventually(cosigned)
    assert cosigner.name == witness.signer.verifier.name
    assert abs(cosigner.at.timestamp() - time.time()) < 60
