"""Witnesses: each checkpoint is cosigned in the background, a dead one blocks nothing, one ahead stops the signing."""

import threading
import time

import httpx
import pytest
from click.testing import CliRunner
from transparency_kit import ORIGIN, Backup, Reader, alarm, receipts, store
from witness_kit import Witness, answering, run_witness

from llmring_server.errors import StartupError
from llmring_server.testing import eventually
from llmring_server.tlog import base64, checkpoints, notes, proof_files, witness_protocol
from llmring_server.tlog.checkpoints import Checkpoint
from llmring_server.tlog.hashing import EMPTY_ROOT
from llmring_server.tlog.notes import KeyType, Note
from llmring_server.tlog.signers import Signer
from llmring_server.tlog.witness_protocol import CheckpointSubmission, SubmissionRejected
from llmring_transparency import commands, keyfile
from llmring_transparency.witness import CheckpointStore


@pytest.fixture
def witness(tmp_path, key):
    with Witness(tmp_path / "witness", key.verifier).running() as running:
        yield running


@pytest.fixture
def server(start, witness):
    return start(witnesses=witness.setting)


def cosigned(reader, witness):
    """Return the size of the served checkpoint when the witness has cosigned it, else None."""
    return cosigned_by(reader, witness.signer.verifier)


def cosigned_by(reader, verifier):
    note = notes.parse(reader.client.get("/tlog/checkpoint").content)
    found = {signature.verifier for signature in note.signatures([reader.log, verifier])}
    return checkpoints.parse(note.text).size if len(found) == 2 else None


def test_each_checkpoint_comes_to_be_cosigned(server, reader, one, witness):
    reader.until(1)
    eventually(lambda: cosigned(reader, witness) == 1)
    store(server, *receipts(one, "a", "b"))
    reader.until(3)
    eventually(lambda: cosigned(reader, witness) == 3)
    assert reader.client.get("/tlog/keys").json()["attestation"] == "witnessed"
    assert reader.client.get("/tlog/keys").json()["witnesses"] == [witness.signer.verifier.vkey()]


def test_a_proof_leads_to_a_cosigned_checkpoint(server, reader, one, witness):
    store(server, *receipts(one, "a"))
    reader.until(2)
    eventually(lambda: cosigned(reader, witness) == 2)
    proof = reader.proof("a")
    signatures = notes.parse(proof.checkpoint).signatures([reader.log, witness.signer.verifier])
    assert signatures[1].verifier == witness.signer.verifier
    assert abs(signatures[1].time - time.time()) < 60
    reader.prove("a")


def test_the_included_witness_cosigns_and_stores_its_state_in_a_folder(start, key, tmp_path):
    signer, file = Signer.generate("witness.example/w1", KeyType.COSIGNATURE), tmp_path / "witness.key"
    keyfile.write(file, signer)
    with run_witness(file, key.verifier, tmp_path / "state") as url:
        server = start(witnesses=f"{signer.verifier.vkey()} {url}")
        reader = Reader(server.client("one"), key.verifier)
        reader.until(1)
        eventually(lambda: cosigned_by(reader, signer.verifier) == 1)
    (kept,) = [path for path in (tmp_path / "state").iterdir() if not path.suffix]
    assert checkpoints.read(kept.read_bytes())[0] == reader.checkpoint()


def test_the_witness_refuses_a_key_that_others_can_read_and_a_log_that_is_none(key, tmp_path):
    file = tmp_path / "witness.key"
    keyfile.write(file, Signer.generate("witness.example/w1", KeyType.COSIGNATURE))

    def refused(log):
        given = ["--key-file", str(file), "--log", log, "--state", str(tmp_path / "state")]
        done = CliRunner().invoke(commands.witness, given)
        assert done.exit_code == 1
        return done

    assert "--log: not a verifier key" in refused("nonsense").output
    file.chmod(0o644)
    stopped = refused(key.verifier.vkey()).exception
    assert isinstance(stopped, StartupError)
    assert "others can read" in str(stopped)


def test_a_dead_witness_blocks_nothing(start, key):
    dead = Signer.generate("dead.example", KeyType.COSIGNATURE).verifier.vkey()
    never = threading.Event()
    with answering(200, wait=never) as (url, asked):
        server = start(witnesses=f"{dead} {url}")
        reader = Reader(server.client("one"), key.verifier)
        reader.until(1)
        eventually(lambda: asked)
        started = time.monotonic()
        store(server, *receipts(server.project_id("one"), "a"))
        reader.until(2)
        reader.prove("a")
        assert time.monotonic() - started < 5
        assert alarm(server) is None
        never.set()


@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (200, b""), (200, b"nonsense\n"), (404, b"who?"), (409, b"nonsense")]
)
def test_a_witness_that_answers_nonsense_changes_nothing(start, key, status, body):
    odd = Signer.generate("odd.example", KeyType.COSIGNATURE).verifier.vkey()
    with answering(status, body, witness_protocol.SIZE_TYPE) as (url, asked):
        server = start(witnesses=f"{odd} {url}")
        reader = Reader(server.client("one"), key.verifier)
        reader.until(1)
        eventually(lambda: asked)
        store(server, *receipts(server.project_id("one"), "a"))
        assert reader.until(2).size == 2
        assert len(notes.parse(reader.client.get("/tlog/checkpoint").content).lines) == 1
        assert alarm(server) is None


def test_a_witness_that_knows_a_larger_size_stops_the_signing(start, key):
    ahead = Signer.generate("ahead.example", KeyType.COSIGNATURE).verifier.vkey()
    with answering(409, b"1000\n", witness_protocol.SIZE_TYPE) as (url, _):
        server = start(witnesses=f"{ahead} {url}")
        reader = Reader(server.client("one"), key.verifier)
        reader.until(1)
        eventually(lambda: alarm(server) is not None)
        assert "1000 leaves" in alarm(server)
        store(server, *receipts(server.project_id("one"), "a"))
        eventually(lambda: reader.client.get("/health").json()["checks"]["transparency"] == "failed: SigningStopped")
        assert reader.checkpoint().size == 1


def test_a_witness_finds_the_fork_of_a_restored_log_whose_guard_is_lost(
    server, reader, one, witness, start, key, guard_file, llmring_live
):
    reader.until(1)
    backup = Backup(server)
    store(server, *receipts(one, "a", "b"))
    reader.until(3)
    eventually(lambda: cosigned(reader, witness) == 3)
    server.run(server.server.close())
    backup.restore(llmring_live(["usage"]))
    guard_file.unlink()
    back = start(witnesses=witness.setting)
    store(back, *receipts(one, "x", "y", "z"))
    eventually(lambda: alarm(back) is not None)
    assert "witness.example/w1" in alarm(back)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense https://w.example", "not a verifier key"),
        (Signer.generate("log.example").verifier.vkey() + " https://w.example", "is for a log"),
        (Signer.generate("w.example", KeyType.COSIGNATURE).verifier.vkey(), "witness's address"),
    ],
    ids=["nonsense", "a log's key", "no address"],
)
def test_a_witness_that_is_not_well_written_stops_the_start(start, text, said):
    with pytest.raises(StartupError, match=said):
        start(witnesses=text)


# The witness, on its own address.


def note(key, size, root=EMPTY_ROOT):
    text = Checkpoint(ORIGIN, size, root).text()
    return Note(text, (key.sign(text),)).content()


@pytest.fixture
def submit(witness):
    def ask(old, content, proof=()):
        body = CheckpointSubmission(old, tuple(proof), content).content()
        return httpx.post(f"{witness.url}/add-checkpoint", content=body)

    return ask


def test_a_witness_cosigns_what_continues(submit, witness, key):
    answer = submit(0, note(key, 5, bytes(32)))
    assert answer.status_code == 200
    (line,) = notes.parse_lines(answer.text)
    text = notes.parse(note(key, 5, bytes(32))).text
    assert Note(text, (line,)).signatures([witness.signer.verifier])
    assert submit(5, note(key, 5, bytes(32))).status_code == 200


def test_a_witness_remembers_across_its_restarts(submit, witness, tmp_path, key):
    assert submit(0, note(key, 5, bytes(32))).status_code == 200
    with Witness(tmp_path / "witness", key.verifier).running() as again:
        body = CheckpointSubmission(0, (), note(key, 6, bytes(32))).content()
        answer = httpx.post(f"{again.url}/add-checkpoint", content=body)
    assert (answer.status_code, answer.text) == (409, "5\n")
    assert answer.headers["Content-Type"] == "text/x.tlog.size"


@pytest.mark.parametrize(
    ("old", "size", "root", "status"),
    [(0, 6, bytes(32), 409), (5, 4, bytes(32), 400), (5, 5, bytes([1] * 32), 409), (5, 6, bytes(32), 422)],
)
def test_a_witness_refuses_what_does_not_continue(submit, key, old, size, root, status):
    assert submit(0, note(key, 5, bytes(32))).status_code == 200
    assert submit(old, note(key, size, root)).status_code == status


def test_a_witness_refuses_logs_and_signatures_that_it_does_not_know(submit, key):
    text = Checkpoint("other.example", 1, bytes(32)).text()
    other = Signer.generate("other.example")
    assert submit(0, Note(text, (other.sign(text),)).content()).status_code == 404
    assert submit(0, note(Signer.generate(ORIGIN), 5)).status_code == 403


def test_a_witness_of_a_log_that_changes_its_key_takes_the_old_and_the_new(tmp_path, key):
    new, stranger = Signer.generate(ORIGIN), Signer.generate(ORIGIN)
    store = CheckpointStore(
        tmp_path, Signer.generate("witness.example/w1", KeyType.COSIGNATURE), [key.verifier, new.verifier]
    )
    assert store.add(CheckpointSubmission(0, (), note(key, 5, bytes(32))).content())
    assert store.add(CheckpointSubmission(5, (), note(new, 5, bytes(32))).content())
    assert store.add(CheckpointSubmission(5, (), note(key, 5, bytes(32))).content())
    with pytest.raises(SubmissionRejected, match="not signed with the log's key") as refused:
        store.add(CheckpointSubmission(5, (), note(stranger, 5, bytes(32))).content())
    assert refused.value.status == 403


@pytest.mark.parametrize("body", [b"", b"old 0\n", b"old x\n\n", b"old 0\n?\n\n", b"old 00\n\n", b"\xff\n\n"])
def test_a_witness_refuses_what_is_no_submission(witness, body):
    assert httpx.post(f"{witness.url}/add-checkpoint", content=body).status_code in (400, 403)


def test_a_witness_reads_no_more_than_a_submission_may_have(witness):
    assert httpx.post(f"{witness.url}/add-checkpoint", content=bytes(70_000)).status_code == 413


def test_a_submission_is_written_as_in_the_specification(key):
    made = CheckpointSubmission(3, (bytes(32),), note(key, 5))
    assert made.content().startswith(b"old 3\n" + base64.encode(bytes(32)).encode() + b"\n\n" + ORIGIN.encode())
    assert witness_protocol.parse(made.content()) == made
    with pytest.raises(SubmissionRejected):
        witness_protocol.parse(b"old 3")
    assert proof_files.parse_hashes([]) == ()
