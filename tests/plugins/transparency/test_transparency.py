"""The log over HTTP: checkpoints, tiles, proofs, and rejected requests."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from transparency_kit import ORIGIN, Reader, content, receipts, store

from llmring_server.contracts.transparency import ReceiptsStored
from llmring_server.tlog import base64, leaves, notes
from llmring_server.tlog.hashing import leaf_hash
from llmring_server.tlog.leaves import EntryKind, LeafOpening
from llmring_server.tlog.proofs import InvalidProof, check_consistency
from llmring_server.tlog.tiles import path


def test_a_log_begins_with_the_key_that_signs_it(reader, key):
    reader.until(1)
    (event,) = reader.client.get("/tlog/keys").json()["events"]
    assert event["index"] == 0
    assert event["content"]["vkey"] == key.verifier.vkey()
    spelt = json.dumps(event["content"], sort_keys=True, separators=(",", ":")).encode()
    assert reader.entries()[0] == leaves.public_entry(EntryKind.KEY_EVENT, spelt)


def test_a_stored_receipt_is_proven_to_its_holder(server, reader, one):
    store(server, *receipts(one, "a", "b", "c"))
    reader.until(4)
    assert [reader.prove(name).seq for name in "abc"] == [1, 2, 3]
    with pytest.raises(InvalidProof):
        reader.prove("a", receipt=content("b"))


def test_numbers_of_each_project_have_no_hole(server, key):
    ids = {name: server.project_id(name) for name in ("one", "two")}
    for batch in range(5):
        store(server, *[r for name in ids for r in receipts(ids[name], f"{name}-{batch}-0", f"{name}-{batch}-1")])
    readers = {name: Reader(server.client(name), key.verifier) for name in ids}
    readers["one"].until(21)
    for name, reader in readers.items():
        opened = [reader.prove(f"{name}-{batch}-{i}") for batch in range(5) for i in range(2)]
        assert sorted(one.seq for one in opened) == list(range(1, 11))
        assert {one.project for one in opened} == {ids[name]}


def test_another_projects_receipt_has_no_proof(server, reader, one):
    store(server, *receipts(one, "a"))
    reader.until(2)
    assert server.client("two").get("/api/v1/receipts/a/proof").status_code == 404
    assert server.client(None).get("/api/v1/receipts/a/proof").status_code == 401


def test_a_receipt_that_waits_gives_202(llmring_live, guard_file):
    server = llmring_live(["transparency"], transparency={"guard_file": str(guard_file)})
    store(server, *receipts(server.project_id("one"), "a"))
    answer = server.client("one").get("/api/v1/receipts/a/proof")
    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "1")
    assert answer.json() == {"receipt_id": "a", "status": "queued"}
    assert server.client("two").get("/api/v1/receipts/a/proof").status_code == 404


def test_without_a_key_nothing_is_signed_and_the_problem_names_the_remedy(llmring_live):
    answer = llmring_live(["transparency"]).client(None).get("/tlog/checkpoint")
    assert answer.status_code == 503
    assert "tlog keygen" in answer.json()["detail"]


def test_a_receipt_on_its_way_into_the_log_is_never_unknown(server, reader, one):
    clients = [server.client("one") for _ in range(6)]

    def ask(place):
        while (status := clients[place].get(f"/api/v1/receipts/{batch}-{place}/proof").status_code) == 202:
            pass
        return status

    with ThreadPoolExecutor(6) as pool:
        for batch in range(10):
            store(server, *receipts(one, *(f"{batch}-{place}" for place in range(6))))
            assert set(pool.map(ask, range(6))) == {200}


@pytest.mark.parametrize("name", ["none", "%00", "a" * 300, "%C2%80"])
def test_what_is_no_receipt_has_no_proof(reader, name):
    assert reader.client.get(f"/api/v1/receipts/{name}/proof").status_code == 404


def test_a_receipt_in_a_transaction_that_fails_is_not_logged(server, reader, one):
    async def work():
        async with server.server.database.transaction() as connection:
            await server.server.service(ReceiptsStored).write(connection, receipts(one, "lost"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        server.run(work())
    store(server, *receipts(one, "kept"))
    reader.until(2)
    assert reader.prove("kept").seq == 1
    assert reader.client.get("/api/v1/receipts/lost/proof").status_code == 404


def test_the_tiles_hash_to_the_checkpoint_over_several_tiles(server, reader, one):
    for batch in range(3):
        store(server, *receipts(one, *(f"r{batch}-{i}" for i in range(400))))
    reader.until(1201)
    found = reader.entries()
    assert len(found) == 1201
    assert {len(entry) for entry in found} == {leaves.ENTRY_BYTES}
    assert reader.prove("r1-200").seq == 601


def test_every_checkpoint_is_the_beginning_of_the_next(server, reader, one):
    seen = [reader.until(1)]
    for number in range(6):
        store(server, *receipts(one, *(f"{number}-{i}" for i in range(number + 1))))
        seen.append(reader.until(seen[-1].size + number + 1))
    for old in seen:
        for new in seen[seen.index(old) :]:
            answer = reader.client.get("/tlog/consistency", params={"old": old.size, "new": new.size}).json()
            proof = [base64.decode(step) for step in answer["proof"]]
            check_consistency(old.size, new.size, old.root, new.root, proof)


@pytest.mark.parametrize("query", [{}, {"old": -1}, {"old": 2, "new": 1}, {"old": 1, "new": 99}, {"old": "x"}])
def test_sizes_that_no_proof_can_be_for_are_refused(reader, query):
    reader.until(1)
    assert reader.client.get("/tlog/consistency", params=query).status_code == 422


def test_tiles_may_be_cached_indefinitely_and_checkpoints_for_a_second(reader):
    reader.until(1)
    tile = reader.client.get("/tlog/tile/0/000.p/1")
    assert tile.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert tile.headers["Content-Type"] == "application/octet-stream"
    assert tile.content == leaf_hash(reader.entries()[0])
    checkpoint = reader.client.get("/tlog/checkpoint")
    assert checkpoint.headers["Cache-Control"] == "public, max-age=1"
    assert checkpoint.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "place",
    ["0/000", "0/000.p/2", "0/001", "1/000.p/1", "0/x000/000", "00/000.p/1", "-1/000.p/1", "entries/000", "64/000.p/1",
     "leaves/000.p/1", "0", "0/", "0/000.p/0", f"0/{path(2**62, 1)}", f"63/{path(2**70, 1)}",
     "0/%2e%2e/0/000.p/1", "%00/000"],
)  # fmt: skip
def test_tiles_that_the_log_does_not_have_are_not_found(reader, place):
    reader.until(1)
    assert reader.client.get(f"/tlog/tile/{place}").status_code == 404


def test_partial_tiles_of_older_checkpoints_stay(server, reader, one):
    first = reader.until(1)
    before = reader.tile(0, 0, first.size)
    store(server, *receipts(one, *(f"r{i}" for i in range(300))))
    reader.until(301)
    assert reader.tile(0, 0, first.size) == before


def test_without_witnesses_the_log_is_self_attested(reader):
    reader.until(1)
    assert reader.client.get("/tlog/keys").json()["attestation"] == "self-attested"
    assert reader.client.get("/tlog/keys").json()["origin"] == ORIGIN


def test_one_tenants_tiles_reveal_nothing_of_anothers_receipts(server, reader, one):
    """An attacker who guesses the project, the number and every byte of the receipt still lacks the salt."""
    store(server, *receipts(one, "a"))
    reader.until(2)
    entry = reader.entries()[1]
    salts = [bytes(32), one.encode().ljust(32, b"\0")[:32], leaf_hash(content("a")), leaf_hash(one.encode())]
    guesses = [leaves.receipt_entry(LeafOpening(one, seq, salt), content("a")) for seq in range(1, 4) for salt in salts]
    assert entry not in guesses
    store(server, *receipts(server.project_id("two"), "a"))
    reader.until(3)
    assert len({found[2:] for found in reader.entries()}) == 3


def test_the_lines_of_a_checkpoint_are_the_logs_own(reader, key):
    reader.until(1)
    note = notes.parse(reader.client.get("/tlog/checkpoint").content)
    assert [line.name for line in note.lines] == [ORIGIN]
    assert note.signatures([key.verifier])


def test_the_events_come_in_pages_that_may_be_cached_for_a_minute(server, reader):
    reader.until(1)
    server.rows(
        "INSERT INTO transparency_leaves (project_id, leaf_index, kind, reference, content, logged_at)"
        " SELECT '', place, 4, 'tombstone ' || place, '{}', now() FROM generate_series(1, 1200) AS places (place)"
    )

    def indices(query=""):
        answer = reader.client.get(f"/tlog/keys{query}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=60")
        return [event["index"] for event in answer.json()["events"]]

    assert indices() == list(range(1000))
    assert indices("?after=999") == list(range(1000, 1201))
    assert indices("?after=3&limit=2") == [4, 5]
    assert indices("?after=1200") == []


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "after=-1", "after=x", "after=9223372036854775808"])
def test_a_page_of_events_that_cannot_be_is_refused(server, reader, query):
    assert reader.client.get(f"/tlog/keys?{query}").status_code in (400, 422)
