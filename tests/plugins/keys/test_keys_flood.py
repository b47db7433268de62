"""Floods of unknown keys: few statements look them up, and valid keys work meanwhile."""

import asyncio
import time

import psycopg
import pytest
from keys_kit import status

from llmring_keys import authentication
from llmring_keys.authentication import KeyAuthenticator
from llmring_keys.models import generate_key, hash_key
from llmring_server.http.errors import DATABASE_UNAVAILABLE
from llmring_server.testing import eventually

FLOOD = 2_000
BY_HAND = """
    INSERT INTO project_keys (project_id, key_id, hash, scopes, created_at)
    VALUES (%s, 'key_by_hand', %s, ARRAY['read'], now())
"""


@pytest.fixture
def authenticator(server):
    return server.server.service(KeyAuthenticator)


@pytest.fixture
def alone(llmring_live):
    """A server in which only keys use the database."""
    return llmring_live(["keys"])


def count_connections(server):
    """Return how many connections were taken from the pool so far."""
    return server.server.database.pool.get_stats()["requests_num"]


def test_a_flood_of_unknown_keys_is_looked_up_in_a_few_statements(alone):
    authenticator = alone.server.service(KeyAuthenticator)

    async def flood():
        return await asyncio.gather(*(authenticator.identify(generate_key()) for _ in range(FLOOD)))

    before = count_connections(alone)
    assert alone.run(flood()) == [None] * FLOOD
    assert count_connections(alone) - before <= 3


def test_a_repeated_unknown_key_is_not_looked_up_again(alone):
    eventually(lambda: alone.server.notifications.live)
    assert alone.client("unknown").get("/api/v1/keys").status_code == 401
    before = count_connections(alone)
    assert [alone.client("unknown").get("/api/v1/keys").status_code for _ in range(20)] == [401] * 20
    assert count_connections(alone) - before == 0


def test_a_key_created_during_a_flood_works_immediately(server, authenticator, bootstrap):
    ended = False

    async def flood():
        while not ended:
            await authenticator.identify(generate_key())

    async def scene():
        nonlocal ended
        floods = [asyncio.create_task(flood()) for _ in range(100)]
        waited = []
        for _ in range(10):
            made = await bootstrap.create("read")
            began = time.monotonic()
            identity = await authenticator.identify(made.key)
            waited.append(time.monotonic() - began)
            assert identity is not None
            assert identity.key_id == made.key_id
        ended = True
        await asyncio.gather(*floods)
        return max(waited)

    assert server.run(scene()) < 1


@pytest.mark.own_server
def test_with_the_table_locked_every_lookup_fails_within_two_seconds(server, authenticator):
    async def scene():
        waves = []
        for _ in range(3):
            waves += [asyncio.create_task(authenticator.identify(generate_key())) for _ in range(50)]
            await asyncio.sleep(0.2)
        return await asyncio.gather(*waves, return_exceptions=True)

    with psycopg.connect(server.server.database.conninfo) as locker:
        locker.execute("LOCK TABLE project_keys IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        found = server.run(scene())
        assert time.monotonic() - began < 2
    assert {isinstance(error, DATABASE_UNAVAILABLE) for error in found} == {True}
    assert status(server, "unknown") == 401


def test_a_row_inserted_by_hand_is_noticed_after_a_while(llmring_live, monkeypatch):
    monkeypatch.setattr(authentication, "MAINTENANCE_SECONDS", 0.05)
    server = llmring_live(["keys", "usage"])
    eventually(lambda: server.server.notifications.live)
    assert status(server, "by-hand") == 401
    execute = server.server.database.execute
    server.run(execute("INSERT INTO projects VALUES ('prj_hand', NULL, now())"))
    server.run(execute(BY_HAND, ["prj_hand", hash_key("by-hand", server.server.pepper)]))
    eventually(lambda: status(server, "by-hand") == 200)
