"""Signed notes, checkpoints and proof files: parsed as they are written, and rejected with any byte changed."""

from datetime import UTC, datetime

import pytest
from tlog_kit import KEY, LOG, ORIGIN, WITNESS, WITNESSED, Tree, entry, flips, root

from llmring_server.tlog import checkpoints, notes, proof_files, proofs
from llmring_server.tlog.checkpoints import Checkpoint, InvalidCheckpoint
from llmring_server.tlog.notes import InvalidNote, Note
from llmring_server.tlog.proof_files import InclusionProof
from llmring_server.tlog.proofs import InvalidProof

# The example of Go's package golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SAYING = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""
TIME = 1_679_315_147


def witnessed(content):
    """Return a checkpoint that both the log and the witness have signed, as a careful reader requires."""
    found = checkpoints.open_checkpoint(content, LOG)
    if len(notes.parse(content).signatures([LOG, WITNESSED])) < 2:
        raise InvalidNote("the cosignature is gone")
    return found


def signed(size=300):
    """Return a checkpoint that the log has signed and a witness has cosigned."""
    text = Checkpoint(ORIGIN, size, root(0, size)).text()
    lines = notes.sign(text, ORIGIN, KEY), notes.cosign(text, WITNESSED.name, WITNESS, TIME)
    return Note(text, lines).content()


def test_a_note_that_others_signed_is_good():
    note = notes.parse(SAYING.encode())
    assert note.signatures([notes.parse_vkey(PETER)]) == [notes.VerifiedSignature(notes.parse_vkey(PETER), None)]
    assert note.content() == SAYING.encode()


@pytest.mark.parametrize("key", [LOG, WITNESSED, notes.parse_vkey(PETER)], ids=["log", "witness", "foreign"])
def test_a_verifier_key_is_read_as_it_is_written(key):
    assert notes.parse_vkey(key.vkey()) == key


def test_a_verifier_key_with_a_byte_changed_is_refused():
    for _, changed in flips(LOG.vkey().encode()):
        with pytest.raises(InvalidNote):
            notes.parse_vkey(changed.decode(errors="replace"))


def test_one_name_has_another_id_for_each_kind_of_key():
    assert notes.verifier(ORIGIN, KEY, notes.KeyType.COSIGNATURE).key_id != LOG.key_id


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x01"])
def test_a_name_that_is_not_valid_in_a_line_is_refused(name):
    with pytest.raises(InvalidNote, match="name"):
        notes.verifier(name, KEY)


def test_a_checkpoint_is_read_as_it_is_written():
    found, note = checkpoints.read(signed())
    assert found == Checkpoint(ORIGIN, 300, root(0, 300))
    assert note.content() == signed()


def test_several_signatures_are_checked_each_by_its_key():
    found = notes.parse(signed()).signatures([WITNESSED, LOG])
    assert found == [notes.VerifiedSignature(LOG, None), notes.VerifiedSignature(WITNESSED, TIME)]


def test_signatures_of_unknown_keys_count_for_nothing():
    other = notes.verifier(ORIGIN, WITNESS)
    assert notes.parse(signed()).signatures([other]) == []
    with pytest.raises(InvalidNote, match="not signed with the log's key"):
        checkpoints.open_checkpoint(signed(), other)


def test_a_checkpoint_with_a_byte_changed_is_not_the_logs():
    for _, changed in flips(signed()):
        with pytest.raises((InvalidNote, InvalidCheckpoint)):
            witnessed(changed)


def test_two_notes_of_one_text_are_joined_with_a_line_of_each_key_the_newer_of_two():
    text = Checkpoint(ORIGIN, 1, root(0, 1)).text()
    own, other = notes.sign(text, ORIGIN, KEY), notes.cosign(text, "other.example", KEY, TIME)
    old, new = (notes.cosign(text, WITNESSED.name, WITNESS, time) for time in (TIME, TIME + 1))
    assert Note(text, (own, old, other)).merge(Note(text, (own, new))) == Note(text, (own, new, other))


def test_a_note_of_another_text_is_not_joined():
    newer = Note("another\n", (notes.sign("another\n", ORIGIN, KEY),))
    assert notes.parse(signed()).merge(newer) == newer


def cosigned_at(time):
    text = Checkpoint(ORIGIN, 1, root(0, 1)).text()
    return Note(text, (notes.cosign(text, WITNESSED.name, WITNESS, time),)).signatures([WITNESSED])


def test_a_cosignature_of_the_last_second_that_is_a_date_is_good():
    (found,) = cosigned_at(253_402_300_799)
    assert datetime.fromtimestamp(found.time, UTC).year == 9999


@pytest.mark.parametrize("time", [253_402_300_800, 2**40, 2**64 - 1])
def test_a_cosignature_of_a_time_that_is_no_date_is_refused(time):
    with pytest.raises(InvalidNote, match="after the year 9999"):
        cosigned_at(time)


def test_a_note_signed_twice_by_one_key_is_refused():
    note = notes.parse(signed())
    with pytest.raises(InvalidNote, match="twice"):
        Note(note.text, (note.lines[0], *note.lines)).signatures([LOG])


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"a\n", b"a\n\n", b"a\n\nb\n", b"a\n\n- name AAAAAAA=\n", "a\n\n— name\n".encode(), b"\xff\n\n",
     "a\n\n— name AAAAAAA\n".encode(), "a\n\n— name AAAA\n".encode(), "a\x00\n\n— name AAAAAAA=\n".encode(),
     "a\n\n— name AAAAAAA=".encode(), "a\n\n— na+me AAAAAAA=\n".encode(), "a\n\n— name AAAAAAB=\n".encode(),
     ("a\n\n" + "— name AAAAAAA=\n" * 101).encode()],
)  # fmt: skip
def test_what_is_no_note_is_refused(content):
    with pytest.raises(InvalidNote):
        notes.parse(content)


GOOD_ROOT = "A" * 43 + "="


@pytest.mark.parametrize(
    "text",
    ["", "log\n", "log\n1\n", f"log\n01\n{GOOD_ROOT}\n", f"log\n-1\n{GOOD_ROOT}\n", f"\n1\n{GOOD_ROOT}\n",
     "log\n1\nAAAA\n", f"log\n1\n{GOOD_ROOT}", f"log\n1\n{GOOD_ROOT}\n\nmore\n", f"log\n{2**63}\n{GOOD_ROOT}\n",
     f"log\n1\n{GOOD_ROOT[:-2]}B=\n", f"log\n٣\n{GOOD_ROOT}\n"],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(InvalidCheckpoint):
        checkpoints.parse(text)


def test_further_lines_of_a_checkpoint_are_stored():
    text = f"log\n1\n{GOOD_ROOT}\nfurther\n"
    assert checkpoints.parse(text).extensions == ("further",)
    assert checkpoints.parse(text).text() == text


def test_a_checkpoint_of_another_log_is_not_this_ones():
    text = Checkpoint("log.example/other", 1, bytes(32)).text()
    with pytest.raises(InvalidCheckpoint, match="is for the log"):
        checkpoints.open_checkpoint(Note(text, (notes.sign(text, ORIGIN, KEY),)).content(), LOG)


def checked(content):
    """Return a proof file's proof, checked against the log's key."""
    proof = proof_files.parse(content)
    proof.check(entry(299), LOG)
    return proof


def proven(index=299, size=300, extra=b"{}"):
    made = Tree().grow(size).hashes(proofs.inclusion_spans(index, size))
    return InclusionProof(index, tuple(made), signed(size), extra)


@pytest.mark.parametrize("size", [1, 2, 300])
@pytest.mark.parametrize("extra", [None, b"", b"{}"])
def test_a_proof_file_is_read_as_it_is_written(size, extra):
    proof = proven(size - 1, size, extra)
    assert proof_files.parse(proof.content()) == proof
    assert proof.check(entry(size - 1), LOG).size == size


def test_a_proof_file_is_written_as_in_the_specification():
    lines = proven(extra=b"abc").content().decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra YWJj", "index 299"]
    assert lines[lines.index("") + 1] == ORIGIN


def test_a_proof_file_with_a_byte_changed_proves_nothing():
    """The line `extra` is omitted: it is not signed, but opens the entry, which then differs."""
    for _, changed in flips(proven(extra=None).content()):
        with pytest.raises((InvalidProof, InvalidNote, InvalidCheckpoint)):
            witnessed(checked(changed).checkpoint)


def test_a_proof_of_another_entry_is_refused():
    with pytest.raises(InvalidProof, match="another root"):
        proven().check(entry(298), LOG)


@pytest.mark.parametrize(
    "content",
    [b"", b"c2sp.org/tlog-proof@v1\n\n", b"c2sp.org/tlog-proof@v2\nindex 1\n\n",
     b"c2sp.org/tlog-proof@v1\nindex 01\n\n",
     b"c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\n", b"c2sp.org/tlog-proof@v1\nextra ?\nindex 1\n\n", b"\xff\n\n",
     b"c2sp.org/tlog-proof@v1\nindex 1\n?\n\n", b"c2sp.org/tlog-proof@v1\nindex 1"],
)  # fmt: skip
def test_what_is_no_proof_file_is_refused(content):
    with pytest.raises(InvalidProof):
        proof_files.parse(content)
