"""After the server or its database is killed under load, every acknowledged entry is stored exactly once."""

import asyncio
import os
import random
import signal
import time

import httpx
import pytest
from crash_kit import ANSWER_SECONDS, CALL, CONNECTIONS, Load, Postgres, counted, stored, until

from llmring_server.testing import eventually

pytestmark = pytest.mark.slow

KILLS = 10
ENDS = int(os.environ.get("LLMRING_TEST_ENDS", "5"))


def load_and_kill(process, load, acknowledgements):
    """Put a server under load, and kill it once that many more entries are acknowledged."""
    before = len(load.acknowledged)

    def killed():
        if len(load.acknowledged) >= before + acknowledgements:
            process.kill()
        return False

    asyncio.run(load.until(killed))


@pytest.mark.parametrize("keyed", [False, True], ids=["plain", "keyed and sent again"])
def test_a_killed_server_keeps_every_acknowledged_entry_exactly_once(llmring_process, llmring_live, keyed):
    load = Load("", keyed=keyed)
    for kill in range(3 if keyed else KILLS):
        process = llmring_process(LLMRING_PLUGINS="usage", LLMRING_LOG_LEVEL="warning").wait_until_up()
        load.url = process.url
        load_and_kill(process, load, acknowledgements=random.randrange(20, 300))
        assert len(load.acknowledged) >= 20 * (kill + 1)
    server = llmring_live(["usage"])
    load.url = server.url
    asyncio.run(load.until(lambda: True))
    rows = stored(server)
    load.check(rows)
    assert counted(server) == len(rows)
    if keyed:
        assert set(load.acknowledged) == load.sent


def test_a_server_that_is_stopped_under_load_answers_and_stores_everything(llmring_process, llmring_live):
    load = Load("")
    for _ in range(ENDS):
        process = llmring_process(LLMRING_PLUGINS="usage", LLMRING_LOG_LEVEL="warning").wait_until_up()
        load.url = process.url
        enough = len(load.acknowledged) + 200

        async def load_and_end(process=process, enough=enough):
            running = asyncio.create_task(load.until(lambda: False))
            await until(lambda: len(load.acknowledged) > enough)
            os.kill(process.pid, signal.SIGTERM)
            await running

        asyncio.run(load_and_end())
        assert process.wait() in (0, -signal.SIGTERM)
    assert set(load.statuses) == {200}
    assert set(load.acknowledged) == load.sent
    load.check(stored(llmring_live(["usage"])))
    assert len(stored(llmring_live(["usage"]))) == len(load.sent)


@pytest.fixture(scope="module")
def postgres(open_folder):
    own = Postgres(open_folder())
    yield own
    own.stop()


@pytest.fixture
def on_own_postgres(llmring_process, postgres):
    """A server process on this module's own PostgreSQL."""
    return llmring_process(LLMRING_PLUGINS="usage", LLMRING_DATABASE_URL=postgres.url).wait_until_up()


def test_a_killed_database_loses_nothing_and_the_server_recovers(on_own_postgres, postgres, llmring_live):
    load = Load(on_own_postgres.url)
    done = False

    async def kill_and_start():
        nonlocal done
        await until(lambda: load.statuses[200] > 100)
        await asyncio.to_thread(postgres.kill)
        await until(lambda: load.statuses[503] > CONNECTIONS)
        await asyncio.to_thread(postgres.start)
        again = load.statuses[200] + 100
        await until(lambda: load.statuses[200] > again)
        done = True

    async def both():
        await asyncio.gather(load.until(lambda: done), kill_and_start())

    asyncio.run(both())
    server = llmring_live(["usage"], database_url=postgres.url)
    load.check(stored(server))
    assert counted(server) == len(stored(server))
    assert set(load.statuses) == {200, 503}
    assert load.slowest < ANSWER_SECONDS


def test_a_hung_database_gives_timely_responses_until_it_continues(on_own_postgres, postgres):
    with httpx.Client(base_url=on_own_postgres.url, headers={"X-Project-Key": "hung"}, timeout=30) as client:
        assert client.post("/api/v1/log", json=CALL).status_code == 200
        with postgres.hung():
            started = time.monotonic()
            answer = client.post("/api/v1/log", json=CALL)
            assert time.monotonic() - started < ANSWER_SECONDS
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        eventually(lambda: client.post("/api/v1/log", json=CALL).status_code == 200)


def test_a_flood_while_the_database_hangs_is_answered_in_time(on_own_postgres, postgres, llmring_live):
    load = Load(on_own_postgres.url)
    asyncio.run(load.until(lambda: load.statuses[200] > 100))
    with postgres.hung():
        asyncio.run(load.until(lambda: load.statuses[503] > 3 * CONNECTIONS))
    again = load.statuses[200] + 100
    asyncio.run(load.until(lambda: load.statuses[200] > again))
    load.check(stored(llmring_live(["usage"], database_url=postgres.url)))
    assert set(load.statuses) == {200, 503}
    assert load.slowest < ANSWER_SECONDS
