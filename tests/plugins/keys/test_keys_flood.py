"""Keys that nobody knows, by the thousand: few statements ask the table for them, and good keys work meanwhile."""

import asyncio
import time

import psycopg
import pytest
from keys_kit import status

from llmring_keys import recognition
from llmring_keys.models import hash_of, new_text
from llmring_keys.recognition import ManagedKeys
from llmring_server.http.errors import DATABASE_AWAY
from llmring_server.testing import eventually

FLOOD = 2_000
BY_HAND = """
    INSERT INTO project_keys (project_id, key_id, hash, scopes, created_at)
    VALUES (%s, 'key_by_hand', %s, ARRAY['read'], now())
"""


@pytest.fixture
def managed(server):
    return server.server.service(ManagedKeys)


@pytest.fixture
def alone(llmring_live):
    """A server in which nothing but keys asks the database."""
    return llmring_live(["keys"])


def asked(server):
    """Return how often a connection was lent so far."""
    return server.server.database.pool.get_stats()["requests_num"]


def test_a_flood_of_unknown_keys_asks_the_table_in_a_few_statements(alone):
    managed = alone.server.service(ManagedKeys)

    async def flood():
        return await asyncio.gather(*(managed.identify(new_text()) for _ in range(FLOOD)))

    before = asked(alone)
    assert alone.run(flood()) == [None] * FLOOD
    assert asked(alone) - before <= 3


def test_an_unknown_key_that_comes_again_does_not_ask_the_table(alone):
    eventually(lambda: alone.server.notifications.live)
    assert alone.client("nobody").get("/api/v1/keys").status_code == 401
    before = asked(alone)
    assert [alone.client("nobody").get("/api/v1/keys").status_code for _ in range(20)] == [401] * 20
    assert asked(alone) - before == 0


def test_a_key_made_during_a_flood_works_at_once(server, managed, bootstrap):
    ended = False

    async def flood():
        while not ended:
            await managed.identify(new_text())

    async def scene():
        nonlocal ended
        floods = [asyncio.create_task(flood()) for _ in range(100)]
        waited = []
        for _ in range(10):
            made = await bootstrap.making("read")
            began = time.monotonic()
            identity = await managed.identify(made.key)
            waited.append(time.monotonic() - began)
            assert identity is not None
            assert identity.key_id == made.key_id
        ended = True
        await asyncio.gather(*floods)
        return max(waited)

    assert server.run(scene()) < 1


@pytest.mark.own_server
def test_with_the_table_out_of_reach_all_who_wait_are_told_within_two_seconds(server, managed):
    async def scene():
        waves = []
        for _ in range(3):
            waves += [asyncio.create_task(managed.identify(new_text())) for _ in range(50)]
            await asyncio.sleep(0.2)
        return await asyncio.gather(*waves, return_exceptions=True)

    with psycopg.connect(server.server.database.conninfo) as locker:
        locker.execute("LOCK TABLE project_keys IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        found = server.run(scene())
        assert time.monotonic() - began < 2
    assert {isinstance(error, DATABASE_AWAY) for error in found} == {True}
    assert status(server, "nobody") == 401


def test_what_nobody_tells_of_is_noticed_after_a_while(llmring_live, monkeypatch):
    monkeypatch.setattr(recognition, "UPKEEP_SECONDS", 0.05)
    server = llmring_live(["keys", "usage"])
    eventually(lambda: server.server.notifications.live)
    assert status(server, "by-hand") == 401
    execute = server.server.database.execute
    server.run(execute("INSERT INTO projects VALUES ('prj_hand', NULL, now())"))
    server.run(execute(BY_HAND, ["prj_hand", hash_of("by-hand", server.server.pepper)]))
    eventually(lambda: status(server, "by-hand") == 200)
