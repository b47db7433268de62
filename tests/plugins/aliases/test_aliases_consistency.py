"""Several workers on one database: within a second after a write is acknowledged, all of them return it."""

import statistics
import threading
import time
from contextlib import ExitStack, contextmanager

import httpx
import psycopg
import pytest
from aliases_kit import bind, models, resolve

WRITES = 200
SERVERS = 4
LIMIT_SECONDS = 1.0
PLENTY = "100000/s"
HEADERS = {"X-Project-Key": "one"}
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"


@pytest.fixture
def fleet(llmring_process):
    """Return a function that starts the servers and returns a client of each."""
    with ExitStack() as stack:

        def start(**environment):
            given = {"LLMRING_PLUGINS": "aliases", "LLMRING_LOG_LEVEL": "warning", **environment}
            servers = [llmring_process(**given) for _ in range(SERVERS)]
            return [
                stack.enter_context(httpx.Client(base_url=server.wait_until_up().url, headers=HEADERS, timeout=10))
                for server in servers
            ]

        yield start


@contextmanager
def cutting(postgres, schema):
    """Repeatedly terminate the listening backends while the block runs; yields the list of those terminated."""
    done = threading.Event()
    cuts = []

    def cut():
        with psycopg.connect(postgres, autocommit=True) as connection:
            while not done.is_set():
                cuts.extend(connection.execute(CUT, [f"llmring_{schema} channel"]).fetchall())
                done.wait(0.3)

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        yield cuts
    finally:
        done.set()
        thread.join()


def assert_writes_are_consistent(clients, figure, midway=None):
    """Write through each server in turn, and measure the time until every one returns the write consistently.

    `midway` is called when half of the writes are done.
    """
    delays = []
    for n in range(WRITES):
        if midway is not None and n == WRITES // 2:
            midway()
        model = f"openai:m{n}"
        bind(clients[n % SERVERS], "fast", model)
        acknowledged = time.monotonic()
        for client in clients:
            while resolve(client, "fast") != model:
                assert time.monotonic() - acknowledged < LIMIT_SECONDS
            delays.append(time.monotonic() - acknowledged)
            assert models(client)["fast"] == model
    cents = statistics.quantiles(delays, n=100)
    for name, delay in (("p50", cents[49]), ("p99", cents[98]), ("max", max(delays))):
        figure(f"{name} until a read returns the write", f"{delay * 1000:.1f} ms")


def test_every_worker_returns_writes(fleet, figure):
    assert_writes_are_consistent(fleet(), figure)


def test_every_worker_returns_writes_while_its_notification_channel_is_cut(
    fleet, llmring_database, llmring_postgres, figure
):
    clients = fleet()
    with cutting(llmring_postgres, llmring_database["database_schema"]) as cuts:
        assert_writes_are_consistent(clients, figure)
    assert len(cuts) >= SERVERS


def test_every_worker_returns_writes_when_redis_stops_midway(fleet, llmring_redis, figure):
    clients = fleet(
        LLMRING_PLUGINS="ratelimit,aliases",  # so that every request uses Redis
        LLMRING_REDIS_URL=llmring_redis.url,
        LLMRING_RATELIMIT_READ=PLENTY,
        LLMRING_RATELIMIT_ADMIN=PLENTY,
    )

    def stop_redis():
        with llmring_redis.client() as redis:
            assert redis.info("commandstats")["cmdstat_evalsha"]["calls"] > WRITES
        llmring_redis.stop()

    assert_writes_are_consistent(clients, figure, midway=stop_redis)


def test_the_workers_of_one_server_are_consistent(llmring_process):
    server = llmring_process("--workers", "4", LLMRING_PLUGINS="aliases").wait_until_up()
    for n in range(15):
        model = f"openai:m{n}"
        with httpx.Client(base_url=server.url, headers=HEADERS, timeout=10) as client:
            bind(client, "fast", model)
        deadline = time.monotonic() + LIMIT_SECONDS
        consecutive = 0
        while consecutive < 10:  # separate connections, which the kernel distributes over the workers
            with httpx.Client(base_url=server.url, headers=HEADERS, timeout=10) as client:
                consecutive = consecutive + 1 if resolve(client, "fast") == model else 0
            assert consecutive or time.monotonic() < deadline
