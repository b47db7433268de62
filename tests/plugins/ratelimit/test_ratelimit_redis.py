"""Rate limits in Redis: one count for many processes, and no wait during an outage of Redis."""

import asyncio
import time

import pytest

from llmring_ratelimit import buckets
from llmring_ratelimit.buckets import RedisBuckets, create_buckets
from llmring_ratelimit.models import parse_limit
from llmring_server.runtime import redis as redis_module
from llmring_server.testing import eventually

WAIT_SECONDS = 0.05
TICK_SECONDS = 0.001
MUCH = parse_limit("1000000/s")


def ran(url, steps):
    """Run `steps(buckets)` on buckets of its own and return what it gives."""

    async def run():
        mine = create_buckets(url)
        try:
            return await steps(mine)
        finally:
            await mine.close()

    return asyncio.run(run())


async def slowest(mine, times=50, together=20, limit=MUCH):
    """Take tokens, several at once, and return the longest that one of them waited (seconds).

    What the event loop itself was held up by a busy machine meanwhile, at its worst, is taken off.
    """
    late = []

    async def tick():
        while True:
            began = time.monotonic()
            await asyncio.sleep(TICK_SECONDS)
            late.append(time.monotonic() - began - TICK_SECONDS)

    async def one():
        began = time.monotonic()
        await mine.take("a", limit)
        return time.monotonic() - began

    ticker = asyncio.create_task(tick())
    found = [await asyncio.gather(*(one() for _ in range(together))) for _ in range(times)]
    ticker.cancel()
    return max(max(round_) for round_ in found) - max(late, default=0.0)


def complaints(caplog):
    return [record.getMessage() for record in caplog.records if "does not answer" in record.getMessage()]


@pytest.mark.usefixtures("patient_redis")
def test_what_one_process_takes_another_lacks(llmring_redis):
    limit = parse_limit("1/h burst 3")

    async def take(mine):
        return [(await mine.take("a", limit)).allowed for _ in range(2)]

    assert ran(llmring_redis.url, take) + ran(llmring_redis.url, take) == [True, True, True, False]


@pytest.mark.usefixtures("patient_redis")
def test_a_request_is_one_command_and_a_rush_shares_it(llmring_redis):
    async def rush(mine):
        await mine.take("warm", MUCH)
        with llmring_redis.client() as client:
            before = client.info("commandstats")["cmdstat_evalsha"]["calls"]
            await mine.take("a", MUCH)
            single = client.info("commandstats")["cmdstat_evalsha"]["calls"]
            await asyncio.gather(*(mine.take("a", MUCH) for _ in range(200)))
            return single - before, client.info("commandstats")["cmdstat_evalsha"]["calls"] - single

    single, rushed = ran(llmring_redis.url, rush)
    assert single == 1
    assert rushed <= 3


@pytest.mark.usefixtures("patient_redis")
def test_a_bucket_in_redis_is_forgotten_when_it_is_full(llmring_redis):
    limit = parse_limit("10/s burst 5")

    async def take(mine):
        await mine.take("ingest:key", limit)

    ran(llmring_redis.url, take)
    with llmring_redis.client() as client:
        assert client.keys() == [b"llmring:limit:ingest:key"]
        assert client.pttl("llmring:limit:ingest:key") <= 100
        eventually(lambda: client.keys() == [], 3)


@pytest.mark.parametrize("fault", ["stop", "hang"])
def test_during_an_outage_of_redis_the_process_counts_without_waiting(llmring_redis, caplog, fault):
    limit = parse_limit("1/h burst 3")

    async def steps(mine):
        await slowest(mine, times=3)
        getattr(llmring_redis, fault)()
        waited = await slowest(mine)
        later = await slowest(mine)
        return waited, later, [(await mine.take("b", limit)).allowed for _ in range(4)]

    waited, later, allowed = ran(llmring_redis.url, steps)
    assert waited < WAIT_SECONDS
    assert later < WAIT_SECONDS
    assert allowed == [True, True, True, False]
    assert len(complaints(caplog)) == 1


@pytest.mark.usefixtures("patient_redis")
def test_a_process_that_loses_redis_continues_from_its_last_state(llmring_redis):
    limit = parse_limit("1/h burst 10")

    async def steps(mine):
        for _ in range(7):
            await mine.take("a", limit)
        llmring_redis.stop()
        return [(await mine.take("a", limit)).allowed for _ in range(5)]

    assert ran(llmring_redis.url, steps) == [True] * 3 + [False] * 2


def test_a_redis_that_was_only_slow_is_back_as_soon_as_it_answers(llmring_redis, caplog, monkeypatch):
    monkeypatch.setattr(redis_module, "FIRST_PAUSE_SECONDS", 60.0)
    monkeypatch.setattr(buckets, "PAUSE_SECONDS", 60.0)

    async def steps(mine):
        await mine.take("a", MUCH)
        llmring_redis.hang()
        await mine.take("a", MUCH)
        paused = mine._redis.paused
        llmring_redis.resume()
        deadline = time.monotonic() + 5
        while mine._redis.paused and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        return paused, mine._redis.paused

    assert ran(llmring_redis.url, steps) == (True, False)
    assert "Redis answers again" in caplog.text


def test_an_outage_is_logged_once_however_long_it_is(llmring_redis, caplog, monkeypatch):
    monkeypatch.setattr(buckets, "PAUSE_SECONDS", 0.05)

    async def steps(mine):
        await mine.take("a", MUCH)
        await asyncio.to_thread(llmring_redis.stop)
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            await mine.take("a", MUCH)
            await asyncio.sleep(0.01)

    ran(llmring_redis.url, steps)
    assert len(complaints(caplog)) == 1
    assert "each process counts its own requests until it does" in caplog.text


@pytest.mark.parametrize("fault", ["stop", "hang"])
def test_with_redis_back_they_count_together_again(llmring_redis, caplog, monkeypatch, fault):
    monkeypatch.setattr(buckets, "PAUSE_SECONDS", 0.05)
    back = {"stop": llmring_redis.start, "hang": llmring_redis.resume}[fault]

    def counted():
        with llmring_redis.client() as client:
            return client.exists("llmring:limit:again")

    async def steps(mine):
        await mine.take("a", MUCH)
        await asyncio.to_thread(getattr(llmring_redis, fault))
        await mine.take("a", MUCH)
        await asyncio.to_thread(back)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not await asyncio.to_thread(counted):
            await mine.take("again", parse_limit("1/h burst 100000"))
            await asyncio.sleep(0.01)
        return await asyncio.to_thread(counted)

    assert ran(llmring_redis.url, steps)
    assert "Redis answers again" in caplog.text
    assert len(complaints(caplog)) == 1


@pytest.mark.usefixtures("patient_redis")
def test_a_redis_without_the_script_gets_it_again(llmring_redis):
    limit = parse_limit("1/h burst 9")  # slow, so that the bucket is not full, and forgotten, before it is looked at

    async def steps(mine):
        await mine.take("a", limit)
        with llmring_redis.client() as client:
            client.script_flush()
            client.delete("llmring:limit:a")
            await mine.take("a", limit)
            return client.exists("llmring:limit:a")

    assert ran(llmring_redis.url, steps)


def test_a_wrong_password_limits_in_the_process_and_is_not_logged(llmring_redis, caplog):
    with llmring_redis.client() as client:
        client.config_set("requirepass", "right")
    limit = parse_limit("1/h burst 2")

    async def steps(mine):
        return [(await mine.take("a", limit)).allowed for _ in range(3)]

    assert ran(llmring_redis.url.replace("redis://", "redis://:wrong-word@"), steps) == [True, True, False]
    assert len(complaints(caplog)) == 1
    assert "AuthenticationError" in caplog.text
    assert "wrong-word" not in caplog.text


@pytest.mark.usefixtures("patient_redis")
def test_a_cancelled_request_does_not_affect_others(llmring_redis):
    async def steps(mine):
        gone = asyncio.create_task(mine.take("a", MUCH))
        stays = asyncio.create_task(mine.take("a", MUCH))
        await asyncio.sleep(0)
        gone.cancel()
        return (await stays).allowed

    assert ran(llmring_redis.url, steps)


def test_a_server_answers_while_redis_is_stopped(llmring_live, llmring_redis, caplog):
    server = llmring_live(["ratelimit", "usage"], redis_url=llmring_redis.url, ratelimit={"read": "1/h burst 40"})
    client = server.client()
    assert client.get("/api/v1/stats").status_code == 200
    assert isinstance(server.server.service(buckets.Buckets), RedisBuckets)
    llmring_redis.stop()
    found = [client.get("/api/v1/stats").status_code for _ in range(45)]
    assert found == [200] * 39 + [429] * 6
    assert len(complaints(caplog)) == 1


def test_a_server_starts_without_its_redis(llmring_live):
    server = llmring_live(["ratelimit", "usage"], redis_url="redis://127.0.0.1:1/0")
    assert server.client().get("/api/v1/stats").status_code == 200
