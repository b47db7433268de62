"""The journal: an outage of the database loses nothing, refuses nothing, and counts nothing twice."""

import asyncio
import os
import re
import statistics
import time

import httpx
import pytest
from crash_kit import ANSWER_SECONDS, CALL, Load, Postgres, counted, stored, until

from llmring_server.testing import eventually

pytestmark = pytest.mark.slow

OUTAGE_SECONDS = float(os.environ.get("LLMRING_TEST_OUTAGE_SECONDS", "4"))


@pytest.fixture
def postgres(open_folder):
    own = Postgres(open_folder())
    yield own
    own.stop()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def serve(llmring_process, postgres, folder):
    """Start a server process with a journal on this test's own PostgreSQL."""

    def start(**environment):
        given = {"LLMRING_PLUGINS": "usage", "LLMRING_USAGE_JOURNAL_DIR": str(folder), **environment}
        return llmring_process(LLMRING_DATABASE_URL=postgres.url, **given).wait_until_up()

    return start


@pytest.fixture
def log(serve):
    """Log calls on a server, and return the responses."""

    def send(process, *calls):
        with httpx.Client(base_url=process.url, headers={"X-Project-Key": "load"}, timeout=30) as client:
            return [client.post("/api/v1/log", json={**CALL, **call}) for call in calls]

    return send


def empty(folder):
    return not list(folder.iterdir())


def health(process):
    return httpx.get(f"{process.url}/health").json()["checks"]["usage journal"]


def test_an_outage_under_load_refuses_nothing_and_loses_nothing(serve, postgres, folder, llmring_live, capsys):
    process = serve()
    load = Load(process.url)
    lost = []

    async def outage():
        await until(lambda: load.statuses[200] > 100)
        await asyncio.to_thread(postgres.kill)
        lost.append(len(load.seconds))
        await asyncio.sleep(OUTAGE_SECONDS)
        lost.append(len(load.seconds))
        await asyncio.to_thread(postgres.start)
        again = load.statuses[200] + 100
        await until(lambda: load.statuses[200] > again)

    async def both():
        ending = asyncio.create_task(outage())
        await asyncio.gather(load.until(ending.done), ending)

    asyncio.run(both())
    eventually(lambda: empty(folder), seconds=120)
    assert set(load.statuses) == {200, 202}
    during = load.seconds[lost[0] : lost[1]]
    with capsys.disabled():
        print(
            f"\noutage of {OUTAGE_SECONDS:.0f} s: {len(during)} answers, p50"
            f" {statistics.median(during) * 1000:.1f} ms, p99 {statistics.quantiles(during, n=100)[98] * 1000:.1f} ms"
        )
    assert load.slowest < ANSWER_SECONDS
    server = llmring_live(["usage"], database_url=postgres.url)
    load.check(stored(server))
    assert len(stored(server)) == len(load.acknowledged) == counted(server)


def test_metrics_show_the_journal_and_count_its_entries_when_they_are_replayed(serve, postgres, log):
    token = "a-token-of-the-tests"
    process = serve(LLMRING_PLUGINS="metrics,usage", LLMRING_METRICS_TOKEN=token)

    def figure(name):
        text = httpx.get(f"{process.url}/metrics", headers={"Authorization": f"Bearer {token}"}).text
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if re.match(rf"{name}[{{ ]", line))

    assert figure("llmring_usage_journal_away") == figure("llmring_usage_journal_lag_seconds") == 0
    postgres.kill()
    assert {answer.status_code for answer in log(process, *[{}] * 20)} == {202}
    assert figure("llmring_usage_journal_away") == 1
    assert figure("llmring_usage_journal_bytes") > 0
    assert figure("llmring_usage_journal_lag_seconds") > 0
    assert figure("llmring_usage_entries_total") == figure("llmring_usage_batch_entries_sum") == 0
    postgres.start()
    eventually(lambda: figure("llmring_usage_journal_replayed_entries_total") == 20, seconds=60)
    eventually(lambda: figure("llmring_usage_entries_total") == 20)
    assert figure("llmring_usage_batch_entries_sum") == 20
    eventually(lambda: figure("llmring_usage_journal_bytes") == figure("llmring_usage_journal_lag_seconds") == 0)


def test_a_hung_database_is_an_outage_too(serve, postgres, folder, log):
    process = serve()
    with postgres.hung():
        started = time.monotonic()
        first, second = log(process, {}, {})
        assert time.monotonic() - started < ANSWER_SECONDS
        assert (first.status_code, second.status_code) == (202, 202)
    eventually(lambda: empty(folder))


def test_the_journal_of_a_killed_server_is_replayed_by_the_next(serve, postgres, folder, log, llmring_live):
    process = serve()
    postgres.kill()
    answers = log(process, *[{"operation_id": str(number)} for number in range(20)])
    assert {answer.status_code for answer in answers} == {202}
    process.kill()
    postgres.start()
    serve()
    eventually(lambda: empty(folder))
    rows = stored(llmring_live(["usage"], database_url=postgres.url))
    assert {str(row["id"]) for row in rows} == {answer.json()["log_id"] for answer in answers}


def test_a_killed_and_repeated_replay_stores_each_entry_once(serve, postgres, folder, log, llmring_live):
    process = serve(LLMRING_USAGE_JOURNAL_REPLAY_RATE="15")
    postgres.kill()
    answers = log(process, *[{"operation_id": str(number)} for number in range(60)])
    postgres.start()
    server = llmring_live(["usage"], database_url=postgres.url)
    eventually(lambda: len(stored(server)) > 5)
    process.kill()
    assert len(stored(server)) < 60
    serve()
    eventually(lambda: empty(folder))
    assert len(stored(server)) == counted(server) == len(answers) == 60


def test_a_key_that_was_sent_before_during_and_after_an_outage_counts_once(serve, postgres, folder, log, llmring_live):
    process = serve()
    keyed = {"idempotency_key": "one"}
    (before,) = log(process, keyed)
    postgres.kill()
    during = log(process, keyed, keyed)
    postgres.start()
    eventually(lambda: empty(folder))
    (after,) = log(process, keyed)
    assert [answer.status_code for answer in (before, *during, after)] == [200, 202, 202, 200]
    assert after.json() == before.json()
    assert counted(llmring_live(["usage"], database_url=postgres.url)) == 1


def test_two_processes_share_a_folder(serve, postgres, folder, log, llmring_live):
    first, second = serve(), serve()
    postgres.kill()
    answers = [*log(first, *[{}] * 10), *log(second, *[{}] * 10)]
    assert {answer.status_code for answer in answers} == {202}
    assert len(list(folder.iterdir())) == 2
    postgres.start()
    eventually(lambda: empty(folder))
    rows = stored(llmring_live(["usage"], database_url=postgres.url))
    assert {str(row["id"]) for row in rows} == {answer.json()["log_id"] for answer in answers}


def test_a_batch_is_journaled_with_status_202(serve, postgres, folder, llmring_live):
    process = serve()
    postgres.kill()
    batch = [CALL, {**CALL, "input_tokens": -1}, {**CALL, "metadata": {"exact": 1.000000000000000000001}}]
    answer = httpx.post(f"{process.url}/api/v1/log/batch", json=batch, headers={"X-Project-Key": "load"}, timeout=30)
    assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected"]) == (202, 2, 1)
    postgres.start()
    eventually(lambda: empty(folder))
    assert counted(llmring_live(["usage"], database_url=postgres.url)) == 2


def test_a_full_journal_refuses_calls_and_keeps_its_content(serve, postgres, folder, log, llmring_live):
    process = serve(LLMRING_USAGE_JOURNAL_BYTES="2048")
    postgres.kill()
    statuses = [answer.status_code for answer in log(process, *[{}] * 20)]
    accepted = statuses.count(202)
    assert statuses == [202] * accepted + [503] * (20 - accepted)
    postgres.start()
    eventually(lambda: empty(folder))
    assert counted(llmring_live(["usage"], database_url=postgres.url)) == accepted > 0


def test_health_reports_waiting_calls(serve, postgres, folder, log):
    process = serve()
    assert health(process) == "ok"
    postgres.kill()
    log(process, {})
    assert health(process) == "failed: Backlog"
    postgres.start()
    eventually(lambda: health(process) == "ok")


def test_a_damaged_segment_is_quarantined_and_reported(serve, postgres, folder):
    folder.mkdir()
    (folder / "0192f0c1-6e2e-7b1c-9d4e-0c6f1f2a3b4c.journal").write_bytes(b"no journal of ours, but long enough")
    process = serve()
    eventually(lambda: [path.suffix for path in folder.iterdir()] == [".damaged"])
    assert health(process) == "failed: Backlog"
    assert "does not begin with the journal's header" in process.output()


def test_a_folder_that_is_not_writable_stops_the_start(llmring_process, tmp_path):
    (tmp_path / "file").write_text("no folder")
    process = llmring_process(LLMRING_PLUGINS="usage", LLMRING_USAGE_JOURNAL_DIR=str(tmp_path / "file" / "journal"))
    assert process.wait() != 0
    assert "LLMRING_USAGE_JOURNAL_DIR" in process.output()
