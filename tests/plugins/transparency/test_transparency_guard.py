"""The restore guard and the sequencer's own checks: a log that does not continue the published one is not signed."""

import asyncio

import pytest
from transparency_kit import Backup, Reader, alarm, receipts, store
from witness_kit import answering

from llmring_server.contracts.transparency import LogPolicy
from llmring_server.errors import StartupError
from llmring_server.testing import eventually
from llmring_server.tlog import checkpoints
from llmring_server.tlog.notes import KeyType
from llmring_server.tlog.signers import Signer
from llmring_transparency.components import Components
from llmring_transparency.publishing.proofs import PublishedLog
from llmring_transparency.storage.guard import RestoreGuard
from llmring_transparency.storage.store import LogStore

WITNESS = Signer.generate("witness.example/w1", KeyType.COSIGNATURE).verifier


def grown(server, reader, one, *names):
    size = reader.until(1).size
    store(server, *receipts(one, *names))
    return reader.until(size + len(names))


@pytest.fixture
def backed_up(server, reader, one):
    """A log of three leaves that was backed up, and has five now."""
    grown(server, reader, one, "a", "b")
    backup = Backup(server)
    grown(server, reader, one, "c", "d")
    return backup


def test_an_older_backup_under_a_running_log_stops_the_signing(server, reader, one, backed_up):
    backed_up.restore()
    store(server, *receipts(one, "e", "f", "g"))
    eventually(lambda: alarm(server) is not None)
    assert "restored from an older backup" in alarm(server)
    assert server.rows("SELECT size FROM transparency_log") == [{"size": 3}]
    assert reader.client.get("/api/v1/receipts/e/proof").status_code == 202


def test_the_alarm_is_in_health_which_stays_healthy(server, reader, backed_up):
    backed_up.restore()
    eventually(lambda: reader.client.get("/health").json()["checks"]["transparency"] == "failed: SigningStopped")
    assert reader.client.get("/health").status_code == 200


def test_a_start_on_an_older_backup_signs_nothing_either(server, reader, one, backed_up, start, key, llmring_live):
    server.run(server.server.close())
    backed_up.restore(llmring_live(["usage"]))
    again = start()
    store(again, *receipts(one, "e"))
    eventually(lambda: alarm(again) is not None)
    assert again.rows("SELECT size FROM transparency_log") == [{"size": 3}]


@pytest.mark.parametrize("path", ["checkpoint", "consistency?old=1", "tile/0/000.p/3"])
def test_a_log_behind_the_published_checkpoint_is_not_published(server, reader, backed_up, path):
    assert reader.client.get(f"/tlog/{path}").status_code == 200
    backed_up.restore()
    answer = reader.client.get(f"/tlog/{path}")
    assert (answer.status_code, "restored from an older backup" in answer.json()["detail"]) == (503, True)


def test_a_log_at_its_end_is_read_on_a_server_without_its_key_and_with_another_guard_file(
    server, reader, backed_up, llmring_live, tmp_path
):
    server.run(server.server.close())
    backed_up.restore(llmring_live(["usage"]))
    archive = llmring_live(["transparency"], transparency={"guard_file": str(tmp_path / "archive" / "guard")})
    assert Reader(archive.client("one"), reader.log).checkpoint().size == 3


def test_a_state_that_was_read_before_the_guard_s_file_is_read_once_more(server, reader, one, guard_file):
    """Another worker's turn between the two reads is not taken for a restored backup."""
    grown(server, reader, one, "a")
    database = server.server.database

    class Late(LogStore):
        """A store whose first state is returned only once the log has grown, and was recorded."""

        grows = True

        async def state(self, connection=None):
            state = await super().state(connection)
            if self.grows:
                self.grows = False
                await asyncio.to_thread(grown, server, reader, one, "b")
            return state

    async def shown():
        return await PublishedLog(Late(database), RestoreGuard(guard_file)).state()

    assert server.run(shown()).size == 3


@pytest.fixture
def forked(server, one, backed_up, start, tmp_path, key, llmring_live):
    """The log of five leaves that this machine published has become another one of six, under another guard."""
    server.run(server.server.close())
    backed_up.restore(llmring_live(["usage"]))
    elsewhere = start(guard_file=str(tmp_path / "another-machine"))
    grown(elsewhere, Reader(elsewhere.client("one"), key.verifier), one, "x", "y", "z")
    elsewhere.run(elsewhere.server.close())


def test_a_backup_that_grew_elsewhere_is_a_fork_and_is_not_shown(forked, start):
    back = start()
    answer = back.client(None).get("/tlog/checkpoint")
    assert answer.status_code == 503
    assert "not those that were published" in answer.json()["detail"]
    assert eventually(lambda: "not those that were published" in (alarm(back) or ""))


def test_no_witness_is_contacted_for_a_fork(forked, start):
    with answering(500) as (url, asked):
        back = start(witnesses=f"{WITNESS.vkey()} {url}")
        eventually(lambda: back.client(None).get("/health").json()["checks"]["transparency"] != "ok")
        assert "not those that were published" in alarm(back)
        back.run(back.server.close())
        assert asked == []


def test_the_alarm_of_a_fork_comes_again_after_resume(forked, start, guard_file, llmring_cli):
    published = guard_file.read_bytes()
    back = start()
    eventually(lambda: alarm(back) is not None)
    assert llmring_cli("tlog", "resume", LLMRING_PLUGINS="transparency").returncode == 0
    assert eventually(lambda: "not those that were published" in (alarm(back) or ""))
    assert guard_file.read_bytes() == published


def test_the_newest_backup_lets_it_sign_again(server, reader, one, backed_up):
    newest = reader.checkpoint()
    latest = Backup(server, "latest")
    backed_up.restore()
    eventually(lambda: alarm(server) is not None)
    latest.restore()
    store(server, *receipts(one, "e"))
    assert reader.until(newest.size + 1).size == newest.size + 1


def test_resume_lets_a_log_sign_again_whose_alarm_had_no_cause(server, reader, one, llmring_cli):
    published = grown(server, reader, one, "a")
    server.rows("UPDATE transparency_log SET alarm = 'a witness that was mistaken' RETURNING size")
    store(server, *receipts(one, "b"))
    eventually(lambda: reader.client.get("/health").json()["checks"]["transparency"] != "ok")
    assert "a witness that was mistaken" in llmring_cli("tlog", "status", LLMRING_PLUGINS="transparency").stdout
    llmring_cli("tlog", "resume", LLMRING_PLUGINS="transparency")
    assert reader.until(published.size + 1).size == published.size + 1


def test_a_tile_that_was_changed_stops_the_signing(server, reader, one):
    published = grown(server, reader, one, "a", "b")
    server.rows("UPDATE transparency_tiles SET content = set_byte(content, 40, 7) WHERE level = 0 RETURNING level")
    store(server, *receipts(one, "c"))
    eventually(lambda: alarm(server) is not None)
    assert server.rows("SELECT size FROM transparency_log") == [{"size": published.size}]


def test_a_machine_with_an_empty_guard_for_a_log_with_leaves_warns_at_its_start(
    server, reader, start, caplog, tmp_path
):
    reader.until(1)
    start()
    assert "has no checkpoint" not in caplog.text
    start(guard_file=str(tmp_path / "new-machine"))
    assert f"the restore guard {tmp_path / 'new-machine'} has no checkpoint, and the log has 1 leaves" in caplog.text


def test_a_checkpoint_is_noted_outside_the_database_before_it_is_shown(server, reader, one, guard_file):
    for name in "abc":
        grown(server, reader, one, name)
        shown = reader.checkpoint()
        assert checkpoints.read(guard_file.read_bytes())[0].size >= shown.size


def test_nothing_is_signed_while_it_cannot_be_noted(server, reader, one, guard_file):
    grown(server, reader, one, "a")
    lock = guard_file.with_name(guard_file.name + ".lock")
    lock.unlink()
    lock.mkdir()
    store(server, *receipts(one, "b"))
    eventually(lambda: reader.client.get("/health").json()["checks"]["transparency"] == "failed: SigningStopped")
    assert reader.checkpoint().size == 2
    log = server.server.service(Components).log
    assert eventually(lambda: log.queue_age > 0), "no metric shows that receipts wait"
    lock.rmdir()
    assert reader.until(3).size == 3
    assert eventually(lambda: log.queue_age == 0)


def test_a_log_of_another_name_stops_the_start(server, reader, start):
    reader.until(1)
    with pytest.raises(StartupError, match="this deployment's log is"):
        start(key=Signer.generate("log.example/other").text())


def test_a_new_key_with_the_same_name_continues_the_log(server, reader, one, start):
    old = grown(server, reader, one, "a")
    server.run(server.server.close())
    key = Signer.generate(old.origin)
    again = start(key=key.text())
    later = Reader(again.client("one"), key.verifier)
    assert later.until(old.size + 1).size == old.size + 1
    assert [found["vkey"] for found in later.client.get("/tlog/keys").json()["keys"]] == [
        reader.log.vkey(),
        key.verifier.vkey(),
    ]


def test_the_policy_for_readers_names_the_newest_key_first_which_signs_now(server, reader, start, one):
    old = grown(server, reader, one, "a")
    server.run(server.server.close())
    key = Signer.generate(old.origin)
    again = start(key=key.text())
    Reader(again.client("one"), key.verifier).until(old.size + 1)
    lines = again.run(again.server.service(LogPolicy).policy()).splitlines()
    assert lines[:2] == [f"log {key.verifier.vkey()}", f"log {reader.log.vkey()}"]


@pytest.mark.parametrize(
    ("key", "said"),
    [("nonsense", "not a private key of a log"), (None, "others can read"), ("twice", "unset one")],
)
def test_a_key_that_cannot_be_used_stops_the_start_and_is_not_shown(llmring_live, tmp_path, key, said):
    file = tmp_path / "key"
    file.write_text(Signer.generate("log.example").text())
    file.chmod(0o644)
    given = {"key": key} if key == "nonsense" else {"key_file": str(file)}
    if key == "twice":
        given = {"key": "x", "key_file": str(file)}
    with pytest.raises(StartupError, match=said) as stopped:
        llmring_live(["transparency"], transparency=given)
    assert "PRIVATE+KEY+log.example" not in str(stopped.value)


def test_a_guard_file_that_holds_no_checkpoint_stops_the_start(start, guard_file):
    guard_file.parent.mkdir()
    guard_file.write_text("what?")
    with pytest.raises(StartupError, match="is not a checkpoint"):
        start()
