"""Several processes of one log contact its witnesses at one time: no false alarm, no lost cosignature."""

import asyncio
from contextlib import ExitStack, contextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from transparency_kit import alarm, receipts, store
from witness_kit import PairedStore, Witness, answering

from llmring_server.testing import eventually
from llmring_server.tlog import notes
from llmring_server.tlog.notes import KeyType
from llmring_server.tlog.signers import Signer
from llmring_transparency.sequencing.cosigning import WitnessClient, read_witnesses
from llmring_transparency.sequencing.sequencer import Sequencer
from llmring_transparency.storage.guard import RestoreGuard
from llmring_transparency.storage.store import LogStore

WITNESS = Signer.generate("witness.example/w1", KeyType.COSIGNATURE).verifier


@pytest.fixture
def worker(server, key, guard_file):
    """Return a function that returns the witness client of a new process."""

    def started(*witnesses):
        database = server.server.database
        log = LogStore(database)
        sequencer = Sequencer(database, log, key, RestoreGuard(guard_file))
        return WitnessClient(lambda: server.server.http, read_witnesses(witnesses), log, sequencer)

    return started


@pytest.fixture
def asked(server):
    """Return a function that lets workers request cosignatures at one time, and returns whether each got all."""

    async def rounds(workers):
        state = await LogStore(server.server.database).state()
        return await asyncio.gather(*(worker.collect_cosignatures(state) for worker in workers))

    return lambda *workers: server.run(rounds(workers))


@pytest.fixture
def two_witnesses(key, tmp_path):
    with ExitStack() as stack:
        yield [stack.enter_context(Witness(tmp_path / name, key.verifier).running()) for name in ("w1", "w2")]


@contextmanager
def running(server, asking):
    """Run a worker's requests in the background of the server's event loop."""
    block = asking.running()
    server.run(block.__aenter__())
    try:
        yield
    finally:
        server.run(block.__aexit__(None, None, None))


def cosigners(reader, *witnesses):
    """Return which witnesses have cosigned the checkpoint that is served."""
    note = notes.parse(reader.client.get("/tlog/checkpoint").content)
    found = {signature.verifier for signature in note.signatures([reader.log, *(w.signer.verifier for w in witnesses)])}
    return [witness for witness in witnesses if witness.signer.verifier in found]


def test_two_workers_that_start_at_one_time_raise_no_alarm_and_the_log_is_cosigned(
    server, reader, one, worker, asked, key, tmp_path
):
    with Witness(tmp_path / "witness", key.verifier, PairedStore).running() as witness:
        reader.until(1)
        assert asked(worker(witness.setting)) == [True]
        store(server, *receipts(one, "a", "b"))
        reader.until(3)
        first, second = worker(witness.setting), worker(witness.setting)
        witness.store.crowd.release(4)  # both expect 0 leaves, get 1, and submit again at one time
        assert sorted(asked(first, second)) == [False, True]
        assert alarm(server) is None
        assert cosigners(reader, witness) == [witness]
        assert asked(first, second) == [True, True]


def test_a_worker_without_a_response_removes_no_line_that_another_received(
    server, reader, worker, asked, two_witnesses
):
    both, (first, second) = [one.setting for one in two_witnesses], two_witnesses
    reader.until(1)
    assert asked(worker(*both)) == [True]
    with answering(500) as (away, _):
        assert asked(worker(first.setting, f"{second.signer.verifier.vkey()} {away}")) == [False]
    assert cosigners(reader, first, second) == [first, second]


def test_lines_that_several_workers_received_at_one_time_are_merged(server, reader, worker, asked, two_witnesses):
    first, second = two_witnesses
    reader.until(1)
    assert asked(worker(first.setting), worker(second.setting)) == [True, True]
    assert cosigners(reader, first, second) == [first, second]


def test_no_witness_is_contacted_while_signing_is_stopped(server, reader, one, worker, caplog):
    async def publish(asking):
        asking.publish(await LogStore(server.server.database).state())

    reader.until(1)
    server.rows("UPDATE transparency_log SET alarm = 'a test' RETURNING size")
    with answering(500) as (url, asked):
        asking = worker(f"{WITNESS.vkey()} {url}")
        with running(server, asking):
            server.run(publish(asking))
            eventually(lambda: "no cosignatures are requested while signing is stopped" in caplog.text)
            server.rows("UPDATE transparency_log SET alarm = NULL RETURNING size")
            store(server, *receipts(one, "a"))
            reader.until(2)
            server.run(publish(asking))
            eventually(lambda: asked)
    assert len(asked) == 1


def test_a_cosignature_of_a_time_that_is_no_date_is_not_stored(server, reader, worker, asked):
    key = Ed25519PrivateKey.generate()
    verifier = notes.verifier("far.example", key, KeyType.COSIGNATURE)
    reader.until(1)
    text = notes.parse(reader.client.get("/tlog/checkpoint").content).text
    line = notes.cosign(text, verifier.name, key, 2**40)
    with answering(200, line.text().encode()) as (url, _):
        assert asked(worker(f"{verifier.vkey()} {url}")) == [False]
    assert server.rows("SELECT cosigned FROM transparency_log") == [{"cosigned": None}]
