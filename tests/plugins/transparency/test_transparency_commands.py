"""The commands of the log: keys, export, erasure; and the log's metrics."""

import json

import httpx
import pytest
from transparency_kit import ORIGIN, Backup, Reader, receipts, store

from llmring_server.contracts.transparency import LogProofs, StatementsStored
from llmring_server.testing import eventually
from llmring_server.tlog import checkpoints, leaves, notes, proof_files
from llmring_server.tlog.hashing import leaf_hash
from llmring_server.tlog.leaves import EntryKind
from llmring_server.tlog.signers import Signer
from llmring_server.tlog.tiles import Tile, list_tiles, path, root

TOKEN = "a-token-of-these-tests"


@pytest.fixture
def tlog(llmring_cli, guard_file):
    given = {"LLMRING_PLUGINS": "transparency", "LLMRING_TRANSPARENCY_GUARD_FILE": str(guard_file)}

    def run(*arguments, **variables):
        return llmring_cli("tlog", *arguments, **given, **variables)

    return run


def test_keygen_prints_the_setting_and_what_verifies(tlog):
    said = tlog("keygen", ORIGIN).stdout.splitlines()
    signer = Signer.parse(said[0].removeprefix("LLMRING_TRANSPARENCY_KEY="))
    assert said[1].endswith(signer.verifier.vkey())
    assert signer.verifier.name == ORIGIN


def test_keygen_writes_a_file_that_only_its_owner_reads_and_never_over_another(tlog, tmp_path):
    file = tmp_path / "log.key"
    made = tlog("keygen", ORIGIN, "--out", str(file))
    assert made.stdout.splitlines()[0] == f"LLMRING_TRANSPARENCY_KEY_FILE={file}"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().strip() not in made.stdout
    again = tlog("keygen", ORIGIN, "--out", str(file))
    assert (again.returncode, "never overwritten" in again.stderr) == (1, True)


def test_keygen_makes_the_key_of_a_witness(tlog):
    signer = Signer.parse(tlog("keygen", "witness.example/w1", "--witness").stdout.splitlines()[0])
    assert signer.verifier.kind is notes.KeyType.COSIGNATURE


def test_keygen_refuses_a_name_that_cannot_be_one(tlog):
    assert "must not contain spaces" in tlog("keygen", "a b").stderr


def read(folder):
    """Return a folder's checkpoint and its tiles, level by level."""
    checkpoint, _ = checkpoints.read((folder / "checkpoint").read_bytes())
    rows = {
        tile: (folder / "tile" / str(tile.level) / path(tile.number, width)).read_bytes()
        for tile, width in list_tiles(checkpoint.size)
    }
    return checkpoint, rows


def test_export_writes_the_paths_that_are_served(server, reader, one, tlog, tmp_path):
    store(server, *receipts(one, *(f"r{i}" for i in range(600))))
    reader.until(601)
    done = tlog("export", str(tmp_path / "copy"))
    assert done.stdout == f"{tmp_path / 'copy'}: 601 leaves\n", done.stderr
    files = [file for file in (tmp_path / "copy").rglob("*") if file.is_file()]
    assert len(files) == 1 + 3 + 3 + 1
    for file in files:
        served = httpx.get(f"{server.url}/tlog/{file.relative_to(tmp_path / 'copy')}")
        assert served.content == file.read_bytes()
    checkpoint, rows = read(tmp_path / "copy")
    assert root(checkpoint.size, rows) == checkpoint.root
    verified = tlog("verify", str(tmp_path / "copy"), "--vkey", reader.log.vkey())
    assert verified.returncode == 0, verified.stdout


def test_a_later_export_into_the_same_folder_is_the_later_log(server, reader, one, tlog, tmp_path):
    for number in range(2):
        store(server, *receipts(one, *(f"{number}-{i}" for i in range(300))))
        reader.until(301 + 300 * number)
        tlog("export", str(tmp_path))
    checkpoint, rows = read(tmp_path)
    assert checkpoint.size == 601
    assert root(601, rows) == checkpoint.root
    entries = leaves.unbundle((tmp_path / "tile/entries/000").read_bytes())
    assert b"".join(map(leaf_hash, entries)) == rows[Tile(0, 0)]


def test_a_log_that_does_not_continue_what_was_published_is_not_exported(server, reader, one, tlog, tmp_path):
    reader.until(1)
    backup = Backup(server)
    store(server, *receipts(one, "a"))
    reader.until(2)
    backup.restore()
    refused = tlog("export", str(tmp_path / "copy"))
    assert (refused.returncode, "restored from an older backup" in refused.stderr) == (1, True)
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    ("level", "number", "place", "named"),
    [(0, 0, 40, "0/000"), (-1, 1, 300, "0/001"), (1, 0, 0, "0/000"), (0, 2, 0, "0/002")],
    ids=["a tile in the middle", "an entry", "a tile above", "the last tile"],
)
def test_a_tile_that_was_changed_is_reported_and_not_exported(
    server, reader, one, tlog, tmp_path, level, number, place, named
):
    store(server, *receipts(one, *(f"r{i}" for i in range(600))))
    reader.until(601)
    assert tlog("status").returncode == 0
    changed = "UPDATE transparency_tiles SET content = set_byte(content, %s, get_byte(content, %s) # 1)"
    server.rows(f"{changed} WHERE level = %s AND number = %s", [place, place, level, number])
    status, export = tlog("status"), tlog("export", str(tmp_path / "copy"))
    for done in (status, export):
        assert (done.returncode, f"tile {named} in the database is not of the signed tree" in done.stderr) == (1, True)
    assert not (tmp_path / "copy").exists()


def test_a_tile_that_is_missing_is_reported(server, reader, one, tlog):
    store(server, *receipts(one, *(f"r{i}" for i in range(300))))
    reader.until(301)
    server.rows("DELETE FROM transparency_tiles WHERE level = 0 AND number = 0")
    assert "tile 0/000 in the database" in tlog("status").stderr


def test_a_log_without_a_checkpoint_is_not_exported(llmring_live, tlog, tmp_path):
    llmring_live(["transparency"])
    assert "no checkpoint yet" in tlog("export", str(tmp_path)).stderr
    assert tlog("status").stdout == "there is no log yet\n"


def test_erasure_destroys_the_salt_and_leaves_a_tombstone(server, reader, one, tlog):
    store(server, *receipts(one, "a", "b"))
    reader.until(3)
    before = reader.entries()
    assert tlog("erase", "--yes", one, "a").stdout == "leaf 1 can no longer be opened\n"
    reader.until(4)
    assert reader.entries()[:3] == before
    assert reader.client.get("/api/v1/receipts/a/proof").status_code == 410
    reader.prove("b")
    (told,) = [event for event in reader.client.get("/tlog/keys").json()["events"] if event["index"] == 3]
    assert (told["content"]["type"], told["content"]["index"]) == ("erased", 1)
    assert reader.entries()[3][1] == EntryKind.TOMBSTONE
    assert "can no longer be opened" in tlog("erase", "--yes", one, "a").stdout
    assert one not in httpx.get(f"{server.url}/tlog/keys").text


def test_what_the_log_does_not_have_is_not_erased(server, reader, one, tlog):
    reader.until(1)
    assert tlog("erase", "--yes", one, "none").returncode == 1


def test_a_statement_is_a_leaf_that_is_not_hidden(server, reader, one):
    async def work():
        async with server.server.database.transaction() as connection:
            await server.server.service(StatementsStored).write_statement(connection, one, "2026-11", b'{"total":"1"}')

    server.run(work())
    reader.until(2)
    proof = proof_files.parse(server.run(server.server.service(LogProofs).statement_proof(one, "2026-11")))
    proof.check(leaves.public_entry(EntryKind.STATEMENT, b'{"total":"1"}'), reader.log)
    assert server.run(server.server.service(LogProofs).statement_proof("prj_other", "2026-11")) is None


def test_the_age_of_the_queue_and_the_size_of_the_tree_are_metrics(llmring_live, key, guard_file):
    given = {"key": key.text(), "guard_file": str(guard_file)}
    server = llmring_live(["transparency", "metrics"], transparency=given, metrics={"token": TOKEN})
    reader = Reader(server.client("one"), key.verifier)
    store(server, *receipts(server.project_id("one"), "a", "b"))
    reader.until(3)

    def shown():
        return httpx.get(f"{server.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text

    eventually(lambda: "llmring_transparency_tree_leaves 3.0" in shown())
    assert "llmring_transparency_queue_age_seconds 0.0" in shown()
    assert "llmring_transparency_signing_stopped 0.0" in shown()
    server.rows("UPDATE transparency_log SET alarm = 'a test' RETURNING size")
    store(server, *receipts(server.project_id("one"), "c"))
    eventually(lambda: "llmring_transparency_signing_stopped 1.0" in shown())
    eventually(lambda: "llmring_transparency_queue_age_seconds 0.0" not in shown())
    assert "llmring_transparency_tree_leaves 3.0" in shown()


@pytest.fixture
def signing(llmring_live, key, guard_file):
    """Return a server that issues a receipt for every logged call, and has them in its log."""
    return llmring_live(
        ["usage", "receipts", "transparency"],
        transparency={"key": key.text(), "guard_file": str(guard_file)},
        receipts={"private_key_b64": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "auto": True},
    )


def test_keys_of_receipts_are_in_the_log_as_they_come_and_go(signing, key, llmring_cli):
    reader = Reader(signing.client("one"), key.verifier)
    reader.until(2)
    (published,) = reader.client.get("/receipts/public-keys.json").json()["keys"]
    llmring_cli("receipts", "retire", published["kid"], "--compromised", LLMRING_PLUGINS="receipts")
    reader.until(3)
    events = reader.client.get("/tlog/keys").json()["events"]
    assert [(event["content"]["type"], event["content"]["change"]) for event in events] == [
        ("checkpoint-key", "added"),
        ("receipt-key", "added"),
        ("receipt-key", "compromised"),
    ]
    said = [json.dumps(event["content"], sort_keys=True, separators=(",", ":")).encode() for event in events]
    assert reader.entries() == [leaves.public_entry(EntryKind.KEY_EVENT, text) for text in said]


def test_receipts_of_payloads_and_of_logged_calls_are_proven_as_they_were_answered(signing, key):
    reader = Reader(signing.client("one"), key.verifier)
    payload = {"model": "openai:gpt-4o-mini", "tokens": {"input": 1, "output": 1}, "cost": {"amount": "0.1"}}
    issued = reader.client.post("/api/v1/receipts/issue?store=true", json=payload)
    call = {"provider": "openai", "model": "gpt-4o-mini", "input_tokens": 1, "output_tokens": 1, "cost": 0.1}
    logged = reader.client.post("/api/v1/log", json=call).json()["receipt"]
    reader.until(4)
    kept = reader.client.get(f"/api/v1/receipts/{logged['id']}")
    assert kept.json() == logged
    assert reader.prove(issued.json()["id"], issued.content).seq == 1
    assert reader.prove(logged["id"], kept.content).seq == 2
