"""`tlog verify DIR`: a log in a folder is verified whole, and any changed byte is found."""

import json

import pytest
from click.testing import CliRunner
from tlog_kit import KEY, LOG, ORIGIN, WITNESS, WITNESSED, Tree, entry, flips, root

from llmring_server.tlog import leaves, notes
from llmring_server.tlog.checkpoints import Checkpoint
from llmring_server.tlog.notes import Note
from llmring_server.tlog.tiles import WIDTH, Tile, list_tiles, path
from llmring_server.verifying import policy
from llmring_server.verifying.commands import verify_folder
from llmring_server.verifying.verdict import Unreadable
from offline_kit import checked_alone


def signed(size, *, witnessed=False, of=root, key=KEY):
    text = Checkpoint(ORIGIN, size, of(0, size)).text()
    lines = [notes.sign(text, ORIGIN, key)]
    if witnessed:
        lines.append(notes.cosign(text, WITNESSED.name, WITNESS, 1_800_000_000))
    return Note(text, tuple(lines)).content()


def write(folder, size, **said):
    """Write a log into a folder, as `tlog export` does."""
    rows = Tree().grow(size).rows
    for tile, width in list_tiles(size):
        place = folder / "tile" / str(tile.level) / path(tile.number, width)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(rows[tile])
        if tile.level == 0:
            bundle = [entry(index) for index in range(tile.number * WIDTH, tile.number * WIDTH + width)]
            place = folder / "tile" / "entries" / path(tile.number, width)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(leaves.bundle(bundle))
    (folder / "checkpoint").write_bytes(signed(size, **said))
    return folder


def verify(folder, *options):
    ran = CliRunner().invoke(verify_folder, [str(folder), *map(str, options)])
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return ran.exit_code, ran.output


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 600])
def test_a_whole_log_is_proven(tmp_path, size):
    status, text = verify(write(tmp_path, size), "--vkey", LOG.vkey())
    assert status == 0, text
    assert f"The folder has all {size} entries of the log {ORIGIN}, unchanged" in text
    assert "The log is self-attested" in text


@pytest.mark.slow
def test_a_log_of_three_levels_is_proven(tmp_path):
    status, text = verify(write(tmp_path, 70_000), "--vkey", LOG.vkey())
    assert status == 0, text


@pytest.mark.parametrize("size", [3, 258])
def test_a_changed_byte_of_any_file_is_found(tmp_path, size):
    write(tmp_path, size)
    for file in [found for found in tmp_path.rglob("*") if found.is_file()]:
        content = file.read_bytes()
        for place, changed in list(flips(content))[:: max(1, len(content) // 40)]:
            file.write_bytes(changed)
            assert verify(tmp_path, "--vkey", LOG.vkey())[0] in (1, 2), (file, place)
        file.write_bytes(content)


def test_a_missing_tile_cannot_be_checked(tmp_path):
    write(tmp_path, 257)
    (tmp_path / "tile" / "0" / "000").unlink()
    status, text = verify(tmp_path, "--vkey", LOG.vkey())
    assert (status, "tile/0/000" in text) == (2, True)


def test_a_full_tile_serves_as_the_partial_one(tmp_path):
    write(tmp_path, 256)
    (tmp_path / "checkpoint").write_bytes(signed(200))
    assert verify(tmp_path, "--vkey", LOG.vkey())[0] == 0


@pytest.mark.parametrize("older", [0, 1, 255, 256, 257, 300])
def test_an_older_checkpoint_is_the_beginning_of_the_log(tmp_path, older):
    write(tmp_path, 300)
    (tmp_path / "older").write_bytes(signed(older))
    status, text = verify(tmp_path, "--vkey", LOG.vkey(), "--older", tmp_path / "older")
    assert (status, f"The older checkpoint, of size {older}, is a prefix of this log" in text) == (0, True)


def test_a_fork_and_a_log_that_was_cut_short_are_found(tmp_path):
    write(tmp_path, 300)
    (tmp_path / "older").write_bytes(signed(200, of=lambda start, end: bytes(32)))
    status, text = verify(tmp_path, "--vkey", LOG.vkey(), "--older", tmp_path / "older")
    assert (status, "a fork" in text) == (1, True)
    (tmp_path / "older").write_bytes(signed(301))
    assert verify(tmp_path, "--vkey", LOG.vkey(), "--older", tmp_path / "older")[0] == 1


def test_a_checkpoint_of_another_key_or_log_does_not_count(tmp_path):
    write(tmp_path, 3, key=WITNESS)
    assert verify(tmp_path, "--vkey", LOG.vkey())[0] == 1
    assert verify(tmp_path, "--vkey", notes.verifier("another.example", KEY).vkey())[0] == 1


def test_a_witness_that_is_asked_for_must_have_cosigned(tmp_path):
    write(tmp_path, 3)
    assert verify(tmp_path, "--vkey", LOG.vkey(), "--witness", WITNESSED.vkey())[0] == 1
    (tmp_path / "checkpoint").write_bytes(signed(3, witnessed=True))
    status, text = verify(tmp_path, "--vkey", LOG.vkey(), "--witness", WITNESSED.vkey())
    assert (status, "saw this tree by 2027-01-15T08:00:00+00:00" in text) == (0, True)


def test_a_witness_need_not_have_seen_the_older_checkpoint(tmp_path):
    write(tmp_path, 3, witnessed=True)
    (tmp_path / "older").write_bytes(signed(2))
    options = ["--vkey", LOG.vkey(), "--witness", WITNESSED.vkey(), "--older", tmp_path / "older"]
    status, text = verify(tmp_path, *options)
    assert (status, "self-attested" in text) == (0, False)
    (tmp_path / "older").write_bytes(signed(2, key=WITNESS))
    assert verify(tmp_path, *options)[0] == 1


def test_the_verdict_is_there_as_json(tmp_path):
    _, text = verify(write(tmp_path, 3), "--vkey", LOG.vkey(), "--json")
    assert json.loads(text)["outcome"] == "proven"


def test_a_log_is_checked_without_the_server_and_its_libraries(tmp_path):
    status, text, imported = checked_alone("tlog", "verify", write(tmp_path, 3), "--vkey", LOG.vkey())
    assert (status, "all 3 entries" in text, imported) == (0, True, ["tlog", "verifying"])


def test_a_trusted_log_must_be_named(tmp_path):
    write(tmp_path, 3)
    assert verify(tmp_path)[0] == 2
    assert verify(tmp_path, "--vkey", "nonsense")[0] == 2
    assert verify(tmp_path, "--vkey", WITNESSED.vkey())[0] == 2


@pytest.mark.parametrize(
    ("quorum", "signed_by", "enough"),
    [
        ("none", "", True),
        ("a", "", False),
        ("a", "a", True),
        ("two", "ab", True),
        ("two", "a", False),
        ("any", "c", True),
    ],
)
def test_a_quorum_asks_for_what_it_says(quorum, signed_by, enough):
    keys = {name: notes.verifier(f"w.example/{name}", WITNESS, notes.KeyType.COSIGNATURE) for name in "abc"}
    text = "\n".join(
        [f"log {LOG.vkey()} https://log.example", *(f"witness {name} {key.vkey()}" for name, key in keys.items()),
         "group two 2 a b c # any two", "group any any a b c", f"quorum {quorum}"]
    )  # fmt: skip
    assert policy.parse(text).is_satisfied_by({keys[name] for name in signed_by}) is enough


TRUSTED = f"log {LOG.vkey()}\n"
OF_ONE = f"{TRUSTED}witness a {WITNESSED.vkey()}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        TRUSTED,
        "quorum none",
        TRUSTED + "quorum x",
        TRUSTED + "witness none x\nquorum none",
        TRUSTED + "group g 1 a\nquorum none",
        OF_ONE + "group g 2 a\nquorum g",
        OF_ONE + "group g x a\nquorum g",
        OF_ONE + "quorum none\nquorum none",
    ],
)
def test_a_policy_that_says_nothing_clear_is_not_followed(text):
    with pytest.raises(Unreadable):
        policy.parse(text)


def test_a_policy_that_is_written_asks_for_any_witness():
    found = policy.parse(policy.write([LOG.vkey()], [WITNESSED.vkey()]))
    assert (found.is_satisfied_by({WITNESSED}), found.is_satisfied_by(set())) == (True, False)
    assert policy.parse(policy.write([LOG.vkey()], [])).is_satisfied_by(set())


def test_the_tiles_of_a_log_have_the_paths_that_are_read(tmp_path):
    write(tmp_path, 257)
    assert (tmp_path / "tile" / "entries" / "001.p" / "1").is_file()
    assert Tile(1, 0) in dict(list_tiles(257))
