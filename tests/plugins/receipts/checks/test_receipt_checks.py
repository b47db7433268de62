"""`receipts verify`: the verdict on a receipt's signature and proof, as text, JSON and exit status."""

import json

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from receipts_kit import Signer
from statement_kit import run

from llmring_receipts.formats import canonical, jwks
from llmring_receipts.formats.keys import PublicKey
from llmring_server.http.codec import encode
from llmring_server.tlog import leaves, notes
from llmring_server.tlog.checkpoints import Checkpoint
from llmring_server.tlog.growing_trees import TreeAppender
from llmring_server.tlog.hashing import leaf_hash
from llmring_server.tlog.leaves import LeafOpening
from llmring_server.tlog.notes import KeyType, Note
from llmring_server.tlog.proof_files import InclusionProof
from llmring_server.tlog.proofs import inclusion_spans
from llmring_server.tlog.tiles import span_hash
from llmring_server.verifying.verdict import Verdict
from offline_kit import checked_alone

LOG_KEY, WITNESS_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
LOG = notes.verifier("log.example", LOG_KEY)
WITNESS = notes.verifier("witness.example", WITNESS_KEY, KeyType.COSIGNATURE)


class Case:
    """A receipt, keys and a proof in files."""

    def __init__(self, folder):
        self.signer = Signer()
        self.receipt, self.keys, self.proof = (folder / name for name in ("receipt.json", "jwks.json", "proof"))
        self.content = canonical.canonicalize(self.signer.sign())
        self.receipt.write_bytes(self.content)
        self.write_keys()
        self.proof.write_bytes(self.proven())

    def write_keys(self, **members):
        key = {"key_id": self.signer.key_id, "public_key": self.signer.public, "created_at": None, "retired_at": None}
        self.keys.write_bytes(encode(jwks.build([PublicKey(**{**key, "status": "active", **members})], None)))

    def proven(self, *, salt=bytes(32), index=5, size=9):
        """Return the proof of the receipt as entry 5 of 9 in a witnessed log."""
        opened = LeafOpening("prj_a", 3, salt)
        growth = TreeAppender(0, {})
        entries = [leaf_hash(bytes([number])) for number in range(size)]
        entries[index] = leaf_hash(leaves.receipt_entry(opened, self.content))
        growth.append(entries)
        text = Checkpoint(LOG.name, size, growth.root()).text()
        lines = notes.sign(text, LOG.name, LOG_KEY), notes.cosign(text, WITNESS.name, WITNESS_KEY, 1_800_000_000)
        hashes = tuple(span_hash(span, growth.changed) for span in inclusion_spans(index, size))
        return InclusionProof(index, hashes, Note(text, lines).content(), opened.text()).content()

    def verify(self, *options):
        return run("verify", self.receipt, "--keys", self.keys, *options)

    def verify_proof(self, *options):
        return self.verify("--proof", self.proof, "--vkey", LOG.vkey(), *options)


@pytest.fixture
def case(tmp_path):
    return Case(tmp_path)


def test_a_signature_is_proven_and_its_limits_are_listed(case):
    said = case.verify("--json")
    assert said.status == 0
    assert said.codes("proven") == ["signature"]
    assert said.codes("not_proven") == ["key-owner", "operator", "truth", "completeness", "time"]
    assert case.signer.key_id in said.verdict["proven"][0]["text"]


def test_a_receipt_that_was_reformatted_is_the_same_receipt(case):
    case.receipt.write_text(json.dumps(json.loads(case.content), indent=4))
    assert case.verify_proof().status == 0


def test_no_byte_of_a_receipt_can_be_changed(case):
    for place in range(len(case.content)):
        changed = bytearray(case.content)
        changed[place] ^= 1 << place % 8
        case.receipt.write_bytes(changed)
        assert case.verify().status in (1, 2), place


def test_a_proof_shows_the_place_in_the_log_and_who_saw_it(case):
    said = case.verify_proof("--witness", WITNESS.vkey())
    assert said.status == 0
    assert "This receipt, as number 3 of project prj_a, is entry 5 of the log log.example" in said.text
    assert "The witness witness.example saw this tree by 2027-01-15T08:00:00+00:00" in said.text
    assert "self-attested" not in said.text


def test_without_a_witness_the_log_is_self_attested(case):
    assert "split-view" in case.verify_proof("--json").codes("not_proven")


def test_no_byte_of_a_proof_can_be_changed(case):
    content = case.proof.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        case.proof.write_bytes(changed)
        said = case.verify_proof("--witness", WITNESS.vkey())
        assert said.status in (1, 2), (place, said.text)


def test_the_proof_of_another_receipt_is_refuted(case):
    case.content = canonical.canonicalize(case.signer.sign(id="another"))
    case.proof.write_bytes(case.proven())
    assert case.verify_proof().status == 1


def test_a_proof_without_the_opening_cannot_be_checked(case):
    lines = case.proof.read_bytes().split(b"\n")
    case.proof.write_bytes(b"\n".join([lines[0], *lines[2:]]))
    said = case.verify_proof()
    assert (said.status, "its line `extra`" in said.text) == (2, True)


def test_a_proof_counts_for_nothing_without_a_log_that_is_trusted(case):
    assert case.verify("--proof", case.proof).status == 2


def test_a_policy_file_names_the_trusted_logs(case, tmp_path):
    policy = tmp_path / "policy"
    policy.write_text(f"log {LOG.vkey()}\nwitness w {WITNESS.vkey()}\nquorum w\n")
    assert case.verify("--proof", case.proof, "--policy", policy).status == 0
    other = notes.verifier("w2.example", LOG_KEY, KeyType.COSIGNATURE)
    policy.write_text(f"log {LOG.vkey()}\nwitness w {other.vkey()}\nquorum w\n")
    assert case.verify("--proof", case.proof, "--policy", policy).status == 1
    assert case.verify_proof("--policy", policy).status == 2


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({"status": "compromised"}, 1),
        ({"status": "retired", "retired_at": "2026-01-31T12:00:00Z"}, 1),
        ({"status": "retired", "retired_at": "2026-01-31T12:00:01Z"}, 0),
        ({"public_key": bytes(32)}, 1),
        ({"key_id": "another"}, 1),
    ],
)
def test_the_state_of_the_key_counts(case, members, status):
    case.write_keys(**msgspec.convert(members, dict))
    assert case.verify().status == status


def test_what_cannot_be_read_is_neither_proven_nor_refuted(case, tmp_path):
    assert run("verify", tmp_path / "nowhere", "--keys", case.keys).status == 2
    assert run("verify", case.receipt, "--keys", tmp_path / "nowhere").status == 2
    case.keys.write_bytes(b"{}")
    said = case.verify("--json")
    verdict = msgspec.json.decode(said.text, type=Verdict, strict=True)
    assert (said.status, verdict.outcome, verdict.status) == (2, "unreadable", 2)


def test_the_checks_run_without_the_server_and_its_libraries(case):
    trusted = ["--vkey", LOG.vkey(), "--witness", WITNESS.vkey()]
    status, text, imported = checked_alone("verify", case.receipt, "--keys", case.keys, "--proof", case.proof, *trusted)
    assert (status, "PROVEN" in text, imported) == (0, True, ["tlog", "verifying"])


def test_the_server_s_own_command_gives_the_same_verdict(case, llmring_cli):
    ran = llmring_cli("receipts", "verify", str(case.receipt), "--keys", str(case.keys))
    assert (ran.returncode, ran.stdout) == (0, case.verify().text)
    case.receipt.write_bytes(case.content.replace(b'"input":120', b'"input":121'))
    assert llmring_cli("receipts", "verify", str(case.receipt), "--keys", str(case.keys)).returncode == 1
    assert llmring_cli("receipts", "verify", "nowhere", "--keys", str(case.keys)).returncode == 2
