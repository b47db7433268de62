"""`tlog compare OLDER NEWER`: a log continues a stored checkpoint, by its server's proof."""

import json

import pytest
from click.testing import CliRunner
from test_folders import signed
from tlog_kit import LOG, WITNESS, WITNESSED, Tree, flips

from llmring_server.tlog import base64, proofs
from llmring_server.verifying.commands import compare_checkpoints, run_check


class Case:
    """Two checkpoints of a log and the proof between them, in files."""

    def __init__(self, folder):
        self.older, self.newer, self.proof = (folder / name for name in ("older", "newer", "proof.json"))

    def write(self, old=3, new=8, **said):
        self.older.write_bytes(signed(old))
        self.newer.write_bytes(signed(new, **said))
        steps = Tree().grow(new).hashes(proofs.consistency_spans(old, new))
        self.say(old=old, new=new, proof=[base64.encode(step) for step in steps])
        return self

    def say(self, **members):
        self.proof.write_text(json.dumps(members))

    def compare(self, *options):
        given = [self.older, self.newer, "--proof", self.proof, *(options or ("--vkey", LOG.vkey()))]
        ran = CliRunner().invoke(compare_checkpoints, [str(one) for one in given])
        if ran.exception and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return ran.exit_code, ran.output


@pytest.fixture
def case(tmp_path):
    return Case(tmp_path).write()


@pytest.mark.parametrize(("old", "new"), [(0, 5), (1, 1), (1, 2), (3, 8), (255, 257), (256, 600), (599, 600)])
def test_a_log_that_only_grew_is_proven(case, old, new):
    status, text = case.write(old, new).compare()
    assert (status, f"The first {old} of the {new} entries" in text, "self-attested" in text) == (0, True, True)


def test_another_past_is_refuted(case):
    case.older.write_bytes(signed(3, of=lambda start, end: bytes(32)))
    status, text = case.compare()
    assert (status, "is not shown to continue the older checkpoint" in text) == (1, True)


def test_a_log_that_was_cut_short_is_refuted(case):
    case.older, case.newer = case.newer, case.older
    status, text = case.compare()
    assert (status, "has size 8, the newer only 3" in text) == (1, True)


def test_no_byte_of_a_checkpoint_can_be_changed(case):
    for path in (case.older, case.newer):
        content = path.read_bytes()
        for place, changed in flips(content):
            path.write_bytes(changed)
            assert case.compare()[0] in (1, 2), (path, place)
        path.write_bytes(content)


def test_a_changed_proof_is_refuted(case):
    given = json.loads(case.proof.read_bytes())
    for place, step in enumerate(given["proof"]):
        flipped = bytearray(base64.decode(step))
        flipped[0] ^= 1
        case.say(**given | {"proof": [*given["proof"][:place], base64.encode(flipped), *given["proof"][place + 1 :]]})
        assert case.compare()[0] == 1
    case.say(**given | {"proof": given["proof"][:-1]})
    assert case.compare()[0] == 1
    case.say(**given | {"proof": ["no base64"]})
    assert case.compare()[0] == 1


def test_the_proof_of_other_sizes_cannot_be_used_and_the_right_one_is_named(case):
    case.say(old=2, new=8, proof=[])
    status, text = case.compare()
    assert (status, "/tlog/consistency?old=3&new=8" in text) == (2, True)


NO_PROOFS = {
    "nothing": b"",
    "a list": b"[]",
    "no hashes": b'{"old":3,"new":8}',
    "no text": b"\xff",
    "too deep": b'{"more":' + b"[" * 100_000,
}


@pytest.mark.parametrize("content", NO_PROOFS.values(), ids=NO_PROOFS)
def test_what_is_no_proof_cannot_be_checked(case, content):
    case.proof.write_bytes(content)
    assert case.compare()[0] == 2


def test_a_checkpoint_of_another_key_does_not_count(case):
    case.newer.write_bytes(signed(8, key=WITNESS))
    assert case.compare()[0] == 1
    case.write().older.write_bytes(signed(3, key=WITNESS))
    assert case.compare()[0] == 1


def test_a_witness_is_asked_for_the_newer_checkpoint_alone(case):
    trusted = ["--vkey", LOG.vkey(), "--witness", WITNESSED.vkey()]
    assert case.compare(*trusted)[0] == 1
    case.write(witnessed=True)
    status, text = case.compare(*trusted)
    assert (status, "saw this tree by" in text) == (0, True)


def test_a_trusted_log_must_be_named(case):
    assert case.compare("--json")[0] == 2


@pytest.mark.parametrize("error", [OverflowError, RecursionError, ValueError])
def test_an_unexpected_error_cannot_be_checked_and_refutes_nothing(error, capsys):
    def check(findings):
        raise error("too large")

    with pytest.raises(SystemExit) as ended:
        run_check("log", as_json=False, check=check)
    assert (ended.value.code, capsys.readouterr().out.startswith("log: UNREADABLE")) == (2, True)
