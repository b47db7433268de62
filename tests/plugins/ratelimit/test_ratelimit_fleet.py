"""One limit over four worker processes, exact to 5%."""

import threading
import time
from http.client import HTTPConnection

import pytest

TOLERANCE = 0.05
SECONDS = 5.0
RATE = 60


@pytest.fixture
def fleet(llmring_process, llmring_redis):
    """Connections to four servers that share a Redis and a limit of reads."""
    environment = {
        "LLMRING_PLUGINS": "ratelimit,usage",
        "LLMRING_REDIS_URL": llmring_redis.url,
        "LLMRING_RATELIMIT_READ": f"{RATE}/s",
        "LLMRING_LOG_LEVEL": "warning",
    }
    servers = [llmring_process("--no-access-log", **environment) for _ in range(4)]
    connections = [HTTPConnection("127.0.0.1", server.wait_until_up().port, timeout=10) for server in servers]
    yield connections
    for connection in connections:
        connection.close()


def ask(connection, key):
    """Return the status of one read."""
    connection.request("GET", "/api/v1/logs?limit=1", headers={"X-API-Key": key})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_four_workers_hold_one_limit_within_five_percent(fleet, figure):
    assert [ask(connection, "warm") for connection in fleet] == [200] * 4
    found = [[] for _ in fleet]
    start = threading.Barrier(5)
    began = []

    def ask_again_and_again(connection, mine):
        start.wait()
        while time.monotonic() < began[0] + SECONDS:
            mine.append(ask(connection, "one"))

    threads = [threading.Thread(target=ask_again_and_again, args=pair) for pair in zip(fleet, found, strict=True)]
    for thread in threads:
        thread.start()
    began.append(time.monotonic())
    start.wait()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - began[0]
    allowed, expected = sum(mine.count(200) for mine in found), RATE + RATE * elapsed
    asked = sum(map(len, found))
    figure("passed", f"{allowed} of {asked} asked, {allowed / expected - 1:+.2%} of the {expected:.1f} that may")
    assert {status for mine in found for status in mine} == {200, 429}
    assert all(200 in mine for mine in found)
    assert abs(allowed / expected - 1) < TOLERANCE, (allowed, expected)
